package dsn

import (
	"bytes"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"posta/imf"
	"posta/mail"
)

// rfc: 6533-3-5, 6533-3-7, 6533-4.1-1, 6533-4.1-2, 6533-4.1-4, 6533-6.2-1, 6533-6.3-1, 6533-6.4-1
func TestForms(t *testing.T) {
	r := example()
	r.UTF8 = true
	r.Recipients[0].Final = "utf-8;peña@b.c"
	r.Recipients[0].Diagnostic = "550 año"
	r.Header, r.Full = nil, strings.NewReader("Subject: ñ\r\n\r\nbody")
	r.EightBit = true
	msg := string(write(t, r))
	for _, want := range []string{"Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n",
		"Final-Recipient: utf-8;peña@b.c\r\n", "Diagnostic-Code: smtp; 550 año\r\n", "Content-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n", "\r\nSubject: ñ\r\n\r\nbody\r\n--b1--\r\n"} {
		if !strings.Contains(msg, want) {
			t.Errorf("global report lacks %q:\n%s", want, msg)
		}
	}
	r = example()
	r.Recipients[0].Final = "utf-8;peña@b.c"
	r.Recipients[0].Diagnostic = "550 año\r\nAction: failed"
	msg = string(write(t, r))
	for _, want := range []string{"Final-Recipient: utf-8;pe\\x{F1}a@b.c\r\n", "Diagnostic-Code: smtp; 550 a?o  Action: failed\r\n"} {
		if !strings.Contains(msg, want) {
			t.Errorf("7-bit report lacks %q:\n%s", want, msg)
		}
	}
	_, status, _ := strings.Cut(msg, "Reporting-MTA")
	if !mail.IsASCII(status) {
		t.Errorf("not 7-bit: %q", status)
	}
	r = example()
	r.Boundary = ""
	if a, b := write(t, r), write(t, r); bytes.Equal(a, b) {
		t.Error("two reports share a boundary")
	}
}

// The fields whose form RFC 3464 settles.
//
// rfc: 3461-6.3-5, 3461-6.3-6, 3461-6.3-17, 3464-2.2.4-1, 3464-2.2.4-2, 3464-2.3.2-4, 3464-2.3.6-2, 3464-2.3.7-2
// rfc: 3464-2.3.9-1, 3464-2.3.9-2
func TestFields(t *testing.T) {
	r := example()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", -5*3600))
	r.MTA, r.FromMTA, r.FromAddr = "aula7", "PC7.example.net", netip.MustParseAddr("::ffff:192.0.2.7")
	r.Recipients = []Recipient{
		{Final: "rfc822;Eva@B.c", Action: Failed, Status: mail.Status{Class: 5, Subject: 4, Detail: 4}, Reason: "Nobody answers", LastAttempt: at, RetryUntil: at},
		{Final: "rfc822;x@y.z", Action: Delayed, Status: mail.Status{Class: 4}, RetryUntil: at},
	}
	msg := string(write(t, r))
	const want = "Reporting-MTA: x-local-hostname; aula7\r\n" +
		"Received-From-MTA: dns; PC7.example.net ([192.0.2.7])\r\n" +
		"Original-Envelope-Id: QQ+3 14=x\r\n" +
		"Arrival-Date: Wed, 4 Mar 2026 05:05:07 +0000\r\n" +
		"\r\n" +
		"Final-Recipient: rfc822;Eva@B.c\r\n" +
		"Action: failed\r\n" +
		"Status: 5.4.4\r\n" +
		"Diagnostic-Code: x-posta; Nobody answers\r\n" +
		"Last-Attempt-Date: Wed, 4 Mar 2026 05:06:07 -0500\r\n" +
		"\r\n" +
		"Final-Recipient: rfc822;x@y.z\r\n" +
		"Action: delayed\r\n" +
		"Status: 4.0.0\r\n" +
		"Will-Retry-Until: Wed, 4 Mar 2026 05:06:07 -0500\r\n" +
		"\r\n--b1\r\n"
	if !strings.Contains(msg, want) {
		t.Errorf("no\n%s\nin\n%s", want, msg)
	}
}

