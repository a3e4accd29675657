package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// data runs a Dot over pieces: the content, a "!" if bad, and what is left.
func data(d Dot, pieces ...[]byte) string {
	var out []byte
	for i, p := range pieces {
		before := len(out)
		var n int
		var done bool
		var err error
		out, n, done, err = d.Scan(out, p)
		if len(out)-before > 2*len(p)+2 {
			return "gave out too much at once"
		}
		if !done {
			if n != len(p) {
				return "took too little"
			}
			continue
		}
		if d.Size() != int64(len(out)) {
			return "counted wrong"
		}
		rest := append(append([]byte(nil), p[n:]...), bytes.Join(pieces[i+1:], nil)...)
		if err != nil {
			return fmt.Sprintf("bad | %q", rest)
		}
		return fmt.Sprintf("%q | %q", out, rest)
	}
	return "open"
}

func TestDotStrict(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{".\r\nQUIT\r\n", `"" | "QUIT\r\n"`},
		{"a\r\n.\r\nQUIT", `"a\r\n" | "QUIT"`},
		{"\r\n.\r\n", `"\r\n" | ""`},
		{"..\r\n...x\r\n.y\r\n.\r\n", `".\r\n..x\r\ny\r\n" | ""`},
		{"a.\r\n.\r\n", `"a.\r\n" | ""`},
		{strings.Repeat("x", 3000) + "\r\n.\r\n", fmt.Sprintf(`"%s\r\n" | ""`, strings.Repeat("x", 3000))},
		{"a\x00b\r\n.\r\n", `"a\x00b\r\n" | ""`},
		{"a\r\n.", "open"},
		{"a\r\n.\r", "open"},
		// The ways to smuggle: none of them ends the data.
		{"a\n.\nb\r\n.\r\nc", `bad | "c"`},
		{"a\n.\r\nb\r\n.\r\nc", `bad | "c"`},
		{"a\r\n.\nb\r\n.\r\nc", `bad | "c"`},
		{"a\r.\rb\r\n.\r\nc", `bad | "c"`},
		{"a\r\n.\rb\r\n.\r\nc", `bad | "c"`},
		{"a\r.\r\nb\r\n.\r\nc", `bad | "c"`},
		{"a\r\n.\r\r\nb\r\n.\r\nc", `bad | "c"`},
		{"a\r\r\n.\r\nc", `bad | "c"`},
		{"a\n\r\n.\r\nc", `bad | "c"`},
		{"a\r\n\x00.\r\nb\r\n.\r\nc", `"a\r\n\x00.\r\nb\r\n" | "c"`},
		{"a\r\n.\x00\r\nb\r\n.\r\nc", `"a\r\n\x00\r\nb\r\n" | "c"`},
		{"a\r\n.\r\x00\nb\r\n.\r\nc", `bad | "c"`},
		{"a\r\x00.\r\x00b\r\n.\r\nc", `bad | "c"`},
		{"a\r\x00\n.\r\nb\r\n.\r\nc", `bad | "c"`},
		{".\nb\r\n.\r\nc", `bad | "c"`},
		{".\rb\r\n.\r\nc", `bad | "c"`},
		{"\n.\r\n.\r\nc", `bad | "c"`},
	} {
		if got := data(Dot{}, []byte(c.in)); got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
		everySplit(t, []byte(c.in), func(p ...[]byte) string { return data(Dot{}, p...) })
	}
}

