package imf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// finding is all that a Scanner tells.
func finding(s *Scanner, head []byte) string {
	v := s.Finish()
	var b strings.Builder
	fmt.Fprintf(&b, "%d end=%d len=%d hops=%d 8=%t utf8=%t", v, s.End(), s.Len(), s.Hops(), s.EightBit(), s.UTF8())
	for _, f := range s.Fields() {
		fmt.Fprintf(&b, " %d:%s=%q", f.Kind, f.Name(head), f.Raw(head))
	}
	return b.String()
}

func whole(msg []byte, limit int) string {
	s := Scanner{Max: limit}
	s.Scan(msg)
	return finding(&s, msg)
}

func TestScanner(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "1 end=0 len=0 hops=0 8=false utf8=false"},
		{"\r\nbody", "1 end=0 len=2 hops=0 8=false utf8=false"},
		{"\n", "1 end=0 len=1 hops=0 8=false utf8=false"},
		{"\r", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{"luis jaramillo uday\r\n", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{"subject: Asunto\r\nEste mensaje es de prueba.\r\n", `2 end=17 len=17 hops=0 8=false utf8=false 15:subject=" Asunto\r\n"`},
		{"From: a\r\n b\r\nX : y\r\n\r\nz", `1 end=20 len=22 hops=0 8=false utf8=false 5:From=" a\r\n b\r\n" 0:X=" y\r\n"`},
		{"To:x", `1 end=4 len=4 hops=0 8=false utf8=false 8:To="x"`},
		{"To:x\r\nCc", `2 end=6 len=6 hops=0 8=false utf8=false 8:To="x\r\n"`},
		{" folded nothing\r\n", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{":x\r\n", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{"From pepe Mon\r\nTo: x\r\n", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{"Ñ: x\r\n", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{"RECEIVED: a\r\nreceived: b\r\n\r\n", `1 end=26 len=28 hops=2 8=false utf8=false 2:RECEIVED=" a\r\n" 2:received=" b\r\n"`},
		{"Subject: año\r\n\r\n", `1 end=15 len=17 hops=0 8=true utf8=true 15:Subject=" año\r\n"`},
		{"Subject: a\xf1o\r\n\r\n", `1 end=14 len=16 hops=0 8=true utf8=false 15:Subject=" a\xf1o\r\n"`},
		{"Subject: a\xc3\r\n\r\n", `1 end=13 len=15 hops=0 8=true utf8=false 15:Subject=" a\xc3\r\n"`},
		{"Subject: a\xc3", `1 end=11 len=11 hops=0 8=true utf8=false 15:Subject=" a\xc3"`},
		{"A: 1\nB: 2\n\nbody", `1 end=10 len=11 hops=0 8=false utf8=false 0:A=" 1\n" 0:B=" 2\n"`},
		{strings.Repeat("a", 999) + ": x\r\n", "2 end=0 len=0 hops=0 8=false utf8=false"},
		{"A: 1\r\n\rB: 2\r\n", `2 end=6 len=6 hops=0 8=false utf8=false 0:A=" 1\r\n"`},
	}
	for _, tt := range tests {
		if got := whole([]byte(tt.in), 1<<20); got != tt.want {
			t.Errorf("%.80q:\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

func TestScannerMax(t *testing.T) {
	const head = "A: 12345\r\n\r\n"
	for limit, want := range map[int]Verdict{len(head): Ended, len(head) - 1: TooBig, 3: TooBig, 0: TooBig} {
		s := Scanner{Max: limit}
		if got := s.Scan([]byte(head + "body")); got != want {
			t.Errorf("Max %d: %d, want %d", limit, got, want)
		}
		if got := s.Finish(); got != want {
			t.Errorf("Max %d: Finish gives %d, want %d", limit, got, want)
		}
	}
	s := Scanner{Max: 5}
	s.Scan([]byte("A: 12"))
	if got := s.Finish(); got != Ended || s.Len() != 5 {
		t.Errorf("a message of exactly Max octets: %d, %d", got, s.Len())
	}
	s.Reset()
	if s.Scan([]byte("B: 3")); len(s.Fields()) != 0 || s.Max != 5 {
		t.Errorf("after Reset: %+v", s)
	}
}

// The findings do not depend on how the message is cut, the fields lie one
// behind the other, and what ends the header is what a line says.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"", "\r\n", "a:b\r\n c\r\n\r\nx", "luis jaramillo uday\r\n", "Received: á\r\nx\r\n",
		"a\r\n", "a :\n\n", "\r\r\n", "From:\xe2\x82\xac\xe2\x82", "a:\r\n\t\r\n\r\n"} {
		f.Add([]byte(s), uint8(200))
	}
	f.Fuzz(func(t *testing.T, msg []byte, limit uint8) {
		want := whole(msg, int(limit))
		one := Scanner{Max: int(limit)}
		for i := range msg {
			one.Scan(msg[i : i+1])
		}
		if got := finding(&one, msg); got != want {
			t.Fatalf("octet by octet:\n%s\nin one:\n%s", got, want)
		}
		for cut := 0; cut <= len(msg) && len(msg) < 300; cut++ {
			s := Scanner{Max: int(limit)}
			s.Scan(msg[:cut])
			s.Scan(msg[cut:])
			if got := finding(&s, msg); got != want {
				t.Fatalf("cut at %d:\n%s\nin one:\n%s", cut, got, want)
			}
		}
		checkSpans(t, &one, msg)
	})
}

func checkSpans(t *testing.T, s *Scanner, msg []byte) {
	v := s.Finish()
	if v == TooBig {
		return
	}
	at := 0
	for _, f := range s.Fields() {
		name := f.Name(msg)
		if int(f.Start) != at || len(name) == 0 || msg[f.Value-1] != ':' || f.End < f.Value {
			t.Fatalf("field %+v at %d of %q", f, at, msg)
		}
		if kindOf(bytes.ToLower(name)) != f.Kind {
			t.Fatalf("%q is of kind %d", name, f.Kind)
		}
		at = int(f.End)
	}
	if at != s.End() {
		t.Fatalf("fields end at %d, End is %d", at, s.End())
	}
	blank := string(msg[s.End():s.Len()])
	if blank != "" && blank != "\n" && blank != "\r\n" {
		t.Fatalf("between End and Len stands %q", blank)
	}
	if v == Ended && blank == "" && s.Len() != len(msg) {
		t.Fatalf("ended at %d of %d octets without an empty line", s.Len(), len(msg))
	}
}

func BenchmarkScanner(b *testing.B) {
	msg := []byte(strings.Repeat("Received: from a.example.net (a.example.net [192.0.2.1])\r\n\tby b.example.net; Mon, 1 Jan 2026 00:00:00 +0000\r\n", 5) +
		"From: Pepe <pepe@pepito.es>\r\nTo: x@example.net\r\nSubject: hello\r\nMessage-ID: <a@b>\r\n\r\n")
	s := Scanner{Max: 1 << 18}
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		s.Reset()
		s.Scan(msg)
	}
}
