package mailroom

import (
	"reflect"
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
)

func (h *house) check(domain string, check directory.SenderCheck) {
	h.t.Helper()
	d, err := h.rows.Domain(h.t.Context(), domain)
	if err == nil {
		d.SenderCheck = check
		err = h.rows.SetDomain(h.t.Context(), d)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// What each check does with a message under others' addresses, and what is
// told of it.
func TestSenderCheck(t *testing.T) {
	const header = "From: Jefe <jefa@example.net>, pepe@pepito.es\r\nSender: nadie\r\nResent-From:\r\nresent-sender: ana@pepito.es\r\n"
	env := mail.Envelope{From: addr("boletin@example.net")}
	told := []mail.Foreign{{Field: "MAIL FROM", Address: "boletin@example.net"}, {Field: "From", Address: "jefa@example.net"},
		{Field: "Sender", Address: "nadie"}, {Field: "Resent-From"}, {Field: "Resent-Sender", Address: "ana@pepito.es"}}
	for _, tt := range []struct {
		check   directory.SenderCheck
		reply   string
		foreign []mail.Foreign
	}{
		{directory.Enforce, "553 5.7.1", nil},
		{directory.LogOnly, "", told},
		{directory.Off, "", nil},
	} {
		h := newHouse(t)
		h.check("pepito.es", tt.check)
		o := h.submission("pepe@pepito.es")
		r, err := h.send(o, env, header+"\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, string(tt.check), err, tt.reply)
		if !reflect.DeepEqual(r.Foreign, tt.foreign) {
			t.Errorf("%s tells of %v", tt.check, r.Foreign)
		}
		if tt.check == directory.Enforce {
			continue
		}
		o.Mode = mail.Lab
		r, err = h.send(o, env, header+"\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, "lab, "+string(tt.check), err, "")
		for _, note := range r.Notes {
			if strings.Contains(note, "a strict listener refuses that") {
				t.Errorf("lab, %s: %s", tt.check, note)
			}
		}
	}
}

// What is told of one message is bounded.
func TestForeignIsBounded(t *testing.T) {
	h := newHouse(t)
	h.check("pepito.es", directory.LogOnly)
	env := mail.Envelope{From: addr("pepe@pepito.es")}
	msg := "From: x@y.example" + strings.Repeat(", x@y.example", 50) + "\r\n"
	for i := range 2 * maxForeign {
		msg += "Sender: " + strings.Repeat("x", i+1) + "@y.example\r\n"
	}
	r, err := h.send(h.submission("pepe@pepito.es"), env, msg+"\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
	wantReply(t, "many", err, "")
	if len(r.Foreign) != maxForeign || r.Foreign[1].Field != "Sender" {
		t.Errorf("told of %v", r.Foreign)
	}
}

// Who need not log in writes as somebody here; who is inside as he likes.
func TestSenderWithoutLogin(t *testing.T) {
	h := newHouse(t)
	o := h.submission("pepe@pepito.es")
	o.Login, o.NoLogin = mail.Login{}, true
	for _, tt := range []struct{ from, header, outside, inside string }{
		{"ana@pepito.es", "From: PEPE+x@pepito.es", "", ""},
		{"", "Subject: a report", "", ""},
		{"scanner@example.net", "", "553 5.7.1", ""},
		{"nadie@pepito.es", "", "553 5.7.1", ""},
		{"ana@pepito.es", "From: scanner@example.net", "550 5.7.1", ""},
		{"ana@pepito.es", "From: scanner", "550 5.7.1", ""},
		{"ana@pepito.es", "Sender: ", "550 5.7.1", ""},
	} {
		o.Inside = ""
		_, err := h.send(o, mail.Envelope{From: addr(tt.from)}, tt.header+"\r\n\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, "outside: "+tt.from+" "+tt.header, err, tt.outside)
		o.Inside = "www-data"
		_, err = h.send(o, mail.Envelope{From: addr(tt.from)}, tt.header+"\r\n\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, "inside: "+tt.from+" "+tt.header, err, tt.inside)
	}
	h.check("pepito.es", directory.LogOnly)
	o.Inside = ""
	r, err := h.send(o, mail.Envelope{From: addr("scanner@pepito.es")}, "From: scanner@pepito.es\r\n\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
	wantReply(t, "an unknown address, logged", err, "")
	if len(r.Foreign) != 2 {
		t.Errorf("told of %v", r.Foreign)
	}
}

// An address behind the first one is looked at like that one: it may be what a
// reader shows, and the domain would sign it.
func TestSecondAuthor(t *testing.T) {
	h, _ := open(t)
	h.account("jefa@pepito.es", 0)
	for _, from := range []string{
		"<pepe@pepito.es> <jefa@pepito.es>", "<pepe@pepito.es><jefa@pepito.es>", `"x" <pepe@pepito.es> jefa@pepito.es`,
		"pepe@pepito.es, jefa@pepito.es", "us: pepe@pepito.es, jefa@pepito.es;", "pepe@pepito.es; jefa@pepito.es",
		"pepe@pepito.es\r\nFrom: jefa@pepito.es", "pepe@pepito.es\r\nFrom : jefa@pepito.es", "pepe@pepito.es\r\nSender: jefa@pepito.es",
	} {
		_, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")},
			"From: "+from+"\r\n\r\nx\r\n", 0, rcpts("bob@far.example")...)
		wantReply(t, from, err, "550 5.7.1")
	}
}
