package queue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/smtp/smtpclient"
	"posta/store"
	"posta/wire/wiretest"
)

// A site that asked by ETRN and does not answer is not asked again before it asks
// again: all that was due for it waits, also what was not tried.
func TestEtrnUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["gw.x.example"] = addrs("192.0.2.7")
		w.routes["x.example"] = Route{OnDemand: true, Hosts: []string{"gw.x.example:25"}}
		w.answers("192.0.2.7:25", "refused")
		const letters = 40
		for i := range letters {
			w.store.file(store.Outgoing{Sender: fmt.Sprint("s", i%3), From: "a@us.example", Queue: fmt.Sprint("q", i), Received: time.Now(),
				Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "Subject: Hi\r\n\r\nHi\r\n")
		}
		hurry := func() {
			if n, err := w.q.Hurry(t.Context(), "x.example"); n != letters || err != nil {
				t.Error(n, err)
			}
		}
		time.AfterFunc(time.Hour, hurry)
		time.AfterFunc(2*time.Hour, func() { // and each says why
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			for _, e := range w.store.items {
				if e.Attempts != 1 || e.Last.Text == "" || !e.Due.Equal(store.Never()) {
					t.Errorf("%+v", e.Item)
				}
			}
		})
		time.AfterFunc(48*time.Hour, func() {
			if n := w.dialed(); n == 0 || n > 2 {
				t.Errorf("%d dials for one ETRN", n)
			}
			w.mu.Lock()
			w.scripts["192.0.2.7:25"] = nil
			w.answers("192.0.2.7:25", talk(append(slices.Repeat([]string{sent}, letters), quit)...))
			w.mu.Unlock()
			hurry()
		})
		w.run(49 * time.Hour)
		if w.store.left() != 0 || w.store.leased != 0 {
			t.Errorf("%d left, %d leased\n%.2000s", w.store.left(), w.store.leased, w.story())
		}
	})
}

// A site that did not answer, and asks again long before its host would be tried
// again, is tried at once, and its mail gets no timer.
func TestEtrnAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["gw.x.example"] = addrs("192.0.2.7")
		w.routes["x.example"] = Route{OnDemand: true, Hosts: []string{"gw.x.example:25"}}
		w.answers("192.0.2.7:25", "refused")
		w.store.file(store.Outgoing{Sender: "a", From: "a@us.example", Queue: "q", Received: time.Now(),
			Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "Subject: Hi\r\n\r\nHi\r\n")
		const times = 8 // so that the host is down for an hour in the end
		for n := range times {
			at := time.Hour + time.Duration(n)*23*time.Minute
			time.AfterFunc(at, func() {
				if n, err := w.q.Hurry(t.Context(), "x.example"); n != 1 || err != nil {
					t.Error(n, err)
				}
			})
			time.AfterFunc(at+5*time.Minute, func() {
				if next, err := w.store.Next(t.Context()); w.dialed() != n+1 || err != nil || next.Before(time.Now().Add(24*time.Hour)) {
					t.Errorf("%d dials for %d times ETRN; the next is due at %v, %v", w.dialed(), n+1, next, err)
				}
			})
		}
		w.run(24 * time.Hour)
		if w.dialed() != times {
			t.Errorf("%d dials", w.dialed())
		}
	})
}

// A site's line breaks with the same message each time, and that host is gone then: what
// is behind it is handed over at the next ETRN, and of several the longest ago is first.
func TestEtrnBrokenGoesBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.q.cfg.Limits.Destination = 1 // the store's clock stands still, and the next moment is another claim's
		w.hosts["gw.x.example"] = addrs("192.0.2.7")
		w.routes["x.example"] = Route{OnDemand: true, Hosts: []string{"gw.x.example:25"}}
		for _, to := range []string{"b@x.example", "c@x.example", "d@x.example"} {
			w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: to, Received: time.Now(),
				Rcpts: []store.Rcpt{{To: to, Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "Subject: Hi\r\n\r\nHi\r\n")
		}
		breaks := func(to string) string {
			return "C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<" + to + ">"
		}
		takes := func(to string) string {
			return strings.Replace(sent, "b@x.example", to, 1)
		}
		for n, one := range []struct {
			script string
			left   int
		}{
			{talk(breaks("b@x.example")), 3},
			{talk(breaks("c@x.example")), 3},
			{talk(takes("d@x.example"), breaks("b@x.example")), 2},
			{talk(takes("c@x.example"), breaks("b@x.example")), 1},
		} {
			time.AfterFunc(time.Duration(n+1)*time.Hour, func() {
				w.mu.Lock()
				w.scripts["192.0.2.7:25"] = []string{one.script, "refused"}
				w.mu.Unlock()
				if _, err := w.q.Hurry(t.Context(), "x.example"); err != nil {
					t.Error(err)
				}
			})
			time.AfterFunc(time.Duration(n+1)*time.Hour+time.Minute, func() {
				if left := w.store.left(); left != one.left {
					t.Errorf("%d: %d left, want %d\n%s", n, left, one.left, w.story())
				}
			})
		}
		w.run(5 * time.Hour)
		if w.store.leased != 0 {
			t.Errorf("%d leased\n%s", w.store.leased, w.story())
		}
	})
}

