package capture

import "time"

// piece is a run of octets that came before its turn.
type piece struct {
	seq     uint32
	data    []byte
	missing int // octets behind data that were not captured
	packet  uint32
	time    time.Time
	next    *piece
}

func (p *piece) size() int   { return len(p.data) + p.missing }
func (p *piece) end() uint32 { return p.seq + uint32(p.size()) }

// cost is what a piece counts against the bounds: its octets and itself.
func (p *piece) cost() int { return len(p.data) + pieceCost }

const (
	pieceCost = 128
	maxPieces = 4096 // of one side of a stream
	maxSpare  = 1024 // pieces kept for use again
)

// after says that a comes behind b; numbers turn around (RFC 9293 §3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }

// hold keeps a copy of octets until their turn. Where they overlap with what
// is held already, those that came first stay.
func (j *Joiner) hold(h *half, p piece) {
	link := &h.held
	if h.tail != nil && !after(h.tail.end(), p.seq) {
		link = &h.tail.next // as it comes behind a loss
	}
	for cur := *link; cur != nil; cur = *link {
		switch {
		case !after(cur.end(), p.seq): // before it
		case !after(cur.seq, p.seq): // over its beginning
			if p = p.from(cur.end()); p.size() == 0 {
				return
			}
		case after(p.end(), cur.seq): // over its middle or end
			j.keep(h, link, p.until(cur.seq))
			p = p.from(cur.seq)
			continue // at the same one, now over the beginning
		default:
			j.keep(h, link, p)
			return
		}
		link = &cur.next
	}
	j.keep(h, link, p)
}

// from is the piece without what lies before seq; empty where nothing is left.
func (p piece) from(seq uint32) piece {
	n := int(seq - p.seq)
	if n >= p.size() {
		return piece{seq: p.end()}
	}
	cut := min(n, len(p.data))
	p.data, p.missing, p.seq = p.data[cut:], p.missing-(n-cut), seq
	return p
}

// until is the piece's part before seq.
func (p piece) until(seq uint32) piece {
	n := int(seq - p.seq)
	kept := min(n, len(p.data))
	p.data, p.missing = p.data[:kept], n-kept
	return p
}

// keep puts a copy of a piece in at link.
func (j *Joiner) keep(h *half, link **piece, p piece) {
	one := j.spare
	if one == nil {
		one = &piece{}
	} else {
		j.spare = one.next
		j.spares--
	}
	data := append(one.data[:0], p.data...)
	*one = p
	one.data, one.next = data, *link
	*link = one
	if one.next == nil {
		h.tail = one
	}
	h.heldBytes += int32(one.cost())
	h.pieces++
	j.held += one.cost()
}

// unhold takes the first piece out; drop gives it back once its octets were used.
func (j *Joiner) unhold(h *half) *piece {
	p := h.held
	if h.held = p.next; h.held == nil {
		h.tail = nil
	}
	h.heldBytes -= int32(p.cost())
	h.pieces--
	j.held -= p.cost()
	return p
}

func (j *Joiner) drop(p *piece) {
	if j.spares >= maxSpare || cap(p.data) > 2*1500 {
		return
	}
	*p = piece{data: p.data[:0], next: j.spare}
	j.spare = p
	j.spares++
}
