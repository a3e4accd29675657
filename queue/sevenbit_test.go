package queue

import (
	"context"
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
