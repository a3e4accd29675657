package text

import (
	"bytes"
	"testing"
)

func TestStuffer(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ".\r\n"},
		{"a\r\n", "a\r\n.\r\n"},
		{"a", "a\r\n.\r\n"},
		{".", "..\r\n.\r\n"},
		{".\r\n.x\r\n\r\n..\r\n", "..\r\n..x\r\n\r\n...\r\n.\r\n"},
		{"a\n.\r.\r\n", "a\n.\r.\r\n.\r\n"},
		{"\n.", "\n.\r\n.\r\n"},
		{"a\r", "a\r\r\n.\r\n"},
	} {
		if got := stuffed([]byte(c.in)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
		everySplit(t, []byte(c.in), stuffed)
	}
}

func stuffed(pieces ...[]byte) string {
	var out bytes.Buffer
	s := Stuffer{W: &out}
	for _, p := range pieces {
		if n, err := s.Write(p); n != len(p) || err != nil {
			return "short write"
		}
	}
	if err := s.End(); err != nil {
		return err.Error()
	}
	return out.String()
}

func FuzzStuffer(f *testing.F) {
	f.Add([]byte(".\r\n..\r\n"), uint(1))
	f.Add([]byte("a\r\n.\r\n.b"), uint(4))
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		if len(in) > 500 {
			return
		}
		everySplit(t, in, stuffed)
		// What is good data comes back as it was.
		clean := bytes.ReplaceAll(bytes.ReplaceAll(in, []byte("\r"), nil), []byte("\n"), []byte("\r\n"))
		if len(clean) > 0 && !bytes.HasSuffix(clean, []byte("\r\n")) {
			clean = append(clean, "\r\n"...)
		}
		sent := []byte(stuffed(clean))
		i := int(cut % uint(len(sent)+1))
		var d Dot
		out, _, _, _ := d.Scan(nil, sent[:i])
		out, _, done, err := d.Scan(out, sent[i:])
		if !done || err != nil || !bytes.Equal(out, clean) {
			t.Fatalf("%q came back as %q (%v, %v)", clean, out, done, err)
		}
	})
}

func TestChunk(t *testing.T) {
	c := Chunk{Left: 5}
	if n, done := c.Scan([]byte("abc")); n != 3 || done {
		t.Fatal(n, done)
	}
	if n, done := c.Scan([]byte("defg")); n != 2 || !done {
		t.Fatal(n, done)
	}
	if n, done := new(Chunk).Scan([]byte("x")); n != 0 || !done {
		t.Fatal(n, done)
	}
}

func BenchmarkStuffer(b *testing.B) {
	src := bytes.Repeat([]byte("some line of a message, seventy-six octets long as is the custom of MIME\r\n"), 400)
	w := Stuffer{W: &nowhere{}}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(src); err != nil {
			b.Fatal(err)
		}
	}
}

type nowhere struct{}

func (*nowhere) Write(p []byte) (int, error) { return len(p), nil }
