package filter

import (
	"reflect"
	"testing"
)

// What String writes reads as the same program, and nothing panics.
func FuzzParse(f *testing.F) {
	for _, text := range append(benchmarks(),
		`a`, `not (smtp xor pop) and !(tcp or ip)`, `smtp or (pop or imf)`, `(smtp or pop) or imf`,
		`all tcp.port not in {1, 2..3, tcp.srcport}`, `frame[0,2-3,-4:,:5,6:7] == 01.02-03`, `ip.addr#[-1] != 10.0.0.0/8`,
		`{tcp.port - {5 - -3}} * -tcp.seq & 7 == 0`, `smtp.req.command === "\"\\\x00\xffñ\n"`, `smtp matches r"\"\d$"`,
		`20 < tcp.port < 30 == 5`, `frame.time > "2024-01-01T00:00:00Z"`, `max(1, tcp.port, len(frame)) != '\n'`,
		`string({tcp.port + 1})[0:1] contains 'x'`, `ipv6.addr == fe80::1/64`, `frame.time_delta >= -0.5`) {
		f.Add(text)
	}
	tree := pipelined(f)
	f.Fuzz(func(t *testing.T, text string) {
		one, err := Parse(text, nil)
		if err != nil {
			if e := err.(*Error); e.Column < 1 || e.Column+e.Width > len([]rune(text))+1 || e.Width < 0 {
				t.Fatalf("%q: an error outside of it: %#v", text, e)
			}
			return
		}
		again := one.String()
		two, err := Parse(again, nil)
		if err != nil {
			t.Fatalf("%q is %q, which is not understood: %v", text, again, err)
		}
		if !reflect.DeepEqual(program(one), program(two)) {
			t.Fatalf("%q is %q, which is another program:\n%+v\n%+v", text, again, program(one), program(two))
		}
		if two.String() != again {
			t.Fatalf("%q is %q is %q", text, again, two.String())
		}
		if one.Matcher().Match(tree) != two.Matcher().Match(tree) {
			t.Fatalf("%q and %q differ", text, again)
		}
	})
}

// program is a Filter without the places in its text.
func program(f *Filter) Filter {
	p := *f
	p.root = nil
	return p
}
