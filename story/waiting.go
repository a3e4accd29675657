package story

import "container/list"

// The bounds of what waits for a reply.
const (
	maxWaiting       = 1000    // commands of one connection, as in smtp.Dialog
	maxWaitingAll    = 1 << 16 // of all connections
	maxWaitingOctets = 64 << 20
)

// waiting are the commands of all connections that wait for their reply, the
// oldest first: many connections that never answer must not fill the memory.
type waiting struct {
	queue  list.List // of waiter
	octets int
}

// waiter is a command and the dialogue that it waits in.
type waiter struct {
	d *dialogue
	a *Act
}

// add takes a command, and lets the oldest go where there are too many.
func (w *waiting) add(d *dialogue, a *Act) {
	d.waiting = append(d.waiting, a)
	a.place = w.queue.PushBack(waiter{d, a})
	w.octets += len(a.Text) + len(a.Arg)
	for w.queue.Len() > maxWaitingAll || w.octets > maxWaitingOctets {
		w.drop(w.queue.Front().Value.(waiter).d, 1) // in each dialogue the first is the oldest
	}
}

// drop lets the first commands of a dialogue go.
func (w *waiting) drop(d *dialogue, n int) {
	for _, a := range d.waiting[:n] {
		w.octets -= len(a.Text) + len(a.Arg)
		w.queue.Remove(a.place)
		a.place = nil
	}
	clear(d.waiting[:n])
	d.waiting = d.waiting[n:]
	if len(d.waiting) == 0 {
		d.waiting = nil
	}
}

// ask takes a command that waits for its reply.
func (b *Book) ask(d *dialogue, a *Act) {
	a.Grouped = len(d.waiting) > 0
	if len(d.waiting) == maxWaiting {
		b.forget(d)
	}
	b.waiting.add(d, a)
	d.hide(a)
	b.add(d, a)
}

// forget lets all commands of a dialogue go.
func (b *Book) forget(d *dialogue) { b.waiting.drop(d, len(d.waiting)) }

// asked finds the command of a verb that a reply answers. Those before it have
// lost theirs. last says that no more replies to it follow.
func (b *Book) asked(d *dialogue, verb string, last bool) *Act {
	for i, a := range d.waiting {
		if a.Verb == verb {
			if last {
				i++
			}
			b.waiting.drop(d, i)
			return a
		}
	}
	return nil
}
