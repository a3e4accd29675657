package dsn

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"posta/imf"
	"posta/mail"
)

func example() *Report {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return &Report{
		From: mail.Address{Local: "postmaster", Domain: "pepito.es"}, To: mail.Address{Local: "pepe", Domain: "pepito.es"},
		Date: at, MessageID: "r1@mx.pepito.es", MTA: "mx.pepito.es", EnvID: "QQ+3 14=x", Arrival: at.Add(-time.Minute),
		Header:   []byte("Subject: hello\r\nFrom: pepe@pepito.es\r\n"),
		Boundary: "b1",
		Recipients: []Recipient{{Original: "rfc822;Ana@pepito.es", Final: "rfc822;ana@pepito.es", Action: Delivered,
			Status: mail.Status{Class: 2, Subject: 1, Detail: 5}}},
	}
}

func write(t *testing.T, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, English()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rfc: 3461-6.3-3, 3461-6.3-4, 3461-6.3-7, 3461-6.3-9, 3461-6.3-11, 3461-6.3-12, 3461-9.3-1, 3464-2.2.1-3, 3464-2.2.3-2
// rfc: 3464-2.2.5-1, 3464-2.3.2-1, 3464-2.3.3-1, 3464-2.3.4-1, 3464-2.3.7-1, 3464-2.1-1
// rfc: 6522-3-1, 6522-3-4
func TestWrite(t *testing.T) {
	const want = "From: \"Mail delivery (mx.pepito.es)\" <postmaster@pepito.es>\r\n" +
		"To: <pepe@pepito.es>\r\n" +
		"Subject: Your message was delivered\r\n" +
		"Date: Wed, 4 Mar 2026 05:06:07 +0000\r\n" +
		"Message-ID: <r1@mx.pepito.es>\r\n" +
		"Auto-Submitted: auto-replied\r\n" +
		"MIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\r\n" +
		"\r\n" +
		"--b1\r\n" +
		"Content-Type: text/plain; charset=us-ascii\r\n" +
		"Content-Language: en\r\n" +
		"Content-Transfer-Encoding: 7bit\r\n" +
		"\r\n" +
		"This is the mail server mx.pepito.es. It writes about a message of yours.\r\n" +
		"\r\n" +
		"  Ana@pepito.es: it was delivered to the mailbox.\r\n" +
		"\r\n" +
		"You asked for this report. Delivered does not mean read.\r\n" +
		"\r\n" +
		"The details for programs and your message, or its header, follow.\r\n" +
		"\r\n--b1\r\n" +
		"Content-Type: message/delivery-status\r\n" +
		"\r\n" +
		"Reporting-MTA: dns; mx.pepito.es\r\n" +
		"Original-Envelope-Id: QQ+3 14=x\r\n" +
		"Arrival-Date: Wed, 4 Mar 2026 05:05:07 +0000\r\n" +
		"\r\n" +
		"Original-Recipient: rfc822;Ana@pepito.es\r\n" +
		"Final-Recipient: rfc822;ana@pepito.es\r\n" +
		"Action: delivered\r\n" +
		"Status: 2.1.5\r\n" +
		"\r\n--b1\r\n" +
		"Content-Type: text/rfc822-headers\r\n" +
		"\r\n" +
		"Subject: hello\r\nFrom: pepe@pepito.es\r\n" +
		"\r\n--b1--\r\n"
	if got := string(write(t, example())); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// What posta itself found is said in the language of each half, and a Subject
// beyond ASCII as its reader can take it (RFC 2047, RFC 6532).
// rfc: 6522-3-3
func TestOwnWords(t *testing.T) {
	spanish := Spanish()
	spanish.Own = func(reason string) string {
		return map[string]string{"The domain does not exist": "El dominio no existe", "Gone": "Ido"}[reason]
	}
	r := example()
	r.Recipients[0].Action, r.Recipients[0].Reason = Delayed, "The domain does not exist"
	r.Recipients = append(r.Recipients, Recipient{Final: "rfc822;x@y", Action: Relayed, Returned: true, Before: "Gone"})
	for utf8, subject := range map[bool]string{false: "Your message was passed on / =?utf-8?q?Su_mensaje_se_pas=C3=B3_a_otro_servidor?=",
		true: "Your message was passed on / Su mensaje se pasó a otro servidor"} {
		r.UTF8 = utf8
		var b bytes.Buffer
		if err := r.Write(&b, English(), spanish); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"The reason: The domain does not exist\r\n", "El motivo: El dominio no existe\r\n", "gave: Gone\r\n", "intento: Ido\r\n"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%q is not in\n%s", want, b.String())
			}
		}
		r.Recipients[0].Action = Relayed
		b.Reset()
		if err := r.Write(&b, English(), spanish); err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(b.String(), "\r\n =", " ="); !strings.Contains(got, "\r\nSubject: "+subject+"\r\n") {
			t.Errorf("no %q in\n%s", subject, got)
		}
		r.Recipients[0].Action = Delayed
	}
}

