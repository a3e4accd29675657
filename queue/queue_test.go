package queue

import (
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
func TestRelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
		w.host("x.example", "mx1.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", talk(sent, sent, quit))
		w.send("b@x.example")
		time.AfterFunc(time.Second, func() { w.send("b@x.example") })
		w.run(time.Minute)
		const want = "b@x.example relayed mx1.x.example: 250 mine\n"
		if got := w.story(); got != want+want || w.store.left() != 0 || len(w.dials) != 1 {
			t.Errorf("%s, %d left, %q", got, w.store.left(), w.dials)
		}
	})
}

// The first host does not answer: the second has the mail at once.
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
			if got := w.story(); got != "b@x.example relayed mx2.x.example: 250 mine\n" || w.store.left() != 0 {
				t.Errorf("%s: %s, %d left, %q", name, got, w.store.left(), w.dials)
			}
		}
	})
}

// Nobody answers: it is tried less and less often, the sender hears of it after
// four hours, and after five days that it was given up.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.send("b@x.example")
		w.run(6 * 24 * time.Hour)
		if w.store.left() != 0 || len(w.reports) != 2 {
			t.Fatalf("%d left, %d reports, %d dials", w.store.left(), len(w.reports), len(w.dials))
		}
		if n := len(w.dials); n < 35 || n > 60 {
			t.Errorf("%d attempts", n)
		}
		if r := w.reports[0]; !strings.Contains(r, "Action: delayed\r\nStatus: 4.4.1\r\n") || !strings.Contains(r, "04:00:0") || !strings.Contains(r, "connection refused") {
			t.Error(r)
		}
		if r := w.reports[1]; !strings.Contains(r, "Action: failed\r\nStatus: 5.4.7\r\n") || !strings.Contains(r, "Subject: Hi\r\n") {
			t.Error(r)
		}
		first := w.facts[0].Next.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
		if first < 5*time.Minute || first > 7*time.Minute {
			t.Error(first)
		}
	})
}

// A dead host is not dialed for each of its thousand messages.
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

// It answers again: what waited need not wait for its own time.
func TestRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "refused", "refused", talk(sent, sent, sent, quit))
		for range 3 {
			w.sendAs(outgoing("a", "a@us.example"), "b@x.example")
		}
		w.run(time.Hour)
		if w.store.left() != 0 || len(w.dials) != 3 {
			t.Errorf("%d left, %q\n%s", w.store.left(), w.dials, w.story())
		}
	})
}
