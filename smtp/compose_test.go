package smtp

import (
	"reflect"
	"testing"

	"posta/mail"
)

// What is said of an envelope is read back as the same, by rules that refuse a
// parameter without a value, one that stands twice, and NEVER beside another word.
//
// rfc: 3461-4.1-1, 3461-4.1-2, 3461-4.2-1, 3461-4.2-2, 3461-4.2-6, 3461-4.3-1, 3461-4.4-1, 3461-4.4-3
// rfc: 3461-4.5-1, 3461-4.5-3, 5321-4.1.1-2, 5321-4.1.2-4
func TestCompose(t *testing.T) {
	from := mail.Address{Local: "pepe", Domain: "pepito.es"}
	const all = ExtSize | Ext8BitMIME | ExtSMTPUTF8 | ExtAuth | ExtDSN
	for _, env := range []mail.Envelope{
		{},
		{From: from},
		{From: from, Size: 1234, Body: mail.Body8BitMIME, UTF8: true, Auth: "<>", Ret: mail.RetHdrs, EnvID: "a+b =c"},
		{From: mail.Address{Local: "a b", Domain: "pepito.es"}, Ret: mail.RetFull, Auth: "x=y@pepito.es"},
	} {
		line := Mail(env, all).String()
		c, f := ParseCommand([]byte(line), mail.Strict)
		if f != nil {
			t.Fatalf("%s: %v", line, f)
		}
		if got, f := c.Envelope(all); f != nil || !reflect.DeepEqual(got, env) {
			t.Errorf("%s: %+v, %v", line, got, f)
		}
		bare := env
		bare.Size, bare.Body, bare.UTF8, bare.Auth, bare.Ret, bare.EnvID = 0, 0, false, "", 0, ""
		c, _ = ParseCommand([]byte(Mail(env, 0).String()), mail.Strict)
		if got, f := c.Envelope(0); f != nil || !reflect.DeepEqual(got, bare) {
			t.Errorf("without extensions: %+v, %v", got, f)
		}
	}
	for _, to := range []mail.Recipient{
		{To: from},
		{To: mail.Address{Local: "postmaster"}},
		{To: from, Notify: mail.NotifyNever},
		{To: from, Notify: mail.NotifySuccess | mail.NotifyDelay, Orcpt: "rfc822;a+b=c@pepito.es"},
		{To: from, Notify: mail.NotifyFailure},
	} {
		line := Rcpt(to, all).String()
		c, f := ParseCommand([]byte(line), mail.Strict)
		if f != nil {
			t.Fatalf("%s: %v", line, f)
		}
		if got, f := c.Recipient(all); f != nil || !reflect.DeepEqual(got, to) {
			t.Errorf("%s: %+v, %v", line, got, f)
		}
	}
}

// An address of the type utf-8 goes in ASCII, which every server can have, and is
// the same there (RFC 6533 §3).
//
// rfc: 5321-4.1.2-4, 6533-3-9, 6533-3-4, 6533-3-3, 6533-3-2
func TestRcptInternational(t *testing.T) {
	for orcpt, want := range map[string]string{
		"utf-8;niño@españa.example": `utf-8;ni\x{F1}o@espa\x{F1}a.example`,
		`UTF-8;ni\x{F1}o+x=y@c`:     `UTF-8;ni\x{F1}o\x{2B}x\x{3D}y@c`,
		`utf-8;"a b\c"@c`:           `utf-8;"a\x{20}b\x{5C}c"@c`,
		"utf-8;😀@c":                 `utf-8;\x{1F600}@c`,
		"rfc822;a+b@c":              "rfc822;a+2Bb@c",
	} {
		to := mail.Recipient{To: mail.Address{Local: "x", Domain: "far.example"}, Orcpt: orcpt}
		for _, offered := range []Extension{ExtDSN, ExtDSN | ExtSMTPUTF8} {
			if got := Rcpt(to, offered).String(); got != "RCPT TO:<x@far.example> ORCPT="+want {
				t.Errorf("%s: %s", orcpt, got)
			}
		}
	}
}