// Where a forward's target failed, the address that the sender wrote to is
// right: neither half may say that it does not exist.
func TestSentOn(t *testing.T) {
	for _, test := range []struct {
		original, final string
		action          Action
		want            []string
		not             string
	}{
		{"rfc822;luis@uno.test", "rfc822;nadie@dos.test", Failed, []string{"  luis@uno.test: mail for it is sent on to another address, and that failed.\r\n",
			"The address that you wrote to exists", "  luis@uno.test: su correo se reenvía a otra dirección, y eso falló.\r\n", "La dirección a la que usted escribió existe"}, "no such address"},
		{"rfc822;luis@uno.test", "rfc822;nadie@dos.test", Delayed, []string{"and that did not work yet", "todavía no se logró"}, "could not be delivered yet"},
		{"rfc822;Luis@UNO.test", "rfc822;luis@uno.test", Failed, []string{"There is no such address there", "Esa dirección no existe"}, "sent on"},
		{"utf-8;ni\\x{F1}o@uno.test", "utf-8;niño@uno.test", Failed, []string{"There is no such address there"}, "sent on"},
		{"", "rfc822;luis@uno.test", Failed, []string{"There is no such address there"}, "sent on"},
	} {
		r := example()
		r.UTF8 = true
		r.Recipients = []Recipient{{Original: test.original, Final: test.final, Action: test.action,
			Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Diagnostic: "550 5.1.1 who?"}}
		var b bytes.Buffer
		if err := r.Write(&b, English(), Spanish()); err != nil {
			t.Fatal(err)
		}
		speech, _, _ := strings.Cut(b.String(), "Reporting-MTA")
		if strings.Contains(speech, test.not) || strings.Contains(speech, "nadie") {
			t.Errorf("%s: not true:\n%s", test.original, speech)
		}
		for _, want := range test.want {
			if !strings.Contains(strings.Join(strings.Fields(speech), " "), strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%s: no %q in\n%s", test.original, want, speech)
			}
		}
	}
}

// Of several mailboxes behind an address it says which one failed, and what to do
// about that one.
func TestOneOf(t *testing.T) {
	r := example()
	r.Recipients = []Recipient{{Original: "rfc822;dos@uno.test", Final: "rfc822;luis@uno.test", Action: Failed, OneOf: true,
		Status: mail.Status{Class: 5, Subject: 2, Detail: 2}}}
	var b bytes.Buffer
	if err := r.Write(&b, English(), Spanish()); err != nil {
		t.Fatal(err)
	}
	speech, _, _ := strings.Cut(b.String(), "Reporting-MTA")
	for _, want := range []string{"  dos@uno.test: it could not be delivered to luis@uno.test, one of", "The mailbox is full.",
		"  dos@uno.test: no se pudo entregar a luis@uno.test, que está entre", "El buzón está lleno."} {
		if !strings.Contains(speech, want) {
			t.Errorf("no %q in\n%s", want, speech)
		}
	}
}

