package observe

import (
	"sync"

	"posta/event"
)

// Arrivals wakes those who wait for mail whenever a message was accepted. It is
// safe for concurrent use.
type Arrivals struct {
	mu   sync.Mutex
	next chan struct{} // nil: nobody waits
}

// Wants takes no octets.
func (a *Arrivals) Wants(uint64, event.Layer, event.Part) bool { return false }

// Emit wakes who waits, when a message is on stable storage.
func (a *Arrivals) Emit(e *event.Event) {
	if _, ok := e.Fact.(event.Accepted); !ok || e.Kind != event.State {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next != nil {
		close(a.next)
		a.next = nil
	}
}

// Next is closed when the next message has been accepted.
func (a *Arrivals) Next() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == nil {
		a.next = make(chan struct{})
	}
	return a.next
}
