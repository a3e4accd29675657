package queue

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/store"
)

// conversations are what servers say, and what becomes of the mail.
func conversations() map[string]conversation {
	const to2 = "b@x.example,c@x.example"
	return map[string]conversation{
		"every second is one too many": {to: "b@x.example,c@x.example,d@x.example", first: talk(`
			C: MAIL FROM:<a@us.example>
			S: 250 ok
			C: RCPT TO:<b@x.example>
			S: 250 ok
			C: RCPT TO:<c@x.example>
			S: 452 4.5.3 enough
			C: RCPT TO:<d@x.example>
			S: 550 5.1.1 who
			C: DATA
			S: 354 go
			C*
			C*
			C*
			C: .
			S: 250 2.0.0 mine
			C: MAIL FROM:<a@us.example>
			S: 250 ok
			C: RCPT TO:<c@x.example>
			S: 250 ok
			C: DATA
			S: 354 go
			C*
			C*
			C*
			C: .
			S: 250 2.0.0 mine`, quit),
			want: "b relayed 250 2.0.0 mine, d failed 550 5.1.1 who, c relayed 250 2.0.0 mine", dials: 1, reports: 1},
		"421 in the middle": {to: to2, first: talk(`
			C: MAIL FROM:<a@us.example>
			S: 250 ok
			C: RCPT TO:<b@x.example>
			S: 550 5.1.1 who
			C: RCPT TO:<c@x.example>
			S: 421 4.3.2 bye
			`),
			second: talk(strings.ReplaceAll(sent, "b@x", "c@x"), quit),
			want:   "b failed 550 5.1.1 who, c relayed 250 2.0.0 mine", dials: 2, reports: 1},
		"no reply to the dot": {to: "b@x.example", first: talk(strings.Replace(sent, "S: 250 2.0.0 mine", "", 1)),
			want: "b delayed The message was sent, and no answer came: the other side closed the connection", left: 1, dials: 1},
		"breaks off at once": {to: "b@x.example", first: talk("C: MAIL FROM:<a@us.example>"),
			second: talk(sent, quit), want: "b relayed 250 2.0.0 mine", dials: 2},
		"too large, by MAIL": {to: "b@x.example", first: talk("C: MAIL FROM:<a@us.example>\nS: 552 5.3.4 large", quit),
			want: "b failed 552 5.3.4 large", dials: 1, reports: 1},
		"spam": {to: "b@x.example", first: talk(strings.Replace(sent, "250 2.0.0 mine", "554 5.7.1 spam", 1), quit),
			want: "b failed 554 5.7.1 spam", dials: 1, reports: 1},
		"DATA 451": {to: "b@x.example", first: talk(strings.Replace(sent[:strings.Index(sent, "C: Subject")], "354 go", "451 no", 1), "C: RSET\nS: 250 ok", quit),
			want: "b delayed 451 no", left: 1, dials: 1},
		"EHLO 421": {to: "b@x.example", first: "S: 220 x\nC: EHLO us.example\nS: 421 bye\nclosed", second: talk(sent, quit),
			want: "b relayed 250 2.0.0 mine", dials: 2},
		"all greet 554": {to: "b@x.example", first: "S: 554 5.7.1 blocked\nC: QUIT\nS: 221 x\nclosed", second: "S: 554 5.7.1 listed\nC: QUIT\nS: 221 x\nclosed",
			want: "b failed 554 5.7.1 listed", dials: 2, reports: 1},
		"one greets 554": {to: "b@x.example", first: "S: 554 5.7.1 blocked\nC: QUIT\nS: 221 x\nclosed", second: "refused",
			want: "b delayed No connection: connection refused", dials: 2, left: 1},
		"null sender": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "<>"}, first: talk(`
			C: MAIL FROM:<>
			S: 550 no`, quit), want: "b failed 550 no", dials: 1},
		"eight bits that others signed, nowhere": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "a@us.example", Body: mail.Body8BitMIME, EnvID: "signed"},
			first: talk(quit), second: talk(quit),
			want: "b failed The server takes no 8-bit messages", dials: 2, reports: 1},
		"eight bits put into seven": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "a@us.example", Body: mail.Body8BitMIME},
			first: script(greeting("SIZE 1000"), narrow(sent), quit), want: "b relayed 250 2.0.0 mine", dials: 1},
		"eight bits that are seven": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "a@us.example", Body: mail.Body8BitMIME, EnvID: "plain"},
			first: talk(sent, quit), want: "b relayed 250 2.0.0 mine", dials: 1},
		"eight bits that others signed, elsewhere": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "a@us.example", Body: mail.Body8BitMIME, EnvID: "signed"},
			first: talk(quit), second: script(greeting("8BITMIME"), strings.NewReplacer("us.example>", "us.example> BODY=8BITMIME", "C: Subject", "C: DKIM-Signature: theirs\nC: Subject", "C: Hi", "C: H\xe9").Replace(sent), quit),
			want: "b relayed 250 2.0.0 mine", dials: 2},
		"too large": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "a@us.example", Size: 1000},
			first: script(greeting("SIZE 999"), quit), second: script(greeting("SIZE 999"), quit),
			want: "b failed The message is larger than the server takes", dials: 2, reports: 1},
		"odd EHLO": {to: "b@x.example", first: script("S: 220-hello\nS: 220\nC: EHLO us.example\nS: 502 what\nC: HELO us.example\nS: 250", sent, quit),
			want: "b relayed 250 2.0.0 mine", dials: 1},
		"no SMTP": {to: "b@x.example", first: "S: SSH-2.0-x\nclosed", second: talk(sent, quit), want: "b relayed 250 2.0.0 mine", dials: 2},
		"lab, not routed": {to: "b@x.example", out: store.Outgoing{Sender: "s", From: "a@us.example", Lab: true},
			want: "b failed Mail of a lab goes only where a route leads", reports: 1},
	}
}

type conversation struct {
	to            string
	out           store.Outgoing
	first, second string // what the two hosts say
	want          string
	left, dials   int
	reports       int
}

// rfc: 1870-6.2-4, 5321-2.2.3-1, 5321-2.4-5, 5321-3.6.3-1, 5321-4.2.1-2, 5321-4.2.5-4, 5321-4.5.3.1.8-5
func TestConversations(t *testing.T) {
	for name, c := range conversations() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
				w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
				w.answers("192.0.2.7:25", c.first)
				w.answers("192.0.2.8:25", c.second)
				if c.second == "" {
					delete(w.mx, "x.example")
					w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
				}
				w.sendAs(c.out, strings.Split(c.to, ",")...)
				w.run(2 * time.Minute)
				var got []string
				for _, f := range w.facts {
					got = append(got, f.Recipient[:1]+" "+f.Outcome+" "+f.Reply)
				}
				if s := strings.Join(got, ", "); s != c.want || w.store.left() != c.left || len(w.dials) != c.dials || len(w.reports) != c.reports {
					t.Errorf("%s; %d left, %q, %d reports", s, w.store.left(), w.dials, len(w.reports))
				}
			})
		})
	}
}
