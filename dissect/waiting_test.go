package dissect

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"posta/event"
	"posta/field"
)

// early feeds packets of a connection that come before their turn: the n-th
// ends at the n-th octet.
type early struct {
	d     *Dissector
	told  []uint32 // the numbers of frames
	count uint32
}

func newEarly(conns uint64) *early {
	e := &early{}
	var want field.Set
	want.Add(field.FrameNumber)
	e.d = New(want, func(f *Frame) { e.told = append(e.told, f.Packet) })
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.MustParseAddrPort("192.0.2.25:25")}
	for conn := range conns {
		e.d.Feed(&event.Event{Conn: conn + 1, Kind: event.Open, Fact: event.Captured{Endpoints: ends}})
	}
	return e
}

func (e *early) feed(conn uint64, octets int, seg event.Segment) {
	e.count++
	seg.Net, seg.Len, seg.Off, seg.Marks = -1, 1, int64(e.count-1), event.OutOfOrder
	e.d.Feed(&event.Event{Conn: conn, Kind: event.Packet, Packet: e.count, Data: make([]byte, octets), Fact: &seg})
}

func (e *early) gap(conn uint64, off, n int64) {
	e.d.Feed(&event.Event{Conn: conn, Kind: event.Gap, Off: off, Len: n})
}

// One side of a connection does not take the places of all, and those that
// waited come in their order.
func TestWaitingOfOneSide(t *testing.T) {
	e := newEarly(2)
	for range maxWaitingSide + 10 {
		e.feed(1, 1, event.Segment{})
	}
	e.feed(2, 1, event.Segment{})
	if len(e.told) != 10 || e.told[0] != maxWaitingSide+1 || e.d.Waiting() != 1 {
		t.Fatalf("%d frames were told at once, and %d waits", len(e.told), e.d.Waiting())
	}
	e.told = nil
	e.gap(1, 0, 100)
	if len(e.told) != 100 || !slices.IsSorted(e.told) || e.d.Waiting() != 101 {
		t.Errorf("told %v, and %d waits", e.told, e.d.Waiting())
	}
	e.gap(1, 100, 1<<20)
	if last := e.told[len(e.told)-1]; len(e.told) != maxWaitingSide || last != maxWaitingSide || e.d.Waiting() != e.count {
		t.Errorf("told %d, the last %d; %d waits", len(e.told), last, e.d.Waiting())
	}
	e.d.Feed(&event.Event{Conn: 2, Kind: event.Close})
	if e.d.Waiting() != 0 || e.d.waiting.octets != 0 {
		t.Errorf("%d waits, %d octets", e.d.Waiting(), e.d.waiting.octets)
	}
}

// All that is kept of a packet counts, and no more once it has left.
func TestWaitingOctets(t *testing.T) {
	comment, whole := strings.Repeat("x", 1<<19), make([]byte, 1<<16)
	for _, one := range []struct {
		octets int
		seg    event.Segment
		room   int
	}{
		{1 << 18, event.Segment{}, 256},
		{0, event.Segment{Whole: whole}, 1024},
		{0, event.Segment{Comments: []string{comment}}, 127},
		{0, event.Segment{Comments: make([]string, 1<<15)}, 128},
	} {
		e := newEarly(1)
		for range 2 { // what was released makes room
			e.told = nil
			for range one.room + 1 {
				e.feed(1, one.octets, one.seg)
			}
			if len(e.told) != 1 || e.told[0] != e.count {
				t.Errorf("of %d packets %d were told at once", one.room+1, len(e.told))
			}
			e.gap(1, 0, 1<<20)
		}
	}
}

// The queue knows who is first, whoever leaves, and does not grow with those
// that left.
func TestQueue(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q queue
	stay := &packet{number: 1}
	q.add(stay)
	var here []*packet
	for number := range uint32(20_000) {
		p := &packet{number: number + 2, octets: make([]byte, 3)}
		q.add(p)
		if here = append(here, p); len(here) > 100 {
			i := r.IntN(len(here))
			q.remove(here[i])
			q.remove(here[i]) // which changes nothing
			if q.at(here[i].number) != nil {
				t.Fatal("what has left is found")
			}
			here = slices.Delete(here, i, i+1)
		}
		if q.first() != 1 || q.n != len(here)+1 || q.octets != 3*len(here) || len(q.packets) > 2*q.n+spared+1 || q.at(p.number) != p && slices.Contains(here, p) {
			t.Fatalf("%d: first %d, %d of %d, %d octets, %d places", number, q.first(), q.n, len(here)+1, q.octets, len(q.packets))
		}
	}
	q.remove(stay)
	for len(here) > 0 {
		if q.first() != here[0].number {
			t.Fatalf("%d is first, not %d", q.first(), here[0].number)
		}
		q.remove(here[0])
		here = here[1:]
	}
	if q.first() != 0 || q.octets != 0 {
		t.Error("something is left")
	}
}
