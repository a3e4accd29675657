package queue

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Whom a host does not take now gets the message later.
//
// rfc: 5321-4.2.1-1
func TestTakenLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", talk("C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 479 not now\nC: RSET\nS: 250 ok", quit), talk(sent, quit))
		w.send("b@x.example")
		w.run(time.Hour)
		if got := w.story(); got != "b@x.example delayed mx.x.example: 479 not now\nb@x.example relayed mx.x.example: 250 2.0.0 mine\n" {
			t.Error(got)
		}
	})
}

// A message for many goes to a hundred at a time.
//
// rfc: 5321-4.5.3.1.8-5, 5321-4.5.4.1-11
func TestHundredAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		var to, parts []string
		for from := 0; from < 150; from += 100 {
			parts = append(parts, "C: MAIL FROM:<a@us.example>\nS: 250 ok")
			for n := from; n < min(from+100, 150); n++ {
				to = append(to, fmt.Sprintf("r%03d@x.example", n))
				parts = append(parts, "C: RCPT TO:<"+to[n]+">\nS: 250 ok")
			}
			parts = append(parts, sent[strings.Index(sent, "C: DATA"):])
		}
		w.answers("192.0.2.7:25", talk(append(parts, quit)...))
		w.send(to...)
		w.run(time.Minute)
		if w.store.left() != 0 || len(w.facts) != 150 {
			t.Errorf("%d left, %d attempts", w.store.left(), len(w.facts))
		}
	})
}
