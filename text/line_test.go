package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// lines runs a Line over pieces and writes down what it found.
func lines(lf bool, pieces ...[]byte) string {
	l := Line{LF: lf}
	var out strings.Builder
	var line []byte
	for _, p := range pieces {
		for len(p) > 0 {
			n, end := l.Scan(p)
			line = append(line, p[:n]...)
			p = p[n:]
			if end == 0 {
				continue
			}
			fmt.Fprintf(&out, "%q", line[:len(line)-end.Len()])
			if l.Bad() {
				out.WriteString("!")
			}
			out.WriteString(" ")
			line = line[:0]
		}
	}
	if len(line) > 0 {
		fmt.Fprintf(&out, "%q…", line)
	}
	return strings.TrimSpace(out.String())
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, strict, lenient string }{
		{"NOOP\r\nQUIT\r\n", `"NOOP" "QUIT"`, `"NOOP" "QUIT"`},
		{"NOOP\nQUIT\nx", `"NOOP"! "QUIT"! "x"…`, `"NOOP" "QUIT" "x"…`},
		{"NOOP\nQUIT\r\nRSET\r\n", `"NOOP"! "QUIT"! "RSET"`, `"NOOP" "QUIT" "RSET"`},
		{"a\rb\r\nc\r\n", `"a\rb"! "c"`, `"a\rb"! "c"`},
		{"a\r\r\nc\r\n", `"a\r"! "c"`, `"a\r"! "c"`},
		{"\r\n\n\r\n", `"" ""! ""!`, `"" "" ""`},
		{"\rx\n", `"\rx"!`, `"\rx"!`},
		{"N\x00P\r\n", `"N\x00P"`, `"N\x00P"`},
		{"a\r", `"a\r"…`, `"a\r"…`},
	} {
		for lf, want := range map[bool]string{false: c.strict, true: c.lenient} {
			if got := lines(lf, []byte(c.in)); got != want {
				t.Errorf("%q, LF %v: %s, want %s", c.in, lf, got, want)
			}
			everySplit(t, []byte(c.in), func(pieces ...[]byte) string { return lines(lf, pieces...) })
		}
	}
}

func TestLineReset(t *testing.T) {
	var l Line
	l.Scan([]byte("x\n"))
	l.Reset()
	if _, end := l.Scan([]byte("y\r\n")); end != CRLF || l.Bad() {
		t.Error("a line after Reset is bad")
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte("a\r\nb\nc\rd\r\n"), true)
	f.Add([]byte("\r\r\n\n\n"), false)
	f.Fuzz(func(t *testing.T, in []byte, lf bool) {
		if len(in) > 200 {
			return
		}
		everySplit(t, in, func(pieces ...[]byte) string { return lines(lf, pieces...) })
	})
}

// everySplit checks that run says the same for in as a whole, in two pieces
// cut anywhere, and octet by octet.
func everySplit(t *testing.T, in []byte, run func(pieces ...[]byte) string) {
	t.Helper()
	want := run(in)
	for i := range in {
		if got := run(in[:i], in[i:]); got != want {
			t.Fatalf("%q | %q: %s, whole: %s", in[:i], in[i:], got, want)
		}
	}
	octets := bytes.Split(in, nil)
	if got := run(octets...); got != want {
		t.Fatalf("%q octet by octet: %s, whole: %s", in, got, want)
	}
}