func TestDotLenient(t *testing.T) {
	old := Dot{LF: true}
	lab := func(seen Ends) Dot { return Dot{Uniform: true, Seen: seen} }
	telnet := func(seen Ends) Dot { return Dot{Uniform: true, NUL: true, Seen: seen} }
	for _, c := range []struct {
		name string
		d    Dot
		in   string
		want string
	}{
		{"old device", old, "a\n.b\n\nc\r\n.\r\nd", `"a\r\nb\r\n\r\nc\r\n" | "d"`},
		{"old device, LF.LF", old, "a\n.\nb\r\n.\r\nd", `"a\r\n.\r\nb\r\n" | "d"`},
		{"old device, LF.CRLF", old, "a\n.\r\nb\r\n.\r\nd", `"a\r\n.\r\nb\r\n" | "d"`},
		{"old device, CRLF.LF", old, "a\r\n.\nb\r\n.\r\nd", `"a\r\n.\r\nb\r\n" | "d"`},
		{"old device, bare CR", old, "a\rb\n\r\n.\r\nd", `bad | "d"`},
		{"lab, CRLF as ever", lab(CRLF), "a\r\n.\r\nd", `"a\r\n" | "d"`},
		{"lab, all LF", lab(LF), "a\n..b\n.\nd", `"a\r\n.b\r\n" | "d"`},
		{"lab, all LF, no line", lab(LF), ".\nd", `"" | "d"`},
		{"lab, LF after CRLF commands", lab(CRLF), "a\n.\nb\r\n.\r\nd", `bad | "d"`},
		{"lab, LF after both", lab(CRLF | LF), ".\nb\r\n.\r\nd", `bad | "d"`},
		{"lab, CRLF data after LF commands", lab(LF), "a\r\nb\r\n.\r\nd", `"a\r\nb\r\n" | "d"`},
		{"lab, LF then CRLF", lab(LF), "a\nb\r\n.\nc\r\n.\r\nd", `bad | "d"`},
		{"lab, LF.CRLF", lab(LF), "a\n.\r\nb\n.\nc\r\n.\r\nd", `bad | "d"`},
		{"lab, CRLF.LF", lab(LF), "a\r\n.\nb\r\n.\r\nd", `bad | "d"`},
		{"lab, CR NUL without telnet", lab(LF), "a\r\x00b\r\n.\r\nd", `bad | "d"`},
		{"telnet, all CR NUL", telnet(CRNUL), "a\r\x00.\r\x00d", `"a\r\n" | "d"`},
		{"telnet, CR NUL and LF", telnet(CRNUL), "a\r\x00.\nb\r\n.\r\nd", `bad | "d"`},
		{"telnet, CR NUL after CRLF", telnet(CRLF), "a\r\x00.\r\x00b\r\n.\r\nd", `bad | "d"`},
	} {
		if got := data(c.d, []byte(c.in)); got != c.want {
			t.Errorf("%s: %q: %s, want %s", c.name, c.in, got, c.want)
		}
		everySplit(t, []byte(c.in), func(p ...[]byte) string { return data(c.d, p...) })
	}
}

func TestDotSpoiled(t *testing.T) {
	var d Dot
	d.Spoil()
	out, _, done, _ := d.Scan(nil, []byte(".\r\n"))
	if done || string(out) != ".\r\n" {
		t.Fatalf("a spoiled dot: %q, done %v", out, done)
	}
	if _, _, done, err := d.Scan(out, []byte(".\r\n")); !done || err != nil {
		t.Fatal("the dot after a spoiled line does not end the data")
	}
}

func FuzzDot(f *testing.F) {
	for _, s := range []string{"a\r\n.\r\n", "..\r\n.\r\n", "a\n.\r\n\r\n.\r\nb", "\r\n.\r.\r\n.\r\n", "\n\r\n.\n.\r\n.\r\n"} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(7))
	}
	f.Fuzz(func(t *testing.T, in []byte, how uint8) {
		if len(in) > 200 {
			return
		}
		d := Dot{LF: how&1 != 0, Uniform: how&2 != 0, NUL: how&4 != 0, Seen: Ends(how >> 3 & 7)}
		everySplit(t, in, func(p ...[]byte) string { return data(d, p...) })
		if got, want := data(Dot{}, in), slowDot(in, false); got != want {
			t.Fatalf("strict %q: %s, want %s", in, got, want)
		}
		if got, want := data(Dot{LF: true}, in), slowDot(in, true); got != want {
			t.Fatalf("old device %q: %s, want %s", in, got, want)
		}
	})
}

// slowDot says the same as Dot, in the words of the RFC.
func slowDot(in []byte, lf bool) string {
	content, rest, ok := bytes.Cut(append([]byte("\r\n"), in...), []byte("\r\n.\r\n"))
	if !ok {
		return "open"
	}
	s := strings.TrimPrefix(string(content)+"\r\n", "\r\n")
	bare := strings.ReplaceAll(s, "\r\n", "")
	if lf {
		bare = strings.ReplaceAll(bare, "\n", "")
	}
	if strings.ContainsAny(bare, "\r\n") {
		return fmt.Sprintf("bad | %q", rest)
	}
	var out strings.Builder
	for line := range strings.SplitAfterSeq(s, "\n") {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if len(line) > 1 && line[0] == '.' {
			line = line[1:]
		}
		out.WriteString(line + "\r\n")
	}
	return fmt.Sprintf("%q | %q", strings.TrimSuffix(out.String(), "\r\n"), rest)
}

