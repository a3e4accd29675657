package dsn

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"posta/mail"
)

// spoken is what a report says to a person, without its line breaks.
func spoken(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, English(), Spanish()); err != nil {
		t.Fatal(err)
	}
	_, speech, _ := strings.Cut(b.String(), "Content-Language: en, es\r\n")
	speech, _, _ = strings.Cut(speech, "Reporting-MTA")
	for line := range strings.Lines(speech) {
		if n := len(strings.TrimRight(line, "\r\n")); n > 998 || strings.ContainsAny(strings.TrimSuffix(line, "\r\n"), "\r\n") {
			t.Errorf("a line of %d octets: %q", n, line)
		}
	}
	return strings.Join(strings.Fields(speech), " ")
}

// The message is called by the subject and the date that its sender gave it, as he
// reads them, and nothing in them becomes a line or a part of the report.
func TestNamesTheMessage(t *testing.T) {
	long := strings.Repeat("abc ", 40)
	arrival := time.Date(2026, 3, 4, 5, 5, 7, 0, time.UTC)
	for _, tt := range []struct{ name, header, english, spanish string }{
		{"plain", "Date: Tue, 3 Mar 2026 10:00:00 +0100\r\nSubject: Hi there\r\n",
			`about your message "Hi there" of Tue, 3 Mar 2026 10:00:00 +0100.`, "sobre su mensaje «Hi there» del martes, 3 de marzo de 2026, 10:00:00 +0100."},
		{"encoded and folded", "Subject: =?utf-8?q?Ma=C3=B1ana?=\r\n =?iso-8859-1?q?_a=F1o?=\r\n", `"Mañana año" of Wed, 4 Mar 2026 05:05:07`, "«Mañana año» del"},
		{"UTF-8 as it is", "Subject: año\r\n", `"año" of`, "«año» del"},
		{"no UTF-8", "Subject: a\xf1o\r\n", `"a?o" of`, "«a?o» del"},
		{"lines within", "Subject: =?utf-8?q?x=0D=0A=0D=0A--b1=0D=0AContent-Type:_text/html?=\r\n", `"x --b1 Content-Type: text/html" of`, "«x --b1 Content-Type: text/html» del"},
		{"unseen", "Subject: =?utf-8?q?a=E2=80=AEb=E2=80=8Bc=E2=80=A8d?=\r\n", `"abc d" of`, "«abc d» del"},
		{"long", "Subject: " + long + "\r\n", `"` + long[:99] + `…" of`, "«" + long[:99] + "…» del"},
		{"two", "Subject: one\r\nSubject: two\r\n", `"one" of`, "«one» del"},
		{"no subject", "From: a@b\r\n", "about your message of Wed, 4 Mar 2026", "sobre su mensaje del miércoles, 4 de marzo"},
		{"empty", "Subject:\r\n", "about your message of Wed, 4 Mar 2026", "sobre su mensaje del miércoles, 4 de marzo"},
		{"no header", "", "about a message of yours.", "sobre un mensaje suyo."},
	} {
		r := example()
		r.Arrival, r.Header = arrival, []byte(tt.header)
		text := spoken(t, r)
		for _, want := range []string{tt.english, tt.spanish} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", tt.name, want, text)
			}
		}
	}
}

// A list's owner reads which message it was; so does who wrote to a list that has no
// owner, and that it was the list that he wrote to, not its member.
func TestNamesTheListsMessage(t *testing.T) {
	for _, tt := range []struct {
		ownerless bool
		action    Action
		want, not []string
	}{
		{false, Failed, []string{`about the message "hello" of Wed, 4 Mar 2026 05:05:07 +0000, which was sent to it.`, "sobre el mensaje «hello» del"}, []string{"about your message"}},
		{true, Failed, []string{`about your message "hello" of Wed, 4 Mar 2026 05:05:07 +0000, which you sent to the mailing list clase@uno.test.`,
			"que usted envió a la lista de correo clase@uno.test.", "x@dos.test is a member of the list. You need do nothing",
			"x@dos.test es miembro de la lista. Usted no tiene que hacer nada", "the others are not affected"}, []string{"written correctly", "bien escrita", "owner of the mailing list", "--remove-member"}},
		{true, Delayed, []string{"You need not send it again"}, nil},
	} {
		r := example()
		r.List, r.Ownerless = "clase@uno.test", tt.ownerless
		r.Recipients = []Recipient{{Final: "rfc822;x@dos.test", Action: tt.action, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Diagnostic: "550 5.1.1 No such user"}}
		text := spoken(t, r)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(text, not) {
				t.Errorf("%q in %s", not, text)
			}
		}
	}
}

// Those behind one address who met the same are told together, and how many.
func TestCountsThoseAlike(t *testing.T) {
	r := example()
	behind := func(to string, a Action) Recipient {
		return Recipient{Original: "rfc822;todos@uno.test", Final: "rfc822;" + to, Action: a, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}, Diagnostic: "550 5.1.1 who?"}
	}
	r.Recipients = []Recipient{behind("a@b", Failed), behind("c@b", Failed), behind("d@b", Failed), behind("e@b", Delayed)}
	text := spoken(t, r)
	for want, n := range map[string]int{
		"todos@uno.test: mail for it is sent on to other addresses, and to 3 of them that failed.": 1,
		"todos@uno.test: su correo se reenvía a otras direcciones, y con 3 de ellas falló.":        1,
		"todos@uno.test: mail for it is sent on to another address, and that did not work yet.":    1,
	} {
		if strings.Count(text, want) != n {
			t.Errorf("not %d times %q in %s", n, want, text)
		}
	}
}

// A list that is barred to the sender is told without its name, and not as a failure
// of the address that leads to it.
func TestTellsOfBarred(t *testing.T) {
	r := example()
	one := Recipient{Final: "rfc822;dos@uno.test", Action: Failed, Status: mail.Status{Class: 5, Subject: 7, Detail: 1}, Reason: "The sender may not write to this mailing list", Barred: true}
	r.Recipients = []Recipient{one}
	text := spoken(t, r)
	for _, want := range []string{"dos@uno.test: a mailing list is behind this address, and did not get it: you may not write to it. Others behind",
		"dos@uno.test: detrás de esta dirección hay una lista de correo que no lo recibió: usted no puede escribir a ella. A los demás"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	one.Action, one.Status, one.Reason = Expanded, mail.Status{Class: 2}, ""
	r.Recipients = []Recipient{one}
	if text := spoken(t, r); !strings.Contains(text, "it was sent on, but not to a mailing list") || !strings.Contains(text, "se reenvió, pero no a una lista") {
		t.Error(text)
	}
}
