package text

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestNormalizer(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"a", "a"}, {"a\r\nb\r\n", "a\r\nb\r\n"}, {"a\nb", "a\r\nb"}, {"a\rb", "a\r\nb"},
		{"\r", "\r\n"}, {"\n", "\r\n"}, {"\r\r\n", "\r\n\r\n"}, {"\n\r", "\r\n\r\n"}, {"\r\n\n", "\r\n\r\n"},
		{"x\n.\ny", "x\r\n.\r\ny"}, {"x\r.\ry", "x\r\n.\r\ny"}, {"\r\r\r", "\r\n\r\n\r\n"}, {"a\r\n\rb\n\n", "a\r\n\r\nb\r\n\r\n"},
	} {
		if got := normalized([]byte(c.in)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
		everySplit(t, []byte(c.in), normalized)
	}
}

func normalized(pieces ...[]byte) string {
	var out bytes.Buffer
	z := Normalizer{W: &out}
	for _, p := range pieces {
		if n, err := z.Write(p); n != len(p) || err != nil {
			return "short write"
		}
	}
	if err := z.End(); err != nil {
		return err.Error()
	}
	return out.String()
}

// What is normalised and stuffed ends where it was ended and nowhere else, for
// a reader that takes every line end there ever was; and it is what went in.
func FuzzNormalizer(f *testing.F) {
	f.Add([]byte("a\n.\nMAIL FROM:<>\r\n"))
	f.Add([]byte("a\r\n.\r\nb\r.\r\n"))
	f.Add([]byte("\r\n.\r"))
	ends := regexp.MustCompile(`\r\n|\r|\n`)
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 500 {
			return
		}
		everySplit(t, in, normalized)
		normal := normalized(in)
		if want := ends.ReplaceAllString(string(in), "\r\n"); normal != want {
			t.Fatalf("%q: %q, want %q", in, normal, want)
		}
		sent := stuffed([]byte(normal))
		body := strings.TrimSuffix(sent, ".\r\n")
		if bare := strings.ReplaceAll(sent, "\r\n", ""); strings.ContainsAny(bare, "\r\n") {
			t.Fatalf("%q: a bare CR or LF in %q", in, sent)
		}
		if strings.HasPrefix(body, ".\r\n") || strings.Contains(body, "\r\n.\r\n") {
			t.Fatalf("%q: the data ends early in %q", in, sent)
		}
		for _, d := range []Dot{{}, {LF: true, CR: true}} {
			out, n, done, err := d.Scan(nil, []byte(sent))
			if want := withEnd(normal); string(out) != want || n != len(sent) || !done || err != nil {
				t.Fatalf("%q came back as %q after %d of %d: %v %v", normal, out, n, len(sent), done, err)
			}
		}
	})
}

func withEnd(s string) string {
	if s == "" || strings.HasSuffix(s, "\r\n") {
		return s
	}
	return s + "\r\n"
}
