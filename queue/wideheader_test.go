package queue

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/store"
)

// headerCase is mail with UTF-8 in its header, or none, and two hosts.
type headerCase struct {
	text    string
	asked   bool // MAIL had SMTPUTF8
	to      string
	first   string
	second  string // "": there is no other host
	want    string
	reports []string // what is said in the report
}

// saidBy is a dialogue in which a message goes out behind such a MAIL.
func saidBy(offer []string, parameters, text string) string {
	s := strings.Replace(sent, "MAIL FROM:<a@us.example>", "MAIL FROM:<a@us.example>"+parameters, 1)
	before, _, _ := strings.Cut(s, "C: Subject")
	return script(greeting(offer...), before+"C: "+strings.ReplaceAll(text, "\n", "\nC: ")+"\nC: .\nS: 250 2.0.0 mine", quit)
}

func headerCases() map[string]headerCase {
	const wide, wider = "Subject: número\nTo: Pepé <b@x.example>\n\nH\xc3\xad", "To: <ñ@x.example>\n\nHi"
	const words = "Subject: =?utf-8?q?n=C3=BAmero?=\nTo: =?utf-8?b?UGVww6k=?= <b@x.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n" +
		"Content-Transfer-Encoding: quoted-printable\n\nH=C3=AD"
	refuses := talk(quit)
	header := []string{"Status: 5.6.9", "The server takes no header beyond ASCII", "plain letters, a to z, in the header"}
	return map[string]headerCase{
		"SMTPUTF8": {text: wide, first: saidBy([]string{"8BITMIME", "SMTPUTF8"}, " BODY=8BITMIME SMTPUTF8", wide), want: "b relayed 250 2.0.0 mine"},
		"8BITMIME": {text: wide, first: saidBy([]string{"8BITMIME"}, " BODY=8BITMIME", wide), want: "b relayed 250 2.0.0 mine"},
		"neither":  {text: wide, first: saidBy(nil, "", words), want: "b relayed 250 2.0.0 mine"},
		"neither, signed by others": {text: "DKIM-Signature: theirs\n" + wide, first: refuses, want: "b failed The server takes no header beyond ASCII",
			reports: header},
		"neither, signed by others, and another host": {text: "DKIM-Signature: theirs\n" + wide, first: refuses,
			second: saidBy([]string{"8BITMIME"}, " BODY=8BITMIME", "DKIM-Signature: theirs\n"+wide), want: "b relayed 250 2.0.0 mine"},
		"8BITMIME, signed by others": {text: "DKIM-Signature: theirs\n" + wide, first: saidBy([]string{"8BITMIME"}, " BODY=8BITMIME", "DKIM-Signature: theirs\n"+wide),
			want: "b relayed 250 2.0.0 mine"},
		"neither, an address":  {text: wider, first: refuses, want: "b failed The server takes no header beyond ASCII", reports: header},
		"8BITMIME, an address": {text: wider, first: saidBy([]string{"8BITMIME"}, " BODY=8BITMIME", wider), want: "b relayed 250 2.0.0 mine"},
		"SMTPUTF8 alone":       {text: wide, first: saidBy([]string{"SMTPUTF8"}, "", words), want: "b relayed 250 2.0.0 mine"}, // RFC 6531 §3.1 wants both
		"asked":                {text: wide, asked: true, first: script(greeting("8BITMIME"), quit), want: "b failed The server takes no header beyond ASCII", reports: header},
		"asked, and no header needs it": {text: "Subject: Hi\n\nH\xc3\xad", asked: true, first: saidBy([]string{"8BITMIME"}, " BODY=8BITMIME", "Subject: Hi\n\nH\xc3\xad"),
			want: "b relayed 250 2.0.0 mine"},
		"asked, and no header needs it, neither": {text: "Subject: Hi\n\nH\xc3\xad", asked: true, want: "b relayed 250 2.0.0 mine",
			first: saidBy(nil, "", "Subject: Hi\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nH=C3=AD")},
		"asked, and a part's header needs it": {text: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Description: ñ\n\nx\n--b--", asked: true,
			first: script(greeting("8BITMIME"), quit), want: "b failed The server takes no header beyond ASCII", reports: header},
		"asked, and another host": {text: wide, asked: true, first: script(greeting("8BITMIME"), quit),
			second: saidBy([]string{"8BITMIME", "SMTPUTF8"}, " BODY=8BITMIME SMTPUTF8", wide), want: "b relayed 250 2.0.0 mine"},
		"nothing beyond ASCII": {text: "Subject: Hi\n\nH\xc3\xad", first: saidBy([]string{"8BITMIME", "SMTPUTF8"}, " BODY=8BITMIME", "Subject: Hi\n\nH\xc3\xad"), want: "b relayed 250 2.0.0 mine"},
		"address, wanted": {text: "Subject: Hi\n\nHi", to: "ñ@x.example", first: strings.Replace(saidBy([]string{"8BITMIME", "SMTPUTF8"}, " BODY=8BITMIME SMTPUTF8", "Subject: Hi\n\nHi"), "TO:<b@", "TO:<ñ@", 1),
			want: "ñ relayed 250 2.0.0 mine"},
		"address": {text: "Subject: Hi\n\nHi", asked: true, to: "ñ@x.example", first: script(greeting("8BITMIME"), quit),
			want: "ñ failed The server takes no addresses beyond ASCII", reports: []string{"Status: 5.6.7", "addresses with letters beyond a to z"}},
	}
}

