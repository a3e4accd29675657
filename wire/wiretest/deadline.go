package wiretest

import (
	"sync"
	"time"
)

// deadline is a moment that can be waited for and moved.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	done  chan struct{} // closed when the moment has come, or was moved
	past  bool
}

func newDeadline() *deadline { return &deadline{done: make(chan struct{})} }

// set moves the deadline; those who wait look again.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	close(d.done)
	d.done = make(chan struct{})
	d.past = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.past = true
		return
	}
	done := d.done
	d.timer = time.AfterFunc(left, func() { d.pass(done) })
}

// pass ends the wait that began with done, unless the deadline was moved.
func (d *deadline) pass(done chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done != done {
		return
	}
	d.past = true
	close(d.done)
	d.done = make(chan struct{})
}

// state returns what to wait on, and whether the moment has come already. It
// is asked before a look at the stream, so that no wake-up falls between.
func (d *deadline) state() (due <-chan struct{}, passed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done, d.past
}
