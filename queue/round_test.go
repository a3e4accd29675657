package queue

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/store"
)

// told gives an item's story, a line for each host.
func (w *world) told(item int64) string {
	var b strings.Builder
	for _, a := range w.store.story[item] {
		for _, one := range append(a.Before, a) {
			asOf := ""
			if !one.AsOf.IsZero() {
				asOf = fmt.Sprintf(" as of -%v", one.At.Sub(one.AsOf))
			}
			fmt.Fprintf(&b, "%s %d: %s%s\n", one.Host, one.Session, spoken(&one), asOf)
		}
		b.WriteString(".\n")
	}
	return b.String()
}

// The store keeps what every host of a round said, whether it came to a
// connection or not.
func TestRoundIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.failing = true
		for i, script := range []string{"", "refused", talk("C: MAIL FROM:<a@us.example>", "S: 421 4.3.2 not now"), talk("C: MAIL FROM:<a@us.example>", "S: 451 4.7.1 later", quit)} {
			addr := fmt.Sprintf("192.0.2.%d", i+1)
			w.host("x.example", fmt.Sprintf("mx%d.example", i), uint16(i), addr)
			w.answers(addr+":25", script)
		}
		w.send("b@x.example")
		w.run(time.Minute)
		want := `mx0.example 1: The connection broke before a message could be sent: the other side closed the connection
mx1.example 0: No connection: connection refused
mx2.example 2: 421 4.3.2 not now
mx3.example 3: 451 4.7.1 later
.
`
		if got := w.told(2); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	})
}

// What waits behind a host that just failed is put off with its words: at
// another time, and of a session that is not this message's.
func TestPutOffUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.1")
		w.answers("192.0.2.1:25", script("S: 421 4.3.2 not now"))
		w.send("b@x.example")
		time.AfterFunc(7*time.Second, func() { w.sendAs(store.Outgoing{Sender: "z", From: "z@us.example"}, "c@x.example") })
		w.run(time.Minute)
		if got := w.told(2); got != "mx.example 1: 421 4.3.2 not now\n.\n" {
			t.Errorf("who asked: %s", got)
		}
		if got := w.told(4); got != "mx.example 1: 421 4.3.2 not now as of -7s\n.\n" {
			t.Errorf("who did not: %s", got)
		}
		if len(w.facts) != 2 || w.facts[0].Session != 1 || w.facts[1].Session != 0 || !w.facts[0].AsOf.IsZero() || w.facts[1].AsOf.IsZero() {
			t.Errorf("the sessions of %+v", w.facts)
		}
	})
}

// Of a round without end only the last hosts are kept.
func TestRoundIsBounded(t *testing.T) {
	var h hunt
	for n := range 50 {
		h.note(trouble{session: uint64(n + 1), addr: "a"})
	}
	if all := h.others(&trouble{session: 50, addr: "a"}); len(all) != store.MostBefore || all[len(all)-1].Session != 49 {
		t.Errorf("%d, the last of %d", len(all), all[len(all)-1].Session)
	}
}
