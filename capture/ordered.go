package capture

import (
	"bytes"

	"posta/event"
)

// maxOrdered is how many octets of a server are kept back for what came before them.
const maxOrdered = 64 << 10

// ordered puts a session's octets into the order in which they passed. An engine
// tells of a command when it takes it up: one that came along with what it was
// busy with is told after the reply to that, though it was there before.
type ordered struct {
	held []event.Event // of the listener
	n    int           // their octets
}

// take gives the events that may be written now, in order.
func (o *ordered) take(e *event.Event, emit func(*event.Event)) {
	switch {
	case e.Kind == event.Data && e.Dir == event.FromListener && o.n+len(e.Data) <= maxOrdered:
		kept := *e
		kept.Data, kept.Mask = bytes.Clone(e.Data), append([]event.Span(nil), e.Mask...)
		o.held, o.n = append(o.held, kept), o.n+len(e.Data)
		return
	case e.Kind == event.Data && e.Dir == event.FromDialer:
		for len(o.held) > 0 && !o.held[0].Time.After(e.Time) {
			o.first(emit)
		}
	default:
		for len(o.held) > 0 {
			o.first(emit)
		}
	}
	emit(e)
}

func (o *ordered) first(emit func(*event.Event)) {
	e := o.held[0]
	o.held, o.n = o.held[1:], o.n-len(e.Data)
	emit(&e)
}
