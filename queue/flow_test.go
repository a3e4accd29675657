package queue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/store"
)

// Domains with the same exchangers share a connection, and a message to both of
// them is one transaction.
//
// rfc: 5321-4.5.4.1-9, 5321-4.5.4.1-10, 5321-4.5.4.1-12
func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.host("y.example", "mx.example", 10, "192.0.2.7")
		both := strings.Replace(sent, "S: 250 ok\n\tC: DATA", "S: 250 ok\n\tC: RCPT TO:<c@y.example>\n\tS: 250 ok\n\tC: DATA", 1)
		w.answers("192.0.2.7:25", talk(sent, strings.Replace(sent, "b@x", "c@y", 1), both, quit))
		w.send("b@x.example")
		time.AfterFunc(time.Second, func() { w.send("c@y.example") })
		time.AfterFunc(2*time.Second, func() { w.send("b@x.example", "c@y.example") })
		w.run(time.Minute)
		if w.store.left() != 0 || len(w.dials) != 1 {
			t.Errorf("%d left, %q\n%s", w.store.left(), w.dials, w.story())
		}
	})
}

// What was asked for with MAIL and RCPT is passed on where the next server can
// keep it, and else answered by us (RFC 3461 §5.2.2).
//
// rfc: 3461-5.2.1-1, 3461-5.2.1-3, 3461-5.2.1-5, 3461-5.2.1-7, 3461-5.2.2-1, 3461-5.2.2-2, 3461-5.2.2-3, 3461-5.2.1-8, 3461-5.2.6-1, 3461-5.2.6-5,
// rfc: 3461-6.3-14, 3461-6.3-15, 3461-9.2-1, 3464-2.3.6-2
func TestReportsAskedFor(t *testing.T) {
	out := store.Outgoing{Sender: "s", From: "a@us.example", EnvID: "e 1", Ret: mail.RetFull, Received: time.Time{}}
	rcpts := func() []store.Rcpt {
		return []store.Rcpt{{To: "b@x.example", Domain: "x.example", Notify: mail.NotifySuccess | mail.NotifyFailure, Orcpt: "rfc822;Bb@US.example",
			Due: time.Now(), Expires: time.Now().Add(time.Hour)}}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", script(greeting("DSN"), strings.NewReplacer("a@us.example>", "a@us.example> RET=FULL ENVID=e+201",
			"b@x.example>", "b@x.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bb@US.example").Replace(sent), quit))
		asks := out
		asks.Rcpts = rcpts()
		w.store.file(asks, "Subject: Hi\r\n\r\nHi\r\n")
		w.run(time.Minute)
		if w.store.left() != 0 || len(w.reports) != 0 {
			t.Errorf("%d left, %q", w.store.left(), w.reports)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", talk(sent, quit), talk("C: MAIL FROM:<a@us.example>\nS: 552 5.3.4 large", quit))
		asks := out
		asks.Rcpts = rcpts()
		w.store.file(asks, "Subject: Hi\r\n\r\nHi\r\n")
		time.AfterFunc(10*time.Second, func() {
			asks.Rcpts = rcpts()
			w.store.file(asks, "Subject: Hi\r\n\r\nHi\r\n")
			w.q.Stir()
		})
		w.run(time.Minute)
		if w.store.left() != 0 || len(w.reports) != 2 {
			t.Fatalf("%d left, %q", w.store.left(), w.reports)
		}
		for _, want := range []string{"Original-Envelope-Id: e 1\r\n", "Original-Recipient: rfc822;Bb@US.example\r\nFinal-Recipient: rfc822;b@x.example\r\nAction: relayed\r\nStatus: 2.0.0\r\nRemote-MTA: dns; mx.example\r\nDiagnostic-Code: smtp; 250 2.0.0 mine\r\n",
			"text/rfc822-headers\r\n\r\nSubject: Hi\r\n\r\n--b--"} {
			if !strings.Contains(w.reports[0], want) {
				t.Errorf("%s\nwants %s", w.reports[0], want)
			}
		}
		for _, want := range []string{"Action: failed\r\nStatus: 5.3.4\r\nRemote-MTA: dns; mx.example\r\nDiagnostic-Code: smtp; 552 5.3.4 large\r\n", "message/rfc822\r\n\r\nSubject: Hi\r\n\r\nHi\r\n\r\n--b--"} {
			if !strings.Contains(w.reports[1], want) {
				t.Errorf("%s\nwants %s", w.reports[1], want)
			}
		}
	})
}

