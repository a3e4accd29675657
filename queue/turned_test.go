package queue

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/store"
	"posta/wire/wiretest"
)

// A site has turned a connection round: it gets what waits for it, whenever that
// is due, and what it refuses for now waits for it further.
func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, to := range []string{"b@x.example", "c@x.example", "d@y.example", "e@z.example"} {
			_, domain, _ := strings.Cut(to, "@")
			w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: to, Received: time.Now(),
				Rcpts: []store.Rcpt{{To: to, Domain: domain, Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "Subject: Hi\r\n\r\nHi\r\n")
		}
		near, far := wiretest.Pipe()
		w.peers.Go(func() {
			if err := wiretest.Script(far, talk(sent, "C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<c@x.example>\nS: 450 4.2.1 not now\nC: RSET\nS: 250 ok",
				strings.Replace(sent, "b@x", "d@y", 1), quit), nil); err != nil {
				t.Error(err)
			}
		})
		time.AfterFunc(time.Second, func() {
			c := smtpclient.New(near, smtpclient.Options{Name: "us.example"})
			if err := errors.Join(c.Greeting(t.Context()), c.Hello(t.Context())); err != nil {
				t.Error(err)
			}
			n, err := w.q.Deliver(t.Context(), c, Turned{Site: "site", Addr: netip.MustParseAddrPort("192.0.2.50:1"), OnDemand: true}, []string{"x.example", "y.example"})
			if n != 2 || err != nil {
				t.Error(n, err)
			}
			_ = c.Quit(t.Context())
		})
		w.run(time.Hour)
		if w.store.left() != 2 || len(w.dials) != 0 || w.store.leased != 0 {
			t.Errorf("%d left, %d leased, %q\n%s", w.store.left(), w.store.leased, w.dials, w.story())
		}
		if _, err := w.q.Deliver(t.Context(), nil, Turned{}, nil); !errors.Is(err, ErrEnding) {
			t.Error(err)
		}
	})
}

// What a site's server cannot be handed, because it does not get so far, waits for
// the site further, and each item says why.
func TestDeliverInVain(t *testing.T) {
	refused := &smtpclient.Refusal{Verb: smtp.STARTTLS, Reply: smtp.Reply{Code: 454, Text: "TLS not now"}}
	for want, why := range map[string]error{
		"STARTTLS 454 TLS not now":                                                                     fmt.Errorf("no: %w", refused),
		" 0 The host does not offer TLS, which is required on this way":                                fmt.Errorf("no: %w", smtpclient.ErrNoTLS),
		" 0 TLS could not be started: the other side closed the connection":                            fmt.Errorf("%w: %w", smtpclient.ErrTLS, io.EOF),
		" 0 The connection broke before a message could be sent: the other side closed the connection": io.EOF,
		"greeting 554 go away": &smtpclient.Refusal{Reply: smtp.Reply{Code: 554, Text: "go away"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			for _, to := range []string{"b@x.example", "c@x.example"} {
				w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: to, Received: time.Now(),
					Rcpts: []store.Rcpt{{To: to, Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "\r\n")
			}
			time.AfterFunc(time.Second, func() {
				near, _ := wiretest.Pipe()
				c := smtpclient.New(near, smtpclient.Options{Name: "us.example"})
				if n, err := w.q.Deliver(t.Context(), c, Turned{Site: "site", Session: 7, OnDemand: true, Why: why}, []string{"x.example"}); n != 0 || err != nil {
					t.Error(n, err)
				}
			})
			w.run(time.Hour)
			for _, e := range w.store.items {
				if got := fmt.Sprintf("%s %d %s", e.Last.Verb, e.Last.Code, e.Last.Text); got != want || e.Attempts != 1 || !e.Due.Equal(store.Never()) || e.Last.Host != "site" || e.Last.Session != 7 {
					t.Errorf("%q, want %q: %+v", got, want, e.Item)
				}
			}
			if w.store.left() != 2 || w.store.leased != 0 || len(w.reports) != 0 {
				t.Errorf("%d left, %d leased, %q", w.store.left(), w.store.leased, w.reports)
			}
		})
	}
}

// A message on which the connection breaks does not keep those behind it from being
// handed over the next time.
func TestBrokenGoesBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, to := range []string{"b@x.example", "c@x.example", "d@x.example"} {
			w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: to, Received: time.Now(),
				Rcpts: []store.Rcpt{{To: to, Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "Subject: Hi\r\n\r\nHi\r\n")
		}
		breaks := func(to string) string {
			return "C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<" + to + ">\nS: 421 4.3.2 bye"
		}
		takes := func(to string) string { return strings.Replace(sent, "b@x.example", to, 1) }
		for n, one := range []struct {
			script string
			taken  int
		}{
			{talk(breaks("b@x.example")), 0},
			{talk(breaks("c@x.example")), 0},
			{talk(takes("d@x.example"), breaks("b@x.example")), 1}, // of the two the one that broke it longer ago
			{talk(takes("c@x.example"), takes("b@x.example"), quit), 2},
		} {
			near, far := wiretest.Pipe()
			w.peers.Go(func() {
				if err := wiretest.Script(far, one.script, nil); err != nil {
					t.Error(n, err)
				}
			})
			time.AfterFunc(time.Duration(n+1)*time.Minute, func() {
				c := smtpclient.New(near, smtpclient.Options{Name: "us.example"})
				if err := errors.Join(c.Greeting(t.Context()), c.Hello(t.Context())); err != nil {
					t.Error(err)
				}
				taken, err := w.q.Deliver(t.Context(), c, Turned{Site: "site", OnDemand: true}, []string{"x.example"})
				if taken != one.taken || (err == nil) != c.Alive() {
					t.Error(n, taken, err)
				}
				_ = c.Quit(t.Context())
			})
		}
		w.run(time.Hour)
		if w.store.left() != 0 || w.store.leased != 0 {
			t.Errorf("%d left, %d leased\n%s", w.store.left(), w.store.leased, w.story())
		}
	})
}
