package imf

import (
	"fmt"
	"strings"
	"testing"
)

func outline(msg []byte, p Part) string {
	s := fmt.Sprintf("%s%q", p.Type, p.Body.Of(msg))
	if len(p.Parts) > 0 {
		s = p.Type
		for _, c := range p.Parts {
			s += " [" + outline(msg, c) + "]"
		}
	}
	if p.Cut {
		s += " cut"
	}
	return s
}

func TestParse(t *testing.T) {
	const mp = "Content-Type: multipart/mixed; boundary=\"a b\"\r\n\r\n"
	tests := []struct{ in, want string }{
		{"", `text/plain""`},
		{"Subject: x\r\n\r\nhello\r\n", `text/plain"hello\r\n"`},
		{"luis jaramillo uday\r\n", `text/plain"luis jaramillo uday\r\n"`},
		{"Content-Type: TEXT/HTML; charset=x\r\n\r\n<p>", `text/html"<p>"`},
		{"Content-Type: rubbish;;\r\n\r\nx", `text/plain"x"`},
		{mp + "preamble\r\n--a b\r\n\r\none\r\n--a b  \r\nContent-Type: text/html\r\n\r\ntwo\r\n--a b--\r\nepilogue",
			`multipart/mixed [text/plain"one"] [text/html"two"]`},
		{mp + "--a b\r\n\r\n--a bc\r\nx", `multipart/mixed [text/plain"--a bc\r\nx"]`},
		{mp + "--a b\r\n--a b--\r\n", `multipart/mixed [text/plain""]`},
		{mp + "nothing", `multipart/mixed"nothing"`},
		{"Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: s\r\n\r\nx\r\n--d--\r\n",
			`multipart/digest [message/rfc822 [text/plain"x"]]`},
		{"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--ab--\r\n",
			`multipart/mixed [multipart/mixed [text/plain"x"]]`},
		{"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==", `message/rfc822"QQ=="`},
	}
	for _, tt := range tests {
		msg := []byte(tt.in)
		if got := outline(msg, Parse(msg, Usual())); got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

func TestParseLimits(t *testing.T) {
	var deep strings.Builder
	for i := range 100 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=x%d\r\n\r\n--x%d\r\n", i, i)
	}
	p := Parse([]byte(deep.String()), Usual())
	depth := 0
	for len(p.Parts) > 0 {
		p = p.Parts[0]
		depth++
	}
	if depth != Usual().Depth || !p.Cut {
		t.Errorf("depth %d, cut %t", depth, p.Cut)
	}
	wide := "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + strings.Repeat("--x\r\n\r\n", 5000)
	p = Parse([]byte(wide), Usual())
	if len(p.Parts) != Usual().Parts-1 || !p.Cut {
		t.Errorf("%d parts, cut %t", len(p.Parts), p.Cut)
	}
}

// Parts lie within the part around them, one behind the other.
func FuzzParse(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x\r\n--x--"))
	f.Add([]byte("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		n := 0
		var walk func(p Part, in Span)
		walk = func(p Part, in Span) {
			n++
			if p.Head.Start < in.Start || p.Head.End != p.Body.Start || p.Head.End < p.Head.Start || p.Body.End < p.Body.Start || p.Body.End > in.End {
				t.Fatalf("%+v in %+v", p, in)
			}
			at := p.Body.Start
			for _, c := range p.Parts {
				walk(c, Span{at, p.Body.End})
				at = c.Body.End
			}
		}
		walk(Parse(msg, Limits{Depth: 5, Parts: 50, Header: 1000}), Span{0, len(msg)})
		if n > 50 {
			t.Fatalf("%d parts", n)
		}
	})
}
