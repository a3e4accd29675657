package imf

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestAppendField(t *testing.T) {
	long := strings.Repeat("word ", 30) + "end"
	tests := []struct{ name, value, want string }{
		{"Subject", "hello", "Subject: hello\r\n"},
		{"Subject", "", "Subject:\r\n"},
		{"Subject", "a\r\nBcc: x", "Subject: a  Bcc: x\r\n"},
		{"X", strings.Repeat("a", 80), "X: " + strings.Repeat("a", 80) + "\r\n"},
		{"X", "b " + strings.Repeat("a", 80), "X: b\r\n " + strings.Repeat("a", 80) + "\r\n"},
	}
	for _, tt := range tests {
		if got := string(AppendField(nil, tt.name, tt.value)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.value, got, tt.want)
		}
	}
	for line := range strings.SplitSeq(string(AppendField(nil, "Subject", long)), "\r\n") {
		if len(line) > 78 {
			t.Errorf("line of %d octets: %q", len(line), line)
		}
	}
}

// What is written is one field, in lines of legal length, and reads back.
func FuzzFold(f *testing.F) {
	f.Add("hello world")
	f.Add(strings.Repeat("abc def\t", 40) + "  ")
	f.Add(strings.Repeat("x", 3000))
	f.Fuzz(func(t *testing.T, value string) {
		out := AppendField(nil, "X-Test", value)
		s := Scanner{Max: 1 << 24}
		s.Scan(out)
		if s.Finish() != Ended || len(s.Fields()) != 1 || s.Len() != len(out) {
			t.Fatalf("%q is not one field: %q", value, out)
		}
		wide := false
		for line := range bytes.SplitSeq(out, []byte("\r\n")) {
			if len(line) > hardLine {
				t.Fatalf("line of %d octets", len(line))
			}
			wide = wide || len(line) == hardLine
		}
		want := strings.Trim(strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(value), " \t")
		if got := s.Fields()[0].Text(out); got != want && !wide {
			t.Fatalf("read back %q, want %q", got, want)
		}
	})
}

func TestDate(t *testing.T) {
	at := time.Date(2026, 11, 3, 4, 5, 6, 0, time.FixedZone("", -5*3600))
	if got := FormatDate(at); got != "Tue, 3 Nov 2026 04:05:06 -0500" || got != string(AppendDate(nil, at)) {
		t.Errorf("FormatDate: %q", got)
	}
	for _, s := range []string{"Tue, 3 Nov 2026 04:05:06 -0500", "3 Nov 26 04:05:06 EST", "Tue, 3 Nov 2026 04:05:06 -0500 (local)"} {
		if got, err := ParseDate(s); err != nil || !got.Equal(at) {
			t.Errorf("ParseDate(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := ParseDate("yesterday"); err == nil {
		t.Error("ParseDate takes yesterday")
	}
}

func TestWords(t *testing.T) {
	for _, s := range []string{"plain", "año nuevo", strings.Repeat("ñandú ", 40)} {
		enc := EncodeWords(s)
		if !isASCII([]byte(enc)) || DecodeWords(enc) != s {
			t.Errorf("%q → %q → %q", s, enc, DecodeWords(enc))
		}
	}
	if got := DecodeWords("=?x-none?q?a?="); got != "=?x-none?q?a?=" {
		t.Errorf("an unknown charset gives %q", got)
	}
}