// Nobody is told who said so, and nobody of what nobody sent.
//
// rfc: 3461-5.2.5-1, 3461-5.2.5-2, 3461-5.2.5-3, 3461-5.2.6-4, 3464-2-4, 3464-2-5
// rfc: 3461-5.2-1, 3461-5.2.2-4, 3461-5.2.2-8, 3461-5.2.5-4, 3461-5.2.6-2, 5321-4.5.4-2
func TestNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		notify mail.Notify
		from   string
		want   int // reports: of the delay, and of the failure
	}{
		"usual":   {0, "a@us.example", 2},
		"never":   {mail.NotifyNever, "a@us.example", 0},
		"failure": {mail.NotifyFailure, "a@us.example", 1},
		"delay":   {mail.NotifyDelay, "a@us.example", 1},
		"success": {mail.NotifySuccess, "a@us.example", 0},
		"null":    {0, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.host("x.example", "mx.example", 10, "192.0.2.7")
			w.store.file(store.Outgoing{Sender: "s", From: c.from, Received: time.Now(), Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Notify: c.notify,
				Due: time.Now(), Expires: time.Now().Add(24 * time.Hour)}}}, "\r\n")
			w.run(25 * time.Hour)
			if len(w.reports) != c.want || w.store.left() != 0 {
				t.Errorf("%s: %d reports, %d left", name, len(w.reports), w.store.left())
			}
		})
	}
}

// A domain that is none: no host was asked, and the report names none.
//
// rfc: 3464-2.3.5-1, 3461-6.3-2, 3461-6.3-8
func TestReportWithoutHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.send("b@nowhere.example")
		w.run(time.Minute)
		if w.store.left() != 0 || len(w.reports) != 1 {
			t.Fatalf("%d left, %q", w.store.left(), w.reports)
		}
		if want := "Final-Recipient: rfc822;b@nowhere.example\r\nAction: failed\r\nStatus: 5.1.2\r\nDiagnostic-Code: x-posta; "; !strings.Contains(w.reports[0], want) {
			t.Errorf("%s\nwants %s", w.reports[0], want)
		}
		for _, not := range []string{"Remote-MTA", "Original-"} {
			if strings.Contains(w.reports[0], not) {
				t.Errorf("%s in %s", not, w.reports[0])
			}
		}
	})
}

// The door and the store fail for a while: nothing is settled wrongly, nothing
// is lost, nothing is sent twice.
//
// rfc: 3464-3-2
func TestDoorAndStoreFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.doorFail, w.store.fail = 3, errors.New("no disk")
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.host("y.example", "my.example", 10, "192.0.2.8")
		w.answers("192.0.2.7:25", talk("C: MAIL FROM:<a@us.example>\nS: 550 5.7.1 no", quit))
		w.answers("192.0.2.8:25", talk(strings.Replace(sent, "b@x", "b@y", 1), quit))
		w.send("b@x.example")
		w.send("b@y.example")
		w.run(10 * time.Minute)
		if w.store.left() != 0 || len(w.reports) != 1 || len(w.dials) != 2 || len(w.problems) != 4 {
			t.Errorf("%d left, %d reports, %q", w.store.left(), len(w.reports), w.dials)
		}
	})
}

// A door that stays shut loses nothing either: the item is tried again.
func TestDoorShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.doorFail = patience + 1
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		no := talk("C: MAIL FROM:<a@us.example>\nS: 550 5.7.1 no", quit)
		w.answers("192.0.2.7:25", no, no)
		w.send("b@x.example")
		w.run(time.Hour)
		if w.store.left() != 0 || len(w.reports) != 1 || len(w.dials) != 2 {
			t.Errorf("%d left, %d reports, %q", w.store.left(), len(w.reports), w.dials)
		}
	})
}

// At the end a message on its way is waited for; one that has not begun goes back.
func TestEnd(t *testing.T) {
	slow := "C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\nC: DATA\nS: 354 go\nC*\nC*\nC*\nC: .\nwait 70s\nS: 250 2.0.0 mine\nC: QUIT\nS: 221 bye\nclosed"
	for name, c := range map[string]struct {
		script string
		ends   time.Duration
		within time.Duration
		left   int
	}{
		"answered in time":     {talk(slow), 60 * time.Second, 71 * time.Second, 0},
		"not answered in time": {talk(slow), 30 * time.Second, 52 * time.Second, 1},
		"QUIT not answered":    {talk(sent, "C: QUIT\nwait 70s"), time.Second, 22 * time.Second, 0},
		"not begun":            {greeting() + "C: MAIL FROM:<a@us.example>\nwait 70s", 30 * time.Second, 32 * time.Second, 1},
		"not greeted":          {"wait 70s\nS: 220 x", 30 * time.Second, 32 * time.Second, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.failing = true
			w.host("x.example", "mx.example", 10, "192.0.2.7")
			w.answers("192.0.2.7:25", c.script)
			w.send("b@x.example")
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), c.ends)
			defer cancel()
			if err := w.q.Run(ctx); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > c.within || w.store.left() != c.left || w.store.leased != 0 {
				t.Errorf("%s: %v, %d left, %d leased", name, took, w.store.left(), w.store.leased)
			}
			attempts := 0
			for _, e := range w.store.items {
				attempts += e.Attempts
			}
			if name == "not answered in time" != (attempts == 1) {
				t.Errorf("%s: %d attempts", name, attempts)
			}
			w.peers.Wait()
		})
	}
}