func BenchmarkDot(b *testing.B) {
	src := bytes.Repeat([]byte(strings.Repeat("x", 74)+"\r\n"), 400)
	dst := make([]byte, 0, 2*len(src))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	var d Dot
	for b.Loop() {
		d.Scan(dst, src)
	}
}

// Who only looks on gets the octets as they were, and the end where the standard has it.
func TestDotRaw(t *testing.T) {
	for _, c := range []struct{ data, want, rest string }{
		{"a\r\n.\r\nQUIT", "a\r\n", "QUIT"},
		{"a\nb\r\n.\r\n", "a\nb\r\n", ""},
		{"a\n.\nRSET\r\n.\r\n", "a\n.\nRSET\r\n", ""},
		{"a\n.\r\nRSET\r\n.\r\n", "a\n.\r\nRSET\r\n", ""},
		{"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", ""},
		{"a\r.\rb\r\r\n..c\r\n.\r\n", "a\r.\rb\r\r\n.c\r\n", ""},
		{".\rx\r\n.\r\n", "\rx\r\n", ""},
		{".\r\nQUIT", "", "QUIT"},
		{"\n\n\r\n.\r\n", "\n\n\r\n", ""},
	} {
		for _, step := range []int{1, 2, 3, 100} {
			d, out, rest, done := Dot{Raw: true}, []byte(nil), []byte(c.data), false
			for len(rest) > 0 && !done {
				n := 0
				out, n, done, _ = d.Scan(out, rest[:min(step, len(rest))])
				rest = rest[n:]
			}
			if string(out) != c.want || string(rest) != c.rest || !done || d.Bad() {
				t.Errorf("%q in steps of %d: %q, rest %q, done %v, bad %v", c.data, step, out, rest, done, d.Bad())
			}
		}
	}
}

// Pass finds the same end as Scan, however the octets are cut.
func TestDotPass(t *testing.T) {
	for _, data := range []string{
		".\r\n", "\r\n.\r\n", "a\r\n.\r\nQUIT\r\n", "..\r\n.a\r\n.\r\n", strings.Repeat("x. y.\r\n", 40) + "\r\n.\r\nx", "a\n.\nb\r.\rc\r\n.\r\n", "a\r\n.\n.\r\n\r\n.\r\n",
		strings.Repeat("0123456789", 30) + "\r\n.\r\n", "a\r\n.\r", "\r\n\r\n\r\n.x\r\n.\r\r\n.\r\n", strings.Repeat("\r\n", 50) + ".\r\n",
	} {
		for step := 1; step <= len(data); step++ {
			for _, raw := range []bool{false, true} {
				if got, want := ends(data, step, raw, true), ends(data, step, raw, false); got != want {
					t.Errorf("%q in steps of %d: Pass %d, Scan %d", data, step, got, want)
				}
			}
		}
	}
}

// ends is where the data ends, -1 if it does not.
func ends(data string, step int, raw, pass bool) int {
	d := Dot{Raw: raw}
	for off := 0; off < len(data); {
		piece := []byte(data[off:min(off+step, len(data))])
		var n int
		var done bool
		if pass {
			n, done = d.Pass(piece)
		} else {
			_, n, done, _ = d.Scan(nil, piece)
		}
		if off += n; done {
			return off
		}
	}
	return -1
}

func FuzzDotPass(f *testing.F) {
	f.Add("a.\r\n.b\r\n..\n.\r\n\r.\r\n.\r\n", 3, true)
	f.Fuzz(func(t *testing.T, data string, step int, raw bool) {
		step = min(max(step, 1), len(data)+1)
		if got, want := ends(data, step, raw, true), ends(data, step, raw, false); got != want {
			t.Errorf("%q in steps of %d: Pass %d, Scan %d", data, step, got, want)
		}
	})
}