// Each recipient has the reason that is his own, and the report says whose address
// it is that the host does not know.
//
// rfc: 6531-3.5-1
func TestWideAddresses(t *testing.T) {
	const header, mine, senders = "The server takes no header beyond ASCII", "The server takes no addresses beyond ASCII", "The server takes no sender's address beyond ASCII"
	const others, own = "another address of the recipient", "yours, the sender's, has such letters"
	relayed := strings.Replace(saidBy([]string{"8BITMIME"}, "", "Subject: Hi\n\nHi"), "<b@x", "<d@x", 1)
	refuses := script(greeting("8BITMIME"), quit)
	for name, c := range map[string]struct {
		from, subject string
		to            []string
		asked         bool
		talk          string
		want          string
		report        []string
	}{
		"one of two":        {"a@us.example", "Hi", []string{"d@x.example", "dñ@x.example"}, false, relayed, "d 250 2.0.0 mine, dñ " + mine, []string{others}},
		"one of two, first": {"a@us.example", "Hi", []string{"dñ@x.example", "d@x.example"}, false, relayed, "d 250 2.0.0 mine, dñ " + mine, []string{others}},
		"and the header":    {"a@us.example", "ñ", []string{"dñ@x.example", "d@x.example"}, true, refuses, "dñ " + mine + ", d " + header, []string{others, "in the header"}},
		"and the sender":    {"ñandú@us.example", "ñ", []string{"dñ@x.example", "d@x.example"}, true, refuses, "dñ " + mine + ", d " + senders, []string{others, own}},
		"the sender":        {"ñandú@us.example", "ñ", []string{"d@x.example"}, true, refuses, "d " + senders, []string{own}},
		"a report":          {"", "ñ", []string{"dñ@x.example"}, true, refuses, "dñ " + mine, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.host("x.example", "mx.x.example", 10, "192.0.2.7")
				w.answers("192.0.2.7:25", c.talk)
				now := time.Now()
				out := store.Outgoing{Sender: "s", From: c.from, Queue: "q", Body: mail.Body7Bit, UTF8: c.asked, Received: now, Traits: store.Traits{UTF8: !mail.IsASCII(c.subject)}}
				for _, to := range c.to {
					out.Rcpts = append(out.Rcpts, store.Rcpt{To: to, Domain: "x.example", Due: now, Expires: now.Add(time.Hour)})
				}
				head := "Subject: " + c.subject
				if !mail.IsASCII(c.from) || c.from == "" {
					head += "\r\nTo: <ñ@x.example>" // which nobody can put into 7 bits
				}
				w.store.file(out, head+"\r\n\r\nHi\r\n")
				w.run(2 * time.Hour)
				var got []string
				for _, f := range w.facts {
					name, _, _ := strings.Cut(f.Recipient, "@")
					got = append(got, name+" "+f.Reply)
				}
				if strings.Join(got, ", ") != c.want || w.store.left() != 0 || len(w.reports) != min(len(c.report), 1) {
					t.Errorf("%q, want %q\n%s%q", got, c.want, w.story(), w.reports)
				}
				for _, want := range c.report {
					if said := strings.Join(strings.Fields(w.reports[0]), " "); !strings.Contains(said, want) || strings.Count(said, "Status: 5.6.") != len(c.report) {
						t.Errorf("no %q in %s", want, said)
					}
				}
			})
		})
	}
}

// SMTPUTF8 is wanted of a host for what the sender asked it for and for addresses,
// not for a header alone. What cannot leave is refused for what it is.
//
// rfc: 6531-3.1-4, 6531-3.2-4, 6531-3.2-5, 6531-3.2-7, 6531-3.2-8, 6531-3.2-9, 6531-3.2-10, 6531-3.2-11
// rfc: 6531-3.4-1, 6531-3.4-2, 6531-3.4-3, 6531-3.5-1, 6531-3.6-1
func TestWideHeader(t *testing.T) {
	for name, c := range headerCases() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
				w.answers("192.0.2.7:25", c.first)
				if c.second != "" {
					w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
					w.answers("192.0.2.8:25", c.second)
				}
				text, to, now := strings.ReplaceAll(c.text, "\n", "\r\n")+"\r\n", "b@x.example", time.Now()
				if c.to != "" {
					to = c.to
				}
				head, _, _ := strings.Cut(text, "\r\n\r\n")
				w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: "q", Body: mail.Body8BitMIME, UTF8: c.asked, Received: now,
					Traits: store.Traits{UTF8: !mail.IsASCII(head)}, Rcpts: []store.Rcpt{{To: to, Domain: "x.example", Due: now, Expires: now.Add(time.Hour)}}}, text)
				w.run(2 * time.Hour)
				name, _, _ := strings.Cut(to, "@")
				if len(w.facts) != 1 || name+" "+w.facts[0].Outcome+" "+w.facts[0].Reply != c.want || w.store.left() != 0 {
					t.Errorf("%s", w.story())
				}
				if len(w.reports) != min(len(c.reports), 1) {
					t.Fatalf("%q", w.reports)
				}
				for _, want := range c.reports {
					if said := strings.Join(strings.Fields(w.reports[0]), " "); !strings.Contains(said, want) {
						t.Errorf("no %q in %s", want, said)
					}
				}
			})
		})
	}
}
