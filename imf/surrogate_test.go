package imf

import (
	"net/mail"
	"strings"
	"testing"
)

// surrogate gives the whole of a message with its header in ASCII.
func surrogate(message string) (string, *Scanner) {
	s := &Scanner{Max: 1 << 20}
	s.Scan([]byte(message))
	s.Finish()
	return string(AppendSurrogate(nil, []byte(message[:s.Len()]), s.Fields())) + message[s.Len():], s
}

func TestSurrogate(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Subject: plain\r\n\r\nñ\r\n", "Subject: plain\r\n\r\nñ\r\n"},
		{"subject:  año  nuevo\r\nX: y\r\n\r\n", "subject: =?utf-8?q?a=C3=B1o__nuevo?=\r\nX: y\r\n\r\n"},
		{"Subject: =?utf-8?q?=C3=B1?= ñ\r\n\r\n", "Subject: =?utf-8?q?=C3=B1_=C3=B1?=\r\n\r\n"},
		{"Subject: a\r\n ñ\r\n\tb\r\n\r\n", "Subject: =?utf-8?q?a_=C3=B1=09b?=\r\n\r\n"},
		{"Return-Path: <josé@x.es>\r\nDelivered-To: josé@x.es\r\nX: y\r\n\r\n", "X: y\r\n\r\n"},
		{"From: José <jose@x.es>\r\n\r\n", "From: =?utf-8?b?Sm9zw6k=?= <jose@x.es>\r\n\r\n"},
		{"To: \"A, B\" <a@x.es>, José <josé@x.es>, c@x.es\r\n\r\n",
			"To: \"A, B\" <a@x.es>, =?utf-8?b?Sm9zw6kgam9zw6lAeC5lcw==?=:;, c@x.es\r\n\r\n"},
		{"To: solo un año\r\n\r\n", "To: =?utf-8?b?c29sbyB1biBhw7Fv?=:;\r\n\r\n"},
		{"Received: from ñ.es\r\n\tby y; now\r\n\r\n", "Received: from ?.es\tby y; now\r\n\r\n"},
		{"Content-Type: text/plain; charset=utf-8; name=\"año.txt\"\r\n\r\n",
			"Content-Type: text/plain; charset=utf-8; name*=utf-8''a%C3%B1o.txt\r\n\r\n"},
		{"Content-Type: ñ\r\n\r\n", "Content-Type: ?\r\n\r\n"},
		{"Content-Disposition: attachment; filename=\"ñ\"\r\n\r\n", "Content-Disposition: attachment; filename*=utf-8''%C3%B1\r\n\r\n"},
		{"X: y\r\nReturn-Path: <josé@x.es>", "X: y\r\nReturn-Path: <jos?@x.es>"},
		{"Subject: ñ", "Subject: =?utf-8?q?=C3=B1?="},
		{"Subject: ñ\r\nstray ñ\r\n", "Subject: =?utf-8?q?=C3=B1?=\r\nstray ñ\r\n"},
	} {
		if got, _ := surrogate(tt.in); got != tt.want {
			t.Errorf("%q:\n got %q\nwant %q", tt.in, got, tt.want)
		}
	}
}

// A long subject comes back whole from lines that are not too long.
func TestSurrogateFolds(t *testing.T) {
	text := strings.TrimSpace(strings.Repeat("práctica número ", 100))
	got, _ := surrogate("Subject: " + text + "\r\n\r\n")
	for line := range strings.Lines(got) {
		if len(line) > len("Subject: ")+softLine+2 {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	if back := DecodeWords(m.Header.Get("Subject")); back != text {
		t.Errorf("%q comes back", back)
	}
}

// The surrogate of a header has the same fields or fewer, no other octets than
// ASCII where the header had none but UTF-8, and ends where the header does.
func FuzzSurrogate(f *testing.F) {
	for _, s := range []string{"Subject: ñ\r\n\r\nx", "From: \"ñ\\\"\" <a@b>,\r\n ñ@ñ\r\n\r\n", "To: =?utf-8?q?a?= ñ", "Content-Type: a/b; ñ=ñ\r\nñ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, message string) {
		out, in := surrogate(message)
		if !in.EightBit() && out != message {
			t.Fatalf("%q became %q", message, out)
		}
		if !in.UTF8() || strings.Contains(strings.ReplaceAll(message, "\r\n", ""), "\n") {
			return
		}
		body := message[in.Len():]
		if !strings.HasSuffix(out, body) || !isASCII([]byte(out[:len(out)-len(body)])) {
			t.Fatalf("%q became %q", message, out)
		}
		again, s := surrogate(out)
		if again != out || len(s.Fields()) > len(in.Fields()) {
			t.Fatalf("%q became %q with %d fields, and then %q", message, out, len(s.Fields()), again)
		}
	})
}
