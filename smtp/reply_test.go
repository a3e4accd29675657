package smtp

import (
	"reflect"
	"strings"
	"testing"

	"posta/mail"
)

func TestReplyRendering(t *testing.T) {
	ok := mail.Status{Class: 2}
	tests := []struct {
		r    Reply
		want string
	}{
		{Reply{Code: 250, Status: ok, Text: "OK"}, "250 2.0.0 OK\r\n"},
		{Reply{Code: 354, Text: "Go"}, "354 Go\r\n"},
		{Reply{Code: 334}, "334 \r\n"},
		{Reply{Code: 214, Status: ok, Text: "a", More: []string{"b", "c"}}, "214-2.0.0 a\r\n214-2.0.0 b\r\n214 2.0.0 c\r\n"},
		{Reply{Code: 550, Text: "x\r\n250 y\x00"}, "550 x??250 y?\r\n"},
		{Reply{Code: 250, Text: strings.Repeat("é", 300)}, "250 " + strings.Repeat("é", 253) + "\r\n"},
	}
	for _, test := range tests {
		if got := test.r.String(); got != test.want {
			t.Errorf("%+v renders %q", test.r, got)
		}
	}
	if got := tests[3].r.FirstLine(); got != "214-2.0.0 a" {
		t.Errorf("first line %q", got)
	}
	if tests[0].r.Err() != nil || tests[4].r.Err() == nil || !tests[1].r.Positive() {
		t.Error("classes")
	}
}

// rfc: 6531-3.7.4.2-2
func TestParseReply(t *testing.T) {
	good := map[string]Reply{
		"250 OK\r\n":                     {Code: 250, Text: "OK"},
		"250\r\n":                        {Code: 250},
		"252 Peña <ñ@x.example>\r\n":     {Code: 252, Text: "Peña <ñ@x.example>"},
		"250 2.1.5 OK\r\n":               {Code: 250, Status: mail.Status{Class: 2, Subject: 1, Detail: 5}, Text: "OK"},
		"250 5.1.5 OK\r\n":               {Code: 250, Text: "5.1.5 OK"},
		"550-5.1.1 a\r\n550 5.1.1 b\r\n": {Code: 550, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Text: "a", More: []string{"b"}},
		"250-x\r\n250 2.0.0 y\r\n":       {Code: 250, Text: "x", More: []string{"2.0.0 y"}},
	}
	for in, want := range good {
		if got, err := ParseReply(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseReply(%q) = %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "250 OK", "25 OK\r\n", "150 OK\r\n", "650 x\r\n", "250_x\r\n", "250-a\r\n", "250-a\r\n251 b\r\n",
		"250 a\r\n250 b\r\n", strings.Repeat("250-a\r\n", 1024) + "250 b\r\n"} {
		if got, err := ParseReply(in); err == nil {
			t.Errorf("ParseReply(%q) = %+v", in, got)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add("250-2.0.0 a\r\n250 2.0.0 b\r\n")
	f.Add("354\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := ParseReply(in)
		if err != nil {
			return
		}
		s := r.String()
		again, err := ParseReply(s)
		if err != nil || again.String() != s || again.Code != r.Code || len(again.More) != len(r.More) {
			t.Fatalf("%q → %q → %+v, %v", in, s, again, err)
		}
	})
}
