package wire

import (
	"sync"

	"posta/event"
)

const (
	smallSize = 1 << 10  // of every connection
	bigSize   = 32 << 10 // while much comes
	outSize   = 16 << 10 // between the first Reply and Flush
)

// Buffers is the large memory that connections need for moments only.
type Buffers struct{ big, out sync.Pool }

// NewBuffers makes an empty stock.
func NewBuffers() *Buffers {
	return &Buffers{
		big: sync.Pool{New: func() any { return new([bigSize]byte) }},
		out: sync.Pool{New: func() any { return &block{buf: make([]byte, 0, outSize)} }},
	}
}

func (b *Buffers) takeBig() *[bigSize]byte  { return b.big.Get().(*[bigSize]byte) }
func (b *Buffers) giveBig(p *[bigSize]byte) { b.big.Put(p) }
func (b *Buffers) takeOut() *block          { return b.out.Get().(*block) }

func (b *Buffers) giveOut(p *block) {
	if cap(p.buf) > outSize {
		return // it grew for a single long reply
	}
	p.buf, p.runs, p.looked = p.buf[:0], p.runs[:0], 0
	b.out.Put(p)
}

// block is what waits to be sent.
type block struct {
	buf    []byte
	runs   []run
	looked int // runs that are complete
}

// run is octets of a block that are the same to the watchers.
type run struct {
	end    int
	part   event.Part
	secret bool
	dot    bool // of a body: mail data ends with it
}

// add appends to the block.
func (b *block) add(part event.Part) *run {
	if n := len(b.runs); n > b.looked && b.runs[n-1].part == part {
		return &b.runs[n-1]
	}
	b.runs = append(b.runs, run{part: part})
	return &b.runs[len(b.runs)-1]
}
