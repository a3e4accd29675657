package queue

import (
	"testing"
	"testing/synctest"
	"time"
)

// A host that does not answer is asked no more often after a restart than before it.
func TestRestartKeepsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.send("b@x.example")
		w.run(time.Hour)
		before := w.items()[0]
		if before.Attempts < 4 {
			t.Fatalf("%d attempts", before.Attempts)
		}
		again := kept{newWorld(t), w.db}
		again.q.cfg.Store = w.db.Queue()
		again.host("x.example", "mx.example", 10, "192.0.2.7")
		again.run(time.Until(before.Due) + time.Minute)
		if again.dialed() != 1 {
			t.Fatalf("%d dialed", again.dialed())
		}
		wait, last := again.items()[0].Due.Sub(again.items()[0].Last.At), before.Due.Sub(before.Last.At)
		if wait < last {
			t.Errorf("%v after the restart, %v before it", wait, last)
		}
	})
}
