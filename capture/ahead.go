package capture

import (
	"context"
	"io"
	"slices"

	"posta/event"
)

// The bounds of what ReadAhead has read before its turn.
const (
	batches     = 3
	batchOctets = 512 << 10
	batchCount  = 2048 // packets
)

// batch is a run of packets, with copies of their octets.
type batch struct {
	packets []Packet
	octets  []byte
	apart   []apart // of each packet
	err     error   // behind them
	news    []news
}

// news is what the capture says of itself before a packet of a batch.
type news struct {
	before int
	info   Info
}

// ReadAhead does what Read does, and reads while sink is at work with what was
// read before: for files, of which nobody waits for the newest packet.
func ReadAhead(ctx context.Context, r *Reader, sink event.Sink, limits Limits) error {
	full, empty := make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		empty <- &batch{octets: make([]byte, 0, batchOctets+maxPacket), packets: make([]Packet, 0, batchCount), apart: make([]apart, batchCount)}
	}
	inner, stop := context.WithCancel(ctx)
	gone := make(chan struct{})
	defer func() {
		stop()
		<-gone // nobody reads r any more
	}()
	go func() {
		defer close(gone)
		for {
			select {
			case <-inner.Done():
				return
			case b := <-empty:
				b.fill(r)
				full <- b
				if b.err != nil {
					return
				}
			}
		}
	}()
	j := NewJoiner(sink, limits)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case b := <-full:
			for i := range b.packets {
				b.tell(r, i)
				j.Feed(&b.packets[i])
			}
			b.tell(r, len(b.packets))
			if b.err != nil {
				j.End()
				if b.err == io.EOF {
					return nil
				}
				return b.err
			}
			empty <- b
		}
	}
	return ctx.Err()
}

// fill reads as many packets as have room.
func (b *batch) fill(r *Reader) {
	b.packets, b.octets, b.news = b.packets[:0], b.octets[:0], b.news[:0]
	was := r.info
	for len(b.packets) < batchCount && len(b.octets) < batchOctets {
		n := len(b.packets)
		b.packets = append(b.packets, Packet{})
		p := &b.packets[n]
		b.err = r.next(p)
		if r.info.differs(&was) {
			was = r.info
			b.news = append(b.news, news{n, was})
		}
		if b.err != nil {
			b.packets = b.packets[:n]
			return
		}
		from := len(b.octets)
		b.octets = append(b.octets, p.Data...) // there is room for the largest packet
		p.Data, p.Comments = b.octets[from:len(b.octets):len(b.octets)], slices.Clone(p.Comments)
		p.apart = &b.apart[n]
		p.apart.take(p)
	}
}

// tell lets the Reader show what stands before a packet.
func (b *batch) tell(r *Reader, before int) {
	for len(b.news) > 0 && b.news[0].before <= before {
		r.shown, b.news = b.news[0].info, b.news[1:]
	}
}
