package imf

import (
	"bytes"
	"testing"
)

func TestLineEnds(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a\r\n", "a\nb\n": "a\r\nb\r\n", "a\rb\r": "a\r\nb\r\n", "a\r\nb\r\n": "a\r\nb\r\n",
		"a\r\r\nb": "a\r\nb\r\n", "a\r\r\rb": "a\r\nb\r\n", "\n\n": "\r\n\r\n", "\r": "\r\n", "\r\n\r\n": "\r\n\r\n",
		"x\n.\r\n-ERR\r.\r": "x\r\n.\r\n-ERR\r\n.\r\n",
	} {
		for cut := range len(in) + 1 {
			var l LineEnds
			got := l.Append(nil, []byte(in[:cut]))
			got = l.End(l.Append(got, []byte(in[cut:])))
			if string(got) != want {
				t.Errorf("%q, cut at %d: %q, want %q", in, cut, got, want)
			}
		}
	}
}

// What comes out has no bare CR or LF, and stays so.
func FuzzLineEnds(f *testing.F) {
	f.Add([]byte("x\n.\r\n-ERR\r.\r"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var l LineEnds
		out := l.End(l.Append(nil, in))
		bare := bytes.ReplaceAll(out, []byte("\r\n"), nil)
		if bytes.ContainsAny(bare, "\r\n") {
			t.Fatalf("%q gives %q", in, out)
		}
		if again := l.End(l.Append(nil, out)); !bytes.Equal(again, out) {
			t.Fatalf("%q becomes %q", out, again)
		}
	})
}
