package queue

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const sent = `
	C: MAIL FROM:<a@us.example>
	S: 250 ok
	C: RCPT TO:<b@x.example>
	S: 250 ok
	C: DATA
	S: 354 go
	C: Subject: Hi
	C: 
	C: Hi
	C: .
	S: 250 2.0.0 mine
	`

const quit = `C: QUIT
	S: 221 bye
	closed`

// A message goes to the preferred host, a second one over the same connection.
//
// rfc: 3461-5.2.1-2, 3461-5.2.1-4, 3461-5.2.1-6, 3461-5.2.2-7, 5321-5.1-14
func TestRelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
		w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", script(greeting("DSN"), sent, sent, quit))
		w.send("b@x.example")
		time.AfterFunc(time.Second, func() { w.send("b@x.example") })
		w.run(time.Minute)
		const want = "b@x.example relayed mx1.x.example: 250 2.0.0 mine\n"
		if got := w.story(); got != want+want || w.store.left() != 0 || len(w.dials) != 1 {
			t.Errorf("%s, %d left, %q", got, w.store.left(), w.dials)
		}
	})
}

// The first host does not answer: the second has the mail at once.
//
// rfc: 5321-5.1-11, 5321-5.1-13, 5321-5.1-22
func TestNextHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, first := range map[string]string{"refused": "refused", "silent": "silent", "busy": "S: 421 busy\nclosed", "ill": "S: 554 no\nC: QUIT\nS: 221 x\nclosed"} {
			w := newWorld(t)
			w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
			w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
			w.answers("192.0.2.7:25", first)
			w.answers("192.0.2.8:25", talk(sent, quit))
			w.send("b@x.example")
			w.run(time.Minute)
			if got := w.story(); got != "b@x.example relayed mx2.x.example: 250 2.0.0 mine\n" || w.store.left() != 0 {
				t.Errorf("%s: %s, %d left, %q", name, got, w.store.left(), w.dials)
			}
		}
	})
}

// Nobody answers: it is tried less and less often, the sender hears of it after
// four hours, and after five days that it was given up.
//
// rfc: 5321-4.2.5-2, 5321-4.5.4.1-1, 5321-4.5.4.1-2
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.send("b@x.example")
		w.run(6 * 24 * time.Hour)
		if w.store.left() != 0 || len(w.reports) != 2 {
			t.Fatalf("%d left, %d reports, %d dials", w.store.left(), len(w.reports), len(w.dials))
		}
		if n := len(w.dials); n < 100 || n > 130 {
			t.Errorf("%d attempts", n)
		}
		if r := w.reports[0]; !strings.Contains(r, "Action: delayed\r\nStatus: 4.4.1\r\n") || !strings.Contains(r, "04:00:0") || !strings.Contains(r, "connection refused") {
			t.Error(r)
		}
		if r := w.reports[1]; !strings.Contains(r, "Action: failed\r\nStatus: 5.4.7\r\n") || !strings.Contains(r, "Subject: Hi\r\n") {
			t.Error(r)
		}
		first := w.facts[0].Next.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
		if first < 5*time.Minute || first > 6*time.Minute {
			t.Error(first)
		}
	})
}

// The warning on a message that waits for many hosts is one, for all its recipients;
// who hears of the end of one recipient does not wait for the others.
func TestOneWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var to []string
		for n := range 10 {
			domain := fmt.Sprintf("x%d.example", n)
			w.host(domain, "mx."+domain, 10, fmt.Sprintf("192.0.2.%d", 10+n))
			to = append(to, "b@"+domain)
		}
		w.send(to...)
		w.send("c@x0.example") // another message
		w.run(5 * time.Hour)
		about := map[int]int{} // how many recipients
		for _, r := range w.reports {
			about[strings.Count(r, "Action: delayed")]++
		}
		if len(w.reports) != 2 || about[10] != 1 || about[1] != 1 || w.store.left() != 11 {
			t.Errorf("%d reports, %d left: %q", len(w.reports), w.store.left(), w.reports)
		}
		for _, one := range w.store.items {
			if !one.Warned || one.Leased {
				t.Errorf("%+v", one)
			}
		}
	})
}

// A queue that ends brings the warnings that wait to be joined.
func TestWarningAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.10")
		w.send("b@x.example")
		w.run(4*time.Hour + time.Second)
		if len(w.reports) != 1 {
			t.Errorf("%d reports", len(w.reports))
		}
	})
}

