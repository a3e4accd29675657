package capture

import (
	"context"
	"io"

	"posta/event"
)

// batches is how many there are, of which one is filled and one told of.
const batches = 4

// ReadAhead does what Read does, and reads and joins while sink is at work with
// what was joined before: for files, of which nobody waits for the newest packet.
func ReadAhead(ctx context.Context, r *Reader, sink event.Sink, limits Limits) error {
	inner, stop := context.WithCancel(ctx)
	a := &ahead{r: r, sink: sink, full: make(chan *batch, batches), empty: make(chan *batch, batches), rest: make(chan *batch, 1)}
	a.j = NewJoiner(a, limits)
	for range batches {
		a.empty <- newBatch()
	}
	gone := make(chan struct{})
	defer func() {
		stop()
		<-gone // nobody reads r any more
	}()
	go func() {
		defer close(gone)
		a.run(inner.Done())
	}()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case b := <-a.full:
			b.play(r, sink)
			switch {
			case b.part:
				a.rest <- b
			case b.err == io.EOF:
				return nil
			case b.err != nil:
				return b.err
			default:
				a.empty <- b
			}
		}
	}
	return ctx.Err()
}

// ahead reads and joins, and is the Sink that keeps what that tells for later.
type ahead struct {
	r           *Reader
	j           *Joiner
	sink        event.Sink
	full, empty chan *batch
	rest        chan *batch // one that was told of in part
	now         *batch
	stopped     <-chan struct{}
	over        bool // it is
}

// run fills batches until the capture ends.
func (a *ahead) run(stopped <-chan struct{}) {
	a.stopped = stopped
	for !a.over {
		select {
		case <-stopped:
			return
		case a.now = <-a.empty:
		}
		a.fill()
		if a.now.part = false; !a.over {
			a.over = a.now.err != nil
			a.full <- a.now
		}
	}
}

// fill reads and joins as many packets as have room.
func (a *ahead) fill() {
	b, in := a.now, a.r.in
	b.reset()
	in.lend(b.octets, batchOctets)
	was := a.r.info
	var p Packet
	for from := in.at; len(b.segs) < batchCount && in.at-from < batchOctets && !a.over; {
		b.err = a.r.next(&p)
		if a.r.info.differs(&was) {
			was = a.r.info
			b.news = append(b.news, news{len(b.events), was})
		}
		if b.err != nil {
			a.j.End()
			return
		}
		b.packets++
		a.j.Feed(&p)
	}
}

// Wants implements event.Sink.
func (a *ahead) Wants(conn uint64, l event.Layer, p event.Part) bool { return a.sink.Wants(conn, l, p) }

// Emit implements event.Sink.
func (a *ahead) Emit(e *event.Event) {
	if a.now.isFull() && !a.over { // one packet, or the end, may set free all that waited
		a.now.part = true
		a.full <- a.now
		select {
		case <-a.stopped:
			a.over = true
		case <-a.rest:
			a.now.reset()
		}
	}
	if !a.over {
		a.now.add(e, a.j.elsewhere)
	}
}
