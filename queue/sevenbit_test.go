package queue

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/store"
)

// narrow is a script in which the message that sendAs sends is in seven bits.
func narrow(sent string) string {
	return strings.NewReplacer("C: Subject: Hi", "C: Subject: Hi\nC: MIME-Version: 1.0\nC: Content-Type: text/plain; charset=unknown-8bit\nC: Content-Transfer-Encoding: quoted-printable",
		"C: Hi", "C: H=E9").Replace(sent)
}

// What was signed here is signed anew as it leaves, for the same domain; where
// that fails it goes without.
func TestSignedInSevenBits(t *testing.T) {
	const prefix = "Received: x\r\nDKIM-Signature: v=1; h=from;\r\n\td = Us.example; b=x\r\nDKIM-Signature: v=1; d=us.example; s=ed\r\n"
	for name, fails := range map[string]error{"anew": nil, "without": errors.New("no key")} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.failing = fails != nil
			w.host("x.example", "mx.x.example", 10, "192.0.2.7")
			want := narrow(sent)
			if fails == nil {
				want = strings.Replace(want, "C: Subject", "C: DKIM-Signature: new\n\tC: Received: x\n\tC: Subject", 1)
			} else {
				want = strings.Replace(want, "C: Subject", "C: Received: x\n\tC: Subject", 1)
			}
			w.answers("192.0.2.7:25", talk(want, quit))
			var signed []string
			w.q.cfg.Resign = func(_ context.Context, domain string, message io.Reader) ([]byte, error) {
				text, err := io.ReadAll(message)
				signed = append(signed, domain+" "+string(text))
				return []byte("DKIM-Signature: new\r\n"), errors.Join(err, fails)
			}
			now := time.Now()
			w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: "q", Body: mail.Body8BitMIME, Prefix: []byte(prefix), Received: now,
				Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: now, Expires: now.Add(time.Hour)}}}, prefix+"Subject: Hi\r\n\r\nH\xe9\r\n")
			w.run(2 * time.Hour)
			if w.store.left() != 0 || len(w.reports) != 0 || len(w.facts) != 1 {
				t.Errorf("%s: %s %q", name, w.story(), w.reports)
			}
			if !slices.Equal(signed, []string{"Us.example Received: x\r\nSubject: Hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n" +
				"Content-Transfer-Encoding: quoted-printable\r\n\r\nH=E9\r\n"}) {
				t.Errorf("%s: signed %q", name, signed)
			}
			if len(w.problems) != 0 == (fails == nil) {
				t.Errorf("%s: problems %v", name, w.problems)
			}
		})
	}
}

// That a message cannot be read just now, when it is looked at for a host without
// 8BITMIME, says nothing of what is in it: it waits.
func TestSevenBitsUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", talk(quit), talk(narrow(sent), quit))
		w.sendAs(store.Outgoing{Body: mail.Body8BitMIME}, "b@x.example")
		w.store.ill = 2 // the body itself, which nobody reads then, and the look at it
		w.run(2 * time.Hour)
		if w.store.left() != 0 || len(w.reports) != 0 || len(w.facts) != 2 || len(w.problems) != 1 {
			t.Errorf("%s %q %v", w.story(), w.reports, w.problems)
		}
	})
}

// reportLines are a report on a message of UTF-8, as it is written and in 7 bits.
func reportLines() (wide, narrow string) {
	wide = "From: postmaster@us.example\nTo: b@x.example\nSubject: avisó\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=q\n" +
		"Content-Transfer-Encoding: 8bit\n\n--q\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nño\n" +
		"--q\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n\nFinal-Recipient: utf-8;ñ@y.example\n" +
		"--q\nContent-Type: message/global-headers\nContent-Transfer-Encoding: 8bit\n\nSubject: ñ\n--q--"
	narrow = strings.NewReplacer("avisó", "=?utf-8?q?avis=C3=B3?=", "boundary=q\nContent-Transfer-Encoding: 8bit", "boundary=q\nContent-Transfer-Encoding: 7bit",
		"charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nño", "charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B1o",
		"8bit\n\nFinal-Recipient: utf-8;ñ@y.example", "base64\n\n"+base64.StdEncoding.EncodeToString([]byte("Final-Recipient: utf-8;ñ@y.example")),
		"8bit\n\nSubject: ñ", "base64\n\n"+base64.StdEncoding.EncodeToString([]byte("Subject: ñ"))).Replace(wide)
	return wide, narrow
}

// A report on a message of UTF-8 reaches a reader whose host has no SMTPUTF8, for
// nobody else would hear of it: in 7 bits, whatever that host takes beside. Mail that
// somebody sent is refused instead, and he gets the report.
// rfc: 6533-4.5-1, 6533-6.3-1, 6533-6.3-2, 6533-6.4-1
func TestReportInSevenBits(t *testing.T) {
	wide, narrow := reportLines()
	const ok, refused = "b relayed 250 2.0.0 mine", "b failed The server takes no header beyond ASCII"
	for name, tt := range map[string]struct {
		offer       []string
		from, text  string
		asks, gives string
		want        string
	}{
		"SMTPUTF8":                  {[]string{"8BITMIME", "SMTPUTF8"}, "", wide, " BODY=8BITMIME SMTPUTF8", wide, ok},
		"8BITMIME":                  {[]string{"8BITMIME"}, "", wide, "", narrow, ok},
		"neither":                   {nil, "", wide, "", narrow, ok},
		"neither, and nothing wide": {nil, "", "Subject: x\n\ny", "", "Subject: x\n\ny", ok},
		"signed by others":          {[]string{"8BITMIME"}, "", "DKIM-Signature: theirs\n" + wide, "", "", refused},
		"sent by somebody":          {[]string{"8BITMIME"}, "a@us.example", wide, "", "", refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.host("x.example", "mx.x.example", 10, "192.0.2.7")
				answer := script(greeting(tt.offer...), quit)
				if tt.gives != "" {
					answer = strings.Replace(saidBy(tt.offer, tt.asks, tt.gives), "<a@us.example>", "<>", 1)
				}
				w.answers("192.0.2.7:25", answer)
				now := time.Now()
				w.store.file(store.Outgoing{Sender: "s", From: tt.from, Queue: "q", Body: mail.Body8BitMIME, UTF8: true, Received: now, Traits: store.Traits{UTF8: true},
					Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: now, Expires: now.Add(time.Hour)}}}, strings.ReplaceAll(tt.text, "\n", "\r\n")+"\r\n")
				w.run(2 * time.Hour)
				if len(w.facts) != 1 || "b "+w.facts[0].Outcome+" "+w.facts[0].Reply != tt.want || w.store.left() != 0 {
					t.Errorf("%s", w.story())
				}
			})
		})
	}
}
