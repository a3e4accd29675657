package capture

import (
	"slices"

	"posta/event"
)

// The bounds of a batch.
const (
	batchOctets = 1 << 20
	batchCount  = 4096 // packets
	batchEvents = 4 * batchCount
	batchCopies = 1 << 20 // octets
)

// batch is what a run of packets has brought about.
type batch struct {
	octets  []byte // where the packets lie as they did in the file
	packets int
	events  []event.Event
	segs    []event.Segment // of events
	copies  []byte          // of octets that lay elsewhere
	news    []news
	part    bool  // the packet at hand brings about more
	err     error // behind them
}

// news is what the capture says of itself before an event of a batch.
type news struct {
	before int
	info   Info
}

func newBatch() *batch {
	return &batch{octets: make([]byte, batchOctets+inputBuffer), segs: make([]event.Segment, 0, batchCount),
		events: make([]event.Event, 0, batchEvents)}
}

// reset empties it, but for the octets.
func (b *batch) reset() {
	b.packets, b.events, b.segs, b.copies, b.news = 0, b.events[:0], b.segs[:0], b.copies[:0], b.news[:0]
}

func (b *batch) isFull() bool { return len(b.events) == batchEvents || len(b.copies) >= batchCopies }

// add takes an event, with a copy of what is lent but does not lie in octets.
func (b *batch) add(e *event.Event, elsewhere bool) {
	b.events = append(b.events, *e)
	one := &b.events[len(b.events)-1]
	if seg, ok := e.Fact.(*event.Segment); ok {
		b.segs = append(b.segs, *seg)
		kept := &b.segs[len(b.segs)-1]
		if kept.Whole != nil {
			kept.Whole = b.copy(kept.Whole)
		}
		one.Fact = kept
	} else if elsewhere && len(e.Data) > 0 {
		one.Data = b.copy(e.Data)
	}
}

func (b *batch) copy(octets []byte) []byte {
	from := len(b.copies)
	b.copies = append(b.copies, octets...)
	return slices.Clip(b.copies[from:])
}

// play tells of the events.
func (b *batch) play(r *Reader, sink event.Sink) {
	for i := range b.events {
		b.tell(r, i)
		sink.Emit(&b.events[i])
	}
	b.tell(r, len(b.events))
	r.packets += b.packets
}

// tell lets the Reader show what stands before an event.
func (b *batch) tell(r *Reader, before int) {
	for len(b.news) > 0 && b.news[0].before <= before {
		r.shown, b.news = b.news[0].info, b.news[1:]
	}
}
