package dsn

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"posta/mail"
)

func TestRoundTrip(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	every := example()
	every.FromMTA, every.FromAddr = "Client.example.net", netip.MustParseAddr("2001:db8::7")
	every.Recipients = []Recipient{
		{Final: "rfc822;a@b.c", Action: Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, RemoteMTA: "mx.b.c",
			Diagnostic: "550 5.1.1 " + strings.Repeat("no such user here; ", 60) + "sorry", LastAttempt: at},
		{Final: "rfc822;m@n.o", Action: Failed, Status: mail.Status{Class: 5, Subject: 4, Detail: 4}, Reason: "The domain names no host"},
		{Final: "rfc822;d@e.f", Action: Delayed, Status: mail.Status{Class: 4, Subject: 4, Detail: 1}, RetryUntil: at.Add(time.Hour)},
		{Final: "rfc822;g@h.i", Action: Relayed, Status: mail.Status{Class: 2}},
		{Final: "rfc822;j@k.l", Action: Expanded, Status: mail.Status{Class: 2}},
	}
	global := example()
	global.UTF8, global.EightBit = true, true
	global.To.Local = "peña"
	global.Header = []byte("Subject: año\r\n")
	global.Recipients[0].Original = "utf-8;peña@españa.example"
	global.Recipients[0].Final = Type(mail.Address{Local: "peña+x", Domain: "pepito.es"})
	seven := example()
	seven.Recipients[0].Original = "utf-8;peña+x=y@españa.example"
	noThird := example()
	noThird.Header, noThird.MTA, noThird.EnvID = nil, "aula7", ""
	for name, r := range map[string]*Report{"example": example(), "every": every, "global": global, "seven": seven, "no third": noThird} {
		msg := write(t, r)
		got, err := Parse(msg)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, msg)
			continue
		}
		for _, x := range []*time.Time{&got.Date, &got.Arrival} {
			*x = x.UTC()
		}
		for i := range got.Recipients {
			rc := &got.Recipients[i]
			rc.LastAttempt, rc.RetryUntil = rc.LastAttempt.UTC(), rc.RetryUntil.UTC()
		}
		if !reflect.DeepEqual(got, r) {
			t.Errorf("%s:\n got %+v\nwant %+v\n%s", name, got, r, msg)
		}
		for line := range strings.SplitSeq(string(msg), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("%s: bad line %q", name, line)
			}
		}
	}
}

// The types of UTF-8 and the traditional ones stand beside each other as they like.
// rfc: 6533-4.4-1, 6533-4.4-2
func TestParseMixedTypes(t *testing.T) {
	for _, status := range []string{"message/delivery-status", "message/global-delivery-status"} {
		for _, back := range []string{"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"} {
			for _, encoding := range []string{"8bit", "base64"} {
				header := "Subject: x\r\n"
				if encoding == "base64" {
					header = "U3ViamVjdDogeA0K\r\n"
				}
				r, err := Parse([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=q\r\n\r\n--q\r\n\r\nSorry.\r\n" +
					"--q\r\nContent-Type: " + status + "\r\n\r\nReporting-MTA: dns; x.y\r\n\r\nFinal-Recipient: utf-8; \\x{F1}@b.c\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" +
					"--q\r\nContent-Type: " + back + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + header + "\r\n--q--\r\n"))
				if err != nil || len(r.Recipients) != 1 || r.Recipients[0].Final != "utf-8;ñ@b.c" || string(r.Header) != "Subject: x\r\n" {
					t.Errorf("%s, %s, %s: %+v, %v", status, back, encoding, r, err)
				}
			}
		}
	}
}

// A report of another kind of server: base64, odd case, comments, blank lines.
//
// rfc: 3464-2.3.4-3, 3464-A-2
func TestParseForeign(t *testing.T) {
	msg := "From: <MAILER-DAEMON@x.y>\r\nContent-Type: Multipart/Report;\r\n report-type=\"Delivery-Status\"; boundary=q\r\n\r\n" +
		"--q\r\n\r\nSorry.\r\n--q\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA:dns;x.y\r\nX-Queue: 1\r\n\r\n\r\nFinal-recipient: RFC822; a@b\r\nAction: Failed (really)\r\nStatus: 5.0.0 (x)\r\n" +
		"diagnostic-code: smtp;\r\n 550 no\r\n\r\nFinal-Recipient: rfc822;c@d\r\nAction: eaten\r\n" +
		"--q\r\nContent-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0K\r\n--q--\r\n"
	r, err := Parse([]byte(msg))
	if err != nil {
		t.Fatal(err)
	}
	want := []Recipient{{Final: "rfc822;a@b", Action: Failed, Status: mail.Status{Class: 5}, Diagnostic: "550 no"}}
	if !reflect.DeepEqual(r.Recipients, want) || r.MTA != "x.y" || string(r.Header) != "Subject: x\r\n" {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "Subject: x\r\n\r\n", "Content-Type: multipart/report; boundary=q\r\n\r\n",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=q\r\n\r\n--q\r\n\r\nx\r\n--q--\r\n"} {
		if _, err := Parse([]byte(bad)); !errors.Is(err, ErrNoReport) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
