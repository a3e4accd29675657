package record

import "time"

// blocks are the ring: records one behind the other, in blocks that are only
// appended to, so that a reader may look at what was written without a lock.
// The oldest block makes room for a new one.
type blocks struct {
	size int           // of a block
	most int           // of all
	span time.Duration // a block takes no events for longer, so that age can drop it
	all  []*block      // oldest first
	held int           // octets of memory
	next int64         // place of the next record; never smaller
}

// block holds records. Places count all octets that were ever written.
type block struct {
	start  int64
	buf    []byte
	born   time.Time
	newest time.Time
}

// put appends a record and gives its place.
func (b *blocks) put(record []byte, at time.Time) int64 {
	var last *block
	if n := len(b.all); n > 0 {
		last = b.all[n-1]
	}
	if last == nil || len(last.buf)+len(record) > cap(last.buf) || at.Sub(last.born) > b.span {
		size := max(b.size, len(record))
		for len(b.all) > 0 && b.held+size > b.most {
			b.shift()
		}
		last = &block{start: b.next, buf: make([]byte, 0, size), born: at}
		b.held += size
		b.all = append(b.all, last)
	}
	last.buf = append(last.buf, record...)
	last.newest = at
	place := b.next
	b.next += int64(len(record))
	return place
}

// shift drops the oldest block.
func (b *blocks) shift() {
	b.held -= cap(b.all[0].buf)
	b.all[0] = nil
	b.all = b.all[1:]
}

// age drops blocks in which nothing is newer than old.
func (b *blocks) age(old time.Time) {
	for len(b.all) > 0 && !b.all[0].newest.After(old) {
		b.shift()
	}
}

// begin is the place of the oldest record, end that of the next one.
func (b *blocks) begin() int64 {
	if len(b.all) == 0 {
		return b.next
	}
	return b.all[0].start
}

func (b *blocks) end() int64 { return b.next }

// from gives the records from a place on that lie in one block, and where they
// begin: later, where the place is no longer there. Nothing is left at the end.
func (b *blocks) from(place int64) (records []byte, start int64) {
	for _, one := range b.all {
		if end := one.start + int64(len(one.buf)); place < end {
			start = max(place, one.start)
			return one.buf[start-one.start:], start
		}
	}
	return nil, b.next
}
