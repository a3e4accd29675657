package main

import (
	"strings"
	"testing"
	"time"

	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/wire/wiretest"
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

// Where a server is not good enough for what was asked, it hears QUIT all the same.
//
// rfc: 5321-4.1.1.10-3
func TestSendTakesLeave(t *testing.T) {
	const hello, bye = "S: 220 x\nC: EHLO me.example\nS: 250-x\n", "\nC: QUIT\nS: 221 bye\nclosed"
	for name, test := range map[string]struct {
		flags  clientFlags
		script string
	}{
		"no TLS":            {clientFlags{startTLS: true}, hello + "S: 250 HELP" + bye},
		"no log-in":         {clientFlags{user: "u", noTLS: true}, hello + "S: 250 HELP" + bye},
		"none that we have": {clientFlags{user: "u", noTLS: true}, hello + "S: 250 AUTH GSSAPI" + bye},
		"weak":              {clientFlags{user: "u"}, hello + "S: 250 AUTH PLAIN" + bye},
	} {
		near, far := wiretest.Pipe()
		played := make(chan error, 1)
		go func() { played <- wiretest.Script(far, test.script, nil) }()
		s := &sending{a: &app{data: t.TempDir(), terminal: terminal{Getenv: func(string) string { return "" }}}, o: &sendOptions{client: &test.flags}, t: target{StartTLS: test.flags.startTLS}, remote: near.RemoteAddr(),
			c: smtpclient.New(near, smtpclient.Options{Name: "me.example", Times: smtpclient.All(time.Minute)})}
		if err := s.run(t.Context(), "p"); err == nil {
			t.Errorf("%s: nothing is wrong", name)
		}
		if err := <-played; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A wish for reports that the server cannot pass on is not left out without a word;
// the message goes all the same.
func TestSendWithoutDSN(t *testing.T) {
	for offer, said := range map[string]bool{"HELP": true, "DSN": false} {
		wish := ""
		if !said {
			wish = " NOTIFY=SUCCESS"
		}
		script := "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 " + offer + "\nC: MAIL FROM:<a@x.es>\nS: 250 ok\nC: RCPT TO:<b@x.es>" + wish +
			"\nS: 250 ok\nC: DATA\nS: 354 go\nC: Subject: x\nC: \nC: x\nC: .\nS: 250 mine\nC: QUIT\nS: 221 bye\nclosed"
		near, far := wiretest.Pipe()
		played := make(chan error, 1)
		go func() { played <- wiretest.Script(far, script, nil) }()
		var out strings.Builder
		a := speaking(t, "en")
		a.terminal = terminal{Out: &out, Getenv: func(string) string { return "" }}
		from, _ := mail.ParseAddress("a@x.es")
		to, _ := mail.ParseAddress("b@x.es")
		s := &sending{a: a, o: &sendOptions{client: &clientFlags{noTLS: true}, notify: "success"}, remote: near.RemoteAddr(),
			m: &smtpclient.Message{Envelope: mail.Envelope{From: from}, To: []mail.Recipient{{To: to, Notify: mail.NotifySuccess}}, Content: strings.NewReader("Subject: x\r\n\r\nx\r\n"), Size: -1},
			c: smtpclient.New(near, smtpclient.Options{Name: "me.example", Times: smtpclient.All(time.Minute)})}
		err := s.run(t.Context(), "")
		if err = s.report(err); err != nil {
			t.Errorf("%s: %v", offer, err)
		}
		if err := <-played; err != nil {
			t.Errorf("%s: %v", offer, err)
		}
		if got := out.String(); strings.Contains(got, "offers no DSN") != said || !strings.Contains(got, "accepted") {
			t.Errorf("%s: %q", offer, got)
		}
	}
}

// Where some are refused it is said who, and whether the others have the message; who
// asked for reports hears of those, too.
func TestSendPartly(t *testing.T) {
	for stage, says := range map[string]string{
		"":     "the server refused 1 of 2 recipients; the others have the message. Refused: <c@x.es>: 550 5.1.1 nobody",
		"RCPT": "the server refused 1 of 2 recipients, and no message was sent: it stopped after RCPT. Refused: <c@x.es>: 550 5.1.1 nobody",
	} {
		var out strings.Builder
		a := speaking(t, "en")
		a.terminal = terminal{Out: &out, Getenv: func(string) string { return "" }}
		s := &sending{a: a, o: &sendOptions{quitAfter: stage}, result: sent{NoDSN: true,
			Recipients: []sentRecipient{{"b@x.es", 250, "250 ok"}, {"c@x.es", 550, "550 5.1.1 nobody"}}}}
		if err := s.report(nil); err == nil || a.words.Error(err) != says {
			t.Errorf("%q: %v", stage, err)
		}
		if got := out.String(); strings.Contains(got, "offers no DSN") != (stage == "") {
			t.Errorf("%q: %q", stage, got)
		}
	}
}

// Where all are refused each stands there with what was said to it.
func TestSendAllRefused(t *testing.T) {
	refused := &smtpclient.Refusal{Verb: smtp.RCPT, Reply: smtp.Reply{Code: 550, Text: "5.1.1 nobody"}}
	one, other := sentRecipient{"b@x.es", 550, "550 5.1.1 nobody"}, sentRecipient{"c@x.es", 452, "452 4.2.2 full"}
	for says, to := range map[string][]sentRecipient{
		"the server refused the recipient <b@x.es>: 550 5.1.1 nobody":                               {one},
		"the server refused all 2 recipients: <b@x.es>: 550 5.1.1 nobody; <c@x.es>: 452 4.2.2 full": {one, other},
	} {
		a := speaking(t, "en")
		s := &sending{a: a, o: &sendOptions{}, result: sent{Recipients: to}}
		if err := s.report(refused); err == nil || a.words.Error(err) != says {
			t.Errorf("%v, not %s", err, says)
		}
	}
}
