package dsn

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

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
		"This is the mail server mx.pepito.es. It writes about your message \"hello\"\r\n" +
		"of Wed, 4 Mar 2026 05:05:07 +0000.\r\n" +
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
		"This is the mail server mx.pepito.es. It writes about your message \"hello\"\r\n" +
		"of Wed, 4 Mar 2026 05:05:07 +0000.\r\n" +
		"\r\n" +
		"  Ana@pepito.es: it could not be delivered.\r\n" +
		"    The other server's answer: 552 5.2.2 Mailbox full\r\n" +
		"    The mailbox is full. Tell the person in another way, and send the\r\n" +
		"    message again when there is room.\r\n" +
		"\r\n" +
		"Where it failed it will not be tried again. If you need help, write to the postmaster.\r\n" +
		"\r\n" +
		"The details for programs and your message, or its header, follow.\r\n" +
		"\r\n* * *\r\n\r\n" +
		"Este es el servidor de correo mx.pepito.es. Le escribe sobre su mensaje\r\n" +
		"«hello» del miércoles, 4 de marzo de 2026, 05:05:07 +0000.\r\n" +
		"\r\n" +
		"  Ana@pepito.es: no se pudo entregar.\r\n" +
		"    La respuesta del otro servidor: 552 5.2.2 Mailbox full\r\n" +
		"    El buzón está lleno. Avise a la persona por otro medio y envíe el\r\n" +
		"    mensaje otra vez cuando haya sitio.\r\n" +
		"\r\n" +
		"Donde falló no se volverá a intentar. Si necesita ayuda, escriba al postmaster.\r\n" +
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
	for _, not := range []string{"about your message", "sobre su mensaje", "Your message could not"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in:\n%s", not, b.String())
		}
	}
}

func complete(n *Naming) bool {
	return strings.Count(n.Titled, "%s") == 2 && strings.Count(n.Dated, "%s") == 1 && n.Any != ""
}

func TestWordsComplete(t *testing.T) {
	for _, w := range []Words{English(), Spanish()} {
		for _, a := range []Action{Failed, Delayed, Delivered, Relayed, Expanded} {
			if w.Subject[a] == "" || strings.Count(w.Became[a], "%s") != 1 || w.Closing[a] == "" {
				t.Errorf("%s: words for %s are missing", w.Language, a)
			}
		}
		for _, l := range []ListWords{w.OfList, w.Ownerless} {
			if strings.Count(l.Opening, "]s") != 3 || strings.Count(l.Member, "%s") != 2 || l.Subject[Failed] == "" || l.Subject[Delayed] == "" || l.Closing[Failed] == "" || !complete(&l.Message) {
				t.Errorf("%s: words for reports on a list's members are missing", w.Language)
			}
		}
		if u := w.Unheard; strings.Count(u.Opening, "]s") != 3 || u.Subject[Failed] == "" || u.Closing[Failed] == "" || !complete(&u.Message) {
			t.Errorf("%s: words for the postmaster in the sender's place are missing", w.Language)
		}
		if strings.Count(w.Opening, "%s") != 2 || !complete(&w.Message) {
			t.Errorf("%s: %q needs places for the host and the message", w.Language, w.Opening)
		}
		if b := w.Barred; b.Became[Failed] == "" || b.Became[Delivered] == "" || b.Became[Expanded] == "" || b.Advice == "" || w.SentOnTo[Failed] == "" || w.SentOnTo[Delayed] == "" {
			t.Errorf("%s: words for those behind an address are missing", w.Language)
		}
		if w.Sender == "" || w.Answer == "" || w.Reason == "" || w.Until == "" || w.Attached == "" || w.Behind == "" || strings.Count(w.ToList, "%s") != 1 || strings.Count(w.OneOf, "%s") != 2 || strings.Count(w.SentOn[Failed], "%s") != 1 || strings.Count(w.SentOn[Delayed], "%s") != 1 {
			t.Errorf("%s: words are missing", w.Language)
		}
	}
}
