package capture

import (
	"slices"
	"time"
)

// Bounds of the fragments that wait for their rest. What is beyond them is
// given up, oldest first.
const (
	maxDatagram     = 64 << 10
	maxWaiting      = 1024
	maxWaitingBytes = 16 << 20
	maxFragmentAge  = time.Minute // RFC 8200 §4.5 says 60 s
	maxHoles        = 256
)

// fragments puts IP datagrams together again. Where fragments overlap, the
// octets that came first stay (as RFC 5722 has it they should not overlap).
type fragments struct {
	waiting map[fragmentKey]*whole
	order   []*whole // oldest first
	bytes   int
	given   *whole // the datagram last completed; its octets are lent
	free    []*whole
}

type fragmentKey struct {
	src, dst [16]byte
	id       uint32
	proto    byte
}

// whole is a datagram that waits for fragments.
type whole struct {
	key   fragmentKey
	began time.Time
	data  []byte
	size  int    // once the last fragment came; -1 before
	have  []span // sorted, apart from each other
}

type span struct{ from, to int }

func newFragments() fragments { return fragments{waiting: map[fragmentKey]*whole{}} }

// add takes a fragment. When the datagram is complete it gives its payload,
// lent until the next call.
func (f *fragments) add(d *datagram, payload []byte, at time.Time) ([]byte, bool) {
	if f.given != nil {
		f.recycle(f.given)
		f.given = nil
	}
	f.expire(at)
	if d.missing > 0 || len(payload) == 0 || d.fragment+len(payload) > maxDatagram {
		return nil, false // cut by the snap length, or damaged: it can never be whole
	}
	if d.more && len(payload)%8 != 0 {
		return nil, false
	}
	key := fragmentKey{d.src, d.dst, d.id, d.proto}
	w := f.waiting[key]
	if w == nil {
		w = f.begin(key, at)
	}
	before := cap(w.data)
	w.put(d.fragment, payload)
	f.bytes += cap(w.data) - before
	if !d.more && w.size < 0 {
		w.size = d.fragment + len(payload)
	}
	if len(w.have) > maxHoles {
		f.drop(w)
		return nil, false
	}
	if w.size < 0 || len(w.have) != 1 || w.have[0].from != 0 || w.have[0].to < w.size {
		f.bound()
		return nil, false
	}
	f.remove(w)
	f.given = w
	return w.data[:w.size], true
}

func (f *fragments) begin(key fragmentKey, at time.Time) *whole {
	w := &whole{}
	if n := len(f.free); n > 0 {
		w, f.free = f.free[n-1], f.free[:n-1]
	}
	*w = whole{key: key, began: at, data: w.data[:0], have: w.have[:0], size: -1}
	f.bytes += cap(w.data)
	f.waiting[key] = w
	f.order = append(f.order, w)
	return w
}

// put lays octets where nothing lies yet.
func (w *whole) put(from int, payload []byte) {
	to := from + len(payload)
	if to > len(w.data) {
		w.data = slices.Grow(w.data, to-len(w.data))[:to]
	}
	at := from
	for _, s := range w.have {
		if s.to <= at {
			continue
		}
		if s.from >= to {
			break
		}
		if s.from > at {
			copy(w.data[at:s.from], payload[at-from:])
		}
		at = s.to
	}
	if at < to {
		copy(w.data[at:to], payload[at-from:])
	}
	w.cover(span{from, to})
}

// cover adds a span to those there are, joined with what it touches.
func (w *whole) cover(s span) {
	i := 0
	for i < len(w.have) && w.have[i].to < s.from {
		i++
	}
	j := i
	for j < len(w.have) && w.have[j].from <= s.to {
		s.from, s.to = min(s.from, w.have[j].from), max(s.to, w.have[j].to)
		j++
	}
	w.have = slices.Replace(w.have, i, j, s)
}

// remove takes a datagram out of those that wait.
func (f *fragments) remove(w *whole) {
	delete(f.waiting, w.key)
	f.bytes -= cap(w.data)
	if i := slices.Index(f.order, w); i >= 0 {
		f.order = slices.Delete(f.order, i, i+1)
	}
}

func (f *fragments) drop(w *whole) {
	f.remove(w)
	f.recycle(w)
}

// recycle keeps a few for the next ones.
func (f *fragments) recycle(w *whole) {
	if len(f.free) < 16 {
		f.free = append(f.free, w)
	}
}

func (f *fragments) expire(now time.Time) {
	for len(f.order) > 0 && now.Sub(f.order[0].began) > maxFragmentAge {
		f.drop(f.order[0])
	}
}

func (f *fragments) bound() {
	for len(f.order) > maxWaiting || f.bytes > maxWaitingBytes {
		f.drop(f.order[0])
	}
}