// What a site refuses for now is offered once in a turn, also where the sender
// hears of the delay by it.
func TestDelayedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, to := range []string{"b@x.example", "c@x.example"} {
			w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Queue: to, Received: time.Now().Add(-5 * time.Hour),
				Rcpts: []store.Rcpt{{To: to, Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "Subject: Hi\r\n\r\nHi\r\n")
		}
		near, far := wiretest.Pipe()
		w.peers.Go(func() {
			if err := wiretest.Script(far, talk("C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 450 4.2.1 not now\nC: RSET\nS: 250 ok",
				strings.NewReplacer("b@x", "c@x", "S: 250 2.0.0 mine", "wait 1s\nS: 250 2.0.0 mine").Replace(sent), quit), nil); err != nil {
				t.Error(err)
			}
		})
		time.AfterFunc(time.Second, func() {
			c := smtpclient.New(near, smtpclient.Options{Name: "us.example"})
			if err := errors.Join(c.Greeting(t.Context()), c.Hello(t.Context())); err != nil {
				t.Error(err)
			}
			if n, err := w.q.Deliver(t.Context(), c, Turned{Site: "site", OnDemand: true}, []string{"x.example"}); n != 1 || err != nil {
				t.Error(n, err)
			}
			_ = c.Quit(t.Context())
		})
		w.run(time.Hour)
		if w.store.left() != 1 || w.store.leased != 0 || len(w.reports) != 1 {
			t.Errorf("%d left, %d leased, %d reports\n%s", w.store.left(), w.store.leased, len(w.reports), w.story())
		}
	})
}

// A host may be that of a site and of a domain that is relayed: what fails there is
// kept for the site, and tried again for the other.
func TestSiteBesideRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.routes["x.example"] = Route{OnDemand: true, Hosts: []string{"10.0.0.7"}}
		w.routes["y.example"] = Route{Hosts: []string{"10.0.0.7"}}
		for range 3 {
			w.send("b@x.example", "c@y.example")
		}
		w.run(time.Minute)
		for _, e := range w.store.items {
			if kept := !e.Due.Before(store.Never()); kept != (e.Domain == "x.example") || !kept && e.Attempts == 0 {
				t.Errorf("%s is due at %v after %d attempts", e.To, e.Due, e.Attempts)
			}
		}
		if w.store.left() != 6 || len(w.dials) != 2 {
			t.Errorf("%d left, %q\n%s", w.store.left(), w.dials, w.story())
		}
	})
}

// At its end mail is tried once more, unasked: what a site did not fetch, by the route
// to it, and what had its end while no server ran.
func TestLastTry(t *testing.T) {
	age := 30 * 24 * time.Hour
	for name, tt := range map[string]struct {
		host    string
		expires time.Duration
		report  string // of what is given up
	}{
		"fetched by nobody, taken": {talk(sent, quit), age, ""},
		"fetched by nobody, gone":  {"refused", age, "Status: 5.4.7"},
		"after a standstill":       {talk(sent, quit), -age, ""},
		"and then gone":            {"refused", -age, "Status: 5.4.7"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.hosts["gw.x.example"] = addrs("192.0.2.7")
				w.routes["x.example"] = Route{OnDemand: tt.expires > 0, Hosts: []string{"gw.x.example:25"}}
				w.answers("192.0.2.7:25", tt.host)
				due := store.Never()
				if tt.expires < 0 {
					due = time.Now().Add(tt.expires)
				}
				w.store.file(store.Outgoing{Sender: "a", From: "a@us.example", Queue: "q", Received: time.Now().Add(-time.Hour),
					Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: due, Expires: time.Now().Add(tt.expires)}}}, "Subject: Hi\r\n\r\nHi\r\n")
				w.run(age + 24*time.Hour)
				reports := strings.Join(w.reports, "")
				if w.store.left() != 0 || len(w.dials) != 1 || !strings.Contains(reports, tt.report) || (reports == "") != (tt.report == "") {
					t.Errorf("%d left, dialed %v, %q\n%s", w.store.left(), w.dials, w.reports, w.story())
				}
			})
		})
	}
}
