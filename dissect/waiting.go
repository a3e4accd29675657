package dissect

import (
	"cmp"
	"slices"
)

// The bounds of packets that wait for octets before theirs. Beyond them a
// packet's frame tells only of the packet, and what was said in it comes in a
// frame of its own.
const (
	maxWaiting       = 1 << 16
	maxWaitingSide   = 4096 // of one side of a connection, as many as pieces are kept of it
	maxWaitingOctets = 64 << 20
)

// waiting are the packets of one side that wait, by the end of their payload.
type waiting []*packet

func (w waiting) find(p *packet) (at int, ok bool) {
	return slices.BinarySearchFunc(w, p, func(a, b *packet) int { return cmp.Or(cmp.Compare(a.end, b.end), byNumber(a, b)) })
}

func byNumber(a, b *packet) int { return cmp.Compare(a.number, b.number) }

func (w *waiting) add(p *packet) {
	at, _ := w.find(p)
	*w = slices.Insert(*w, at, p)
}

func (w *waiting) remove(p *packet) {
	if at, ok := w.find(p); ok {
		*w = slices.Delete(*w, at, at+1)
	}
}

// until counts those whose payload ends at most there.
func (w waiting) until(end int64) int {
	at, _ := slices.BinarySearchFunc(w, end, func(p *packet, end int64) int {
		if p.end <= end {
			return -1
		}
		return 1
	})
	return at
}

// queue are all packets that wait, by their numbers, which come in order. What
// has left it stays as a nil until there are too many of them.
type queue struct {
	numbers []uint32
	packets []*packet
	head    int // the first that waits
	n       int // how many wait
	octets  int // what they keep
}

func (q *queue) add(p *packet) {
	q.numbers, q.packets = append(q.numbers, p.number), append(q.packets, p)
	q.n++
	q.octets += p.cost()
}

// first is the number of the first packet that waits, 0 where none does.
func (q *queue) first() uint32 {
	if q.n == 0 {
		return 0
	}
	return q.numbers[q.head]
}

// at gives a packet that waits, nil where none has the number.
func (q *queue) at(number uint32) *packet {
	if i, ok := slices.BinarySearch(q.numbers, number); ok {
		return q.packets[i]
	}
	return nil
}

// spared is how many may have left beside those that wait.
const spared = 64

func (q *queue) remove(p *packet) {
	i, ok := slices.BinarySearch(q.numbers, p.number)
	if !ok || q.packets[i] != p {
		return
	}
	q.packets[i] = nil
	q.n--
	q.octets -= p.cost()
	for q.head < len(q.packets) && q.packets[q.head] == nil {
		q.head++
	}
	if len(q.packets) > 2*q.n+spared {
		q.compact()
	}
}

func (q *queue) compact() {
	n := 0
	for i, p := range q.packets {
		if p != nil {
			q.numbers[n], q.packets[n] = q.numbers[i], p
			n++
		}
	}
	clear(q.packets[n:])
	q.numbers, q.packets, q.head = q.numbers[:n], q.packets[:n], 0
}
