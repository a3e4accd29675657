package main

import (
	"testing"
)

// Nothing in 8 bits is sent by 8BITMIME that is no MIME: it goes in seven.
//
// rfc: 5321-2.4-13
func TestWithMIME(t *testing.T) {
	const mime = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nñ\r\n"
	for in, want := range map[string]string{
		"Subject: x\r\n\r\na\r\n":        "Subject: x\r\n\r\na\r\n",
		mime:                             mime,
		"Subject: x\r\n\r\nñ\r\n":        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=B1\r\n",
		"DKIM-Signature: x\r\n\r\nñ\r\n": "DKIM-Signature: x\r\n\r\nñ\r\n",
	} {
		if got, err := withMIME([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
}

// A name beyond ASCII is said in A-labels.
//
// rfc: 6531-3.7.1-1
func TestCheckHelo(t *testing.T) {
	for in, want := range map[string]string{"mail.example": "mail.example", "España.example": "xn--espaa-rta.example", "[192.0.2.1]": "[192.0.2.1]", "a b": "", "a\r\nb": ""} {
		name := in
		if err := checkHelo(&name); err != nil != (want == "") || want != "" && name != want {
			t.Errorf("%q: %q %v", in, name, err)
		}
	}
}