// What goes back of a message has the type that it is: a header alone is no
// message, and one of UTF-8 has neither the old types nor a charset.
// rfc: 6522-4-1, 6522-4-3, 6522-3-4, 6522-3-5, 6533-4.4-3, 6533-6.3-1, 6533-6.3-3
func TestReturned(t *testing.T) {
	const wide, plain = "Subject: año\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n", "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
	for _, tt := range []struct {
		header, full string
		utf8         bool
		want         string
	}{
		{plain, "", false, "Content-Type: text/rfc822-headers\r\n\r\n" + plain},
		{plain, "", true, "Content-Type: text/rfc822-headers\r\n\r\n" + plain},
		{wide, "", true, "Content-Type: message/global-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + wide},
		{wide, "", false, "Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + wide},
		{"", plain + "\r\nx", false, "Content-Type: message/rfc822\r\n\r\n" + plain + "\r\nx"},
		{"", wide + "\r\nx", true, "Content-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + wide + "\r\nx"},
	} {
		r := example()
		r.UTF8, r.EightBit = tt.utf8, !mail.IsASCII(tt.header+tt.full)
		r.Header = []byte(tt.header)
		if tt.full != "" {
			r.Header, r.Full = nil, strings.NewReader(tt.full)
		}
		msg := string(write(t, r))
		if _, got, _ := strings.Cut(msg, "Status: 2.1.5\r\n\r\n--b1\r\n"); got != tt.want+"\r\n--b1--\r\n" {
			t.Errorf("UTF-8 %v: %q, want %q", tt.utf8, got, tt.want)
		}
		if !strings.Contains(msg, "Content-Type: message/delivery-status\r\n\r\n") {
			t.Errorf("what is ASCII has another type in\n%s", msg)
		}
	}
}

// A whole report can be put into seven bits, and says the same then.
// rfc: 6533-4.5-1, 6533-4.4-2, 6522-3-7
func TestReportInSevenBits(t *testing.T) {
	for _, full := range []bool{true, false} {
		r := example()
		r.UTF8, r.EightBit = true, true
		r.Recipients[0] = Recipient{Original: "utf-8;peña@b.c", Final: "utf-8;niño@b.c", Action: Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Diagnostic: "550 año"}
		r.Header = []byte("Subject: ñ\r\n")
		if full {
			r.Full = strings.NewReader("Subject: ñ\r\n\r\nbody ñ\r\n")
		}
		var b bytes.Buffer
		if err := r.Write(&b, English(), Spanish()); err != nil {
			t.Fatal(err)
		}
		s, err := imf.LookSevenBit(bytes.NewReader(b.Bytes()), imf.Usual())
		if err != nil {
			t.Fatal(err)
		}
		narrow, err := io.ReadAll(s.Reader(bytes.NewReader(b.Bytes())))
		if err != nil || !mail.IsASCII(string(narrow)) {
			t.Errorf("%v\n%s", err, narrow)
		}
		want, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(narrow); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v\n%s", got, err, want, narrow)
		}
	}
}

// An address of the type utf-8 is taken out of its 7-bit form, unless it is not of
// that form from end to end, or no address: then it stays as it came.
// rfc: 6533-3-5, 6533-3-10, 6533-3-11, 6533-4.1-5
func TestUTF8Address(t *testing.T) {
	for came, want := range map[string][2]string{ // in a part of UTF-8, and in one of ASCII
		`utf-8;pe\x{F1}a@b.c`:       {`utf-8;peña@b.c`, `utf-8;pe\x{F1}a@b.c`},
		`utf-8;peña@b.c`:            {`utf-8;peña@b.c`, `utf-8;pe\x{F1}a@b.c`},
		`UTF-8;\x{1f600}@b.c`:       {`UTF-8;😀@b.c`, `UTF-8;\x{1F600}@b.c`},
		`utf-8;a\x{2B}b\x{3d}@b.c`:  {`utf-8;a+b=@b.c`, `utf-8;a\x{2B}b\x{3D}@b.c`},
		`utf-8;a+b@b.c`:             {`utf-8;a+b@b.c`, `utf-8;a\x{2B}b@b.c`},
		`utf-8;pepe@b.c`:            {`utf-8;pepe@b.c`, `utf-8;pepe@b.c`},
		`utf-8;a+b\x{F1}@b.c`:       {`utf-8;a+b\x{F1}@b.c`, `utf-8;a+b\x{F1}@b.c`},
		`utf-8;\x{41}na@b.c`:        {`utf-8;\x{41}na@b.c`, `utf-8;\x{41}na@b.c`},
		`utf-8;\x{00F1}@b.c`:        {`utf-8;\x{00F1}@b.c`, `utf-8;\x{00F1}@b.c`},
		`utf-8;\x{D800}@b.c`:        {`utf-8;\x{D800}@b.c`, `utf-8;\x{D800}@b.c`},
		`utf-8;\x{110000}@b.c`:      {`utf-8;\x{110000}@b.c`, `utf-8;\x{110000}@b.c`},
		`utf-8;\x{F1`:               {`utf-8;\x{F1`, `utf-8;\x{F1`},
		`utf-8;pe\x{F1}a`:           {`utf-8;pe\x{F1}a`, `utf-8;pe\x{F1}a`},
		`utf-8;peña`:                {`utf-8;peña`, `utf-8;pe\x{F1}a`},
		`rfc822;pe\x{F1}a@b.c`:      {`rfc822;pe\x{F1}a@b.c`, `rfc822;pe\x{F1}a@b.c`},
		`x400;C=es; A=peña\x{F1} ;`: {`x400;C=es; A=peña\x{F1} ;`, `x400;C=es; A=pe?a\x{F1} ;`},
	} {
		for i, utf := range []bool{true, false} {
			r := example()
			r.UTF8, r.Recipients[0].Original = utf, came
			if msg := string(write(t, r)); !strings.Contains(msg, "\r\nOriginal-Recipient: "+want[i]+"\r\n") {
				t.Errorf("%s, UTF-8 %v: not %s in\n%s", came, utf, want[i], msg)
			}
		}
	}
}