// A report in two languages: one part, English before Spanish, which is UTF-8
// and so is the whole.
func TestBothLanguages(t *testing.T) {
	r := example()
	r.Recipients[0].Action, r.Recipients[0].Status = Failed, mail.Status{Class: 5, Subject: 2, Detail: 2}
	r.Recipients[0].Diagnostic = "552 5.2.2 Mailbox full"
	var b bytes.Buffer
	if err := r.Write(&b, English(), Spanish()); err != nil {
		t.Fatal(err)
	}
	const want = "From: \"Mail delivery / Servicio de correo (mx.pepito.es)\"\r\n" +
		" <postmaster@pepito.es>\r\n" +
		"To: <pepe@pepito.es>\r\n" +
		"Subject: Your message could not be delivered / Su mensaje no se pudo entregar\r\n" +
		"Date: Wed, 4 Mar 2026 05:06:07 +0000\r\n" +
		"Message-ID: <r1@mx.pepito.es>\r\n" +
		"Auto-Submitted: auto-replied\r\n" +
		"MIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\r\n" +
		"Content-Transfer-Encoding: 8bit\r\n" +
		"\r\n" +
		"--b1\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n" +
		"Content-Language: en, es\r\n" +
		"Content-Transfer-Encoding: 8bit\r\n" +
		"\r\n" +
		"This is the mail server mx.pepito.es. It writes about a message of yours.\r\n" +
		"\r\n" +
		"  Ana@pepito.es: it could not be delivered.\r\n" +
		"    The other server's answer: 552 5.2.2 Mailbox full\r\n" +
		"    The mailbox is full. Tell the person in another way, and send the\r\n" +
		"    message again when there is room.\r\n" +
		"\r\n" +
		"The message will not be tried again. If you need help, write to the postmaster.\r\n" +
		"\r\n" +
		"The details for programs and your message, or its header, follow.\r\n" +
		"\r\n* * *\r\n\r\n" +
		"Este es el servidor de correo mx.pepito.es. Le escribe sobre un mensaje suyo.\r\n" +
		"\r\n" +
		"  Ana@pepito.es: no se pudo entregar.\r\n" +
		"    La respuesta del otro servidor: 552 5.2.2 Mailbox full\r\n" +
		"    El buzón está lleno. Avise a la persona por otro medio y envíe el\r\n" +
		"    mensaje otra vez cuando haya sitio.\r\n" +
		"\r\n" +
		"No se volverá a intentar. Si necesita ayuda, escriba al postmaster.\r\n" +
		"\r\n" +
		"Siguen los detalles para los programas y su mensaje, o su cabecera.\r\n" +
		"\r\n--b1\r\n" +
		"Content-Type: message/delivery-status\r\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("got:\n%s\nwant in it:\n%s", b.String(), want)
	}
	got, err := Parse(b.Bytes())
	if err != nil || len(got.Recipients) != 1 || got.Recipients[0] != r.Recipients[0] {
		t.Errorf("%+v, %v", got, err)
	}
}

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

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestWriteFails(t *testing.T) {
	r := example()
	r.Full = strings.NewReader("x")
	if err := r.Write(broken{}, English()); err == nil {
		t.Error("a failing writer gives no error")
	}
}

// A list's owner wrote nothing: the report names the list and its member, and says
// how the address is taken off.
func TestReportToListOwner(t *testing.T) {
	r := example()
	r.List, r.UTF8 = "clase@uno.test", true
	r.Recipients = []Recipient{{Final: "rfc822;nadie@dos.test", Action: Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Diagnostic: "550 5.1.1 No such user"}}
	var b bytes.Buffer
	if err := r.Write(&b, English(), Spanish()); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"as the owner of the mailing list clase@uno.test,", "nadie@dos.test is a member of the list.", `"posta mailing-list set clase@uno.test --remove-member ADDRESS"`,
		"como a dueño de la lista de correo clase@uno.test,", "nadie@dos.test es miembro de la lista.", "«posta mailing-list set clase@uno.test --remove-member DIRECCIÓN»",
		"A member of your mailing list could not be reached / No se pudo llegar",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
	for _, not := range []string{"message of yours", "mensaje suyo", "Your message could not"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in:\n%s", not, b.String())
		}
	}
}

func TestWordsComplete(t *testing.T) {
	for _, w := range []Words{English(), Spanish()} {
		for _, a := range []Action{Failed, Delayed, Delivered, Relayed, Expanded} {
			if w.Subject[a] == "" || strings.Count(w.Became[a], "%s") != 1 || w.Closing[a] == "" {
				t.Errorf("%s: words for %s are missing", w.Language, a)
			}
		}
		if l := w.OfList; strings.Count(l.Opening, "%s") != 2 || strings.Count(l.Member, "%s") != 2 || l.Subject[Failed] == "" || l.Subject[Delayed] == "" || l.Closing[Failed] == "" {
			t.Errorf("%s: words for a list's owner are missing", w.Language)
		}
		if strings.Count(w.Opening, "%s") != 1 {
			t.Errorf("%s: %q needs one place for the host", w.Language, w.Opening)
		}
		if w.Sender == "" || w.Answer == "" || w.Reason == "" || w.Until == "" || w.Attached == "" || w.Behind == "" || strings.Count(w.ToList, "%s") != 1 || strings.Count(w.OneOf, "%s") != 2 || strings.Count(w.SentOn[Failed], "%s") != 1 || strings.Count(w.SentOn[Delayed], "%s") != 1 {
			t.Errorf("%s: words are missing", w.Language)
		}
	}
}