// A lease is renewed as long as somebody is at work; if it is lost all the same
// the work counts for nothing.
func TestLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", talk(strings.Replace(sent, "S: 250 2.0.0 mine", "wait 9m\nS: 250 2.0.0 mine", 1), quit))
		w.send("b@x.example")
		w.run(20 * time.Minute)
		if w.store.left() != 0 || w.store.renewed < 5 {
			t.Errorf("%d left, renewed %d times", w.store.left(), w.store.renewed)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", talk(strings.Replace(sent, "S: 250 2.0.0 mine", "wait 1m\nS: 250 2.0.0 mine", 1), quit))
		w.send("b@x.example")
		time.AfterFunc(30*time.Second, func() {
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			for _, e := range w.store.items {
				e.Token++ // another has it
			}
		})
		w.run(2 * time.Minute)
		if w.store.left() != 1 || w.store.leased != 1 {
			t.Errorf("%d left, %d leased", w.store.left(), w.store.leased)
		}
	})
}

// What nobody fetches is given up in the end, and the sender hears of it.
func TestNotFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.routes["x.example"] = Route{OnDemand: true}
		w.store.file(store.Outgoing{Sender: "s", From: "a@us.example", Received: time.Now(),
			Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: store.Never(), Expires: time.Now().Add(30 * 24 * time.Hour)}}}, "\r\n")
		time.AfterFunc(time.Hour, func() { // somebody says retry: there is nowhere to go
			if n, err := w.q.Hurry(t.Context(), "x.example"); n != 1 || err != nil {
				t.Error(n, err)
			}
		})
		w.run(31 * 24 * time.Hour)
		if w.store.left() != 0 || len(w.reports) != 1 || !strings.Contains(w.reports[0], "Status: 5.4.7") || w.facts[0].Delay.Round(time.Second) != 30*24*time.Hour {
			t.Errorf("%d left, %q, %v", w.store.left(), w.reports, w.facts)
		}
	})
}

// An impatient administrator: the host is asked at once, though it did not
// answer a moment ago.
func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "refused", talk(sent, quit))
		w.send("b@x.example")
		time.AfterFunc(10*time.Second, func() {
			if n, err := w.q.Hurry(t.Context(), "x.example"); n != 1 || err != nil {
				t.Error(n, err)
			}
		})
		w.run(time.Minute)
		if w.store.left() != 0 {
			t.Error(w.story())
		}
	})
}

// Removed with and without a word.
func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.routes["x.example"] = Route{Hosts: []string{"10.0.0.7"}}
		w.send("b@x.example", "c@x.example")
		w.run(time.Second)
		w.send("d@y.example")
		if n, err := w.q.Remove(t.Context(), store.Pick{Domain: "x.example"}, store.Bounce); n.Items != 2 || n.Reported != 2 || err != nil {
			t.Error(n, err)
		}
		if n, err := w.q.Remove(t.Context(), store.Pick{}, store.Delete); n.Items != 1 || n.Reported != 0 || err != nil {
			t.Error(n, err)
		}
		if w.store.left() != 0 || len(w.reports) != 1 || strings.Count(w.reports[0], "Action: failed") != 2 ||
			strings.Count(w.reports[0], "The administrator of this server returned it.\r\n    What the last try gave: ") != 2 || strings.Contains(w.reports[0], "The other server") {
			t.Error(w.store.left(), w.reports)
		}
	})
}

// One item that was removed meanwhile spoils nothing for the others.
func TestSpoilt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 3 {
			w.send("b@x.example")
		}
		items, err := w.q.claim(t.Context(), store.Claim{Lane: store.Lane{Domain: "x.example", Sender: "a"}, Now: time.Now(), Limit: 10})
		if err != nil || len(items) != 3 {
			t.Fatal(items, err)
		}
		if err := w.store.Settle(t.Context(), store.Settlement{Item: items[1].ID, Done: true}); err != nil {
			t.Fatal(err)
		}
		w.q.ledger.renew(time.Now().Add(time.Hour), items)
		if w.store.renewed != 2 || len(w.q.ledger.held) != 2 {
			t.Errorf("%d renewed, %d held", w.store.renewed, len(w.q.ledger.held))
		}
		var all []store.Settlement
		for _, item := range items {
			all = append(all, store.Settlement{Item: item.ID, Token: item.Token, Done: true})
		}
		w.q.ledger.settleNow(all)
		if w.store.left() != 0 || len(w.q.ledger.held) != 0 || len(w.problems) != 0 {
			t.Errorf("%d left, %d held, %v", w.store.left(), len(w.q.ledger.held), w.problems)
		}
	})
}

// A way that was changed is taken at once by what is sent from then on.
func TestRerouted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.routes["x.example"] = Route{Hosts: []string{"10.0.0.1"}}
		w.answers("10.0.0.1:25", talk(sent, quit))
		w.answers("10.0.0.2:25", talk(sent, quit))
		w.send("b@x.example")
		time.AfterFunc(5*time.Second, func() {
			w.routes["x.example"] = Route{Hosts: []string{"10.0.0.2"}}
			w.q.Rerouted()
			w.send("b@x.example")
		})
		w.run(time.Minute)
		const want = "b@x.example relayed 10.0.0.1: 250 2.0.0 mine\nb@x.example relayed 10.0.0.2: 250 2.0.0 mine\n"
		if got := w.story(); got != want || w.store.left() != 0 {
			t.Errorf("%s, %d left, %q", got, w.store.left(), w.dials)
		}
	})
}