// A dead host is not dialed for each of its thousand messages.
//
// rfc: 5321-4.5.4.1-6
func TestDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "silent")
		for range 1000 {
			w.send("b@x.example")
		}
		w.run(4 * time.Minute)
		if len(w.dials) > firstLimit || len(w.facts) != 1000 || w.store.left() != 1000 {
			t.Errorf("%d dials, %d attempts", len(w.dials), len(w.facts))
		}
	})
}

// It answers again: with the first message that gets through all others go, too.
func TestRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		for range 20 {
			w.send("b@x.example")
		}
		time.AfterFunc(2*time.Hour, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.failing = true
			w.answers("192.0.2.7:25", talk(strings.Repeat(strings.TrimSpace(sent)+"\n", 20), quit))
			for range 10 { // connections beside the first
				w.answers("192.0.2.7:25", talk(strings.Repeat(strings.TrimSpace(sent)+"\n", 20), quit))
			}
		})
		w.run(7 * time.Hour)
		var first, last time.Duration
		for _, f := range w.facts {
			if f.Outcome == "relayed" {
				first, last = cmp.Or(first, f.Delay), f.Delay
			}
		}
		if w.store.left() != 0 || last-first > time.Second || last > 150*time.Minute || first < 2*time.Hour {
			t.Errorf("%d left, between %v and %v, %d dials", w.store.left(), first, last, len(w.dials))
		}
	})
}

// That a host refused one message says nothing of the next (RFC 5321 §4.5.4.1).
//
// rfc: 5321-4.5.4.1-7, 5321-4.5.4.1-8
func TestRefusalNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "S: 554 5.7.1 blocked\nC: QUIT\nS: 221 x\nclosed", talk(sent, quit))
		w.send("b@x.example")
		time.AfterFunc(10*time.Second, func() { w.send("b@x.example") })
		w.run(time.Minute)
		if got := w.story(); got != "b@x.example failed mx.x.example: 554 5.7.1 blocked\nb@x.example relayed mx.x.example: 250 2.0.0 mine\n" {
			t.Error(got)
		}
	})
}

// A host behind an address that nobody knows to be ours, but that greets with our
// name, is this server: mail goes neither there nor to those behind it. A route may
// lead to a gateway of the same name, and names that anybody has say nothing.
//
// rfc: 5321-6.3-2
func TestItself(t *testing.T) {
	const bye = "C: QUIT\nS: 221 bye\nclosed"
	greets := func(name string) string { return strings.Replace(greeting(), "220 them.example", "220 "+name, 1) }
	for name, c := range map[string]struct {
		hostname string
		scripts  []string // of hosts with the preferences 10, 20, 20, 30
		routed   bool
		want     string
		dials    int
	}{
		"alone":              {"us.example", []string{greets("US.example ESMTP") + bye}, false, "failed " + itself().Error(), 1},
		"others behind":      {"us.example", []string{greets("us.example") + bye, "refused", "refused", "refused"}, false, "failed " + itself().Error(), 1},
		"one before":         {"us.example", []string{"refused", greets("us.example") + bye, greets("us.example") + bye, "refused"}, false, "delayed No connection: connection refused", 2},
		"one before that is": {"us.example", []string{script(greeting(), sent, quit), greets("us.example") + bye}, false, "relayed 250 2.0.0 mine", 1},
		"by a route":         {"us.example", []string{script(greets("us.example"), sent, quit)}, true, "relayed 250 2.0.0 mine", 1},
		"one that only says": {"us.example", []string{"S: 554 5.4.6 " + itself().Error() + "\n" + bye, script(greeting(), sent, quit)}, false, "relayed 250 2.0.0 mine", 2},
		"another":            {"us.example", []string{script(greets("not.us.example"), sent, quit)}, false, "relayed 250 2.0.0 mine", 1},
		"anybody's name":     {"localhost", []string{strings.ReplaceAll(script(greets("localhost"), sent, quit), "EHLO us.example", "EHLO [192.0.2.1]")}, false, "relayed 250 2.0.0 mine", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.q.cfg.Hostname, w.q.cfg.Names = c.hostname, []string{c.hostname}
			var route Route
			for i, s := range c.scripts {
				addr := fmt.Sprintf("192.0.2.%d", 10+i)
				w.host("x.example", fmt.Sprintf("mx%d.x.example", i), []uint16{10, 20, 20, 30}[i], addr)
				w.answers(addr+":25", s)
				route.Hosts = append(route.Hosts, addr)
			}
			if c.routed {
				w.routes["x.example"] = route
			}
			w.send("b@x.example")
			w.run(time.Minute)
			got := ""
			for _, f := range w.facts {
				got += f.Outcome + " " + f.Reply
			}
			if got != c.want || len(w.dials) != c.dials {
				t.Errorf("%s: %s after %q", name, got, w.dials)
			}
		})
	}
}
