package record

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"posta/event"
)

// Session is what Sessions says of a recorded one.
type Session struct {
	ID      uint64
	Opened  event.Opened
	Began   time.Time
	Closed  time.Time // zero: it is open
	Clear   bool
	Keys    bool // there are keys for its TLS
	Dropped bool // not all of it was kept, or not all of it is there any longer

	size int    // of its records
	keys []byte // of it in the ring
	lost bool   // the ring has lost its beginning

	first, last int64 // places of its records there
}

// Octets are about how many are read for playing it.
func (s *Session) Octets() int { return s.size }

// Sessions are those that can be played, of the archive too, in the order in
// which they began.
func (r *Ring) Sessions() []Session {
	out := r.sessions()
	if a := r.archive.Load(); a != nil {
		have := map[uint64]int{}
		for i := range out {
			have[out[i].ID] = i
		}
		for _, s := range a.Sessions() {
			if i, ok := have[s.ID]; !ok {
				out = append(out, s)
			} else if out[i].lost {
				out[i] = s
			}
		}
	}
	slices.SortFunc(out, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// sessions copies them; whoever emits waits no longer than that takes.
func (r *Ring) sessions() []Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Session, 0, len(r.ended)+len(r.open))
	for _, s := range r.ended {
		out = append(out, r.session(s))
	}
	for _, s := range r.open {
		out = append(out, r.session(s))
	}
	return out
}

// session says what it is; mu is held.
func (r *Ring) session(s *session) Session {
	lost := s.first < r.blocks.begin()
	return Session{ID: s.id, Opened: s.opened, Began: s.began, Closed: s.closed, Clear: s.clear,
		Keys: len(s.keys) > 0, Dropped: s.full != [2]bool{} || lost, size: s.size, keys: s.keys, lost: lost, first: s.first, last: s.last}
}

// news is what has ended.
type news struct {
	ended   []Session
	from    uint64          // number of the first of them, in the order in which they ended
	missed  int             // that were forgotten before
	more    <-chan struct{} // closed with the next event
	pressed <-chan struct{} // closed when half of what the ring holds is newer
}

// endedSince are the sessions that have ended from one on.
func (r *Ring) endedSince(from uint64) news {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := news{from: max(from, r.forgotten)}
	n.missed = int(n.from - from)
	for _, s := range r.ended[n.from-r.forgotten:] {
		n.ended = append(n.ended, r.session(s))
	}
	r.half = press{pressed: make(chan struct{}), place: r.blocks.end() + int64(r.o.Size/2),
		ended: r.forgotten + uint64(len(r.ended)+max(1, r.o.Sessions/2))}
	n.more, n.pressed = r.next(), r.half.pressed
	return n
}

// press is when whoever takes ended sessions is to come before they are forgotten.
type press struct {
	pressed chan struct{} // nil: nobody takes them, or it was closed
	place   int64
	ended   uint64
}

// press tells him; mu is held.
func (r *Ring) press() {
	if h := &r.half; h.pressed != nil && (r.blocks.end() >= h.place || r.forgotten+uint64(len(r.ended)) >= h.ended) {
		close(h.pressed)
		h.pressed = nil
	}
}

// Keep makes an archive's sessions be listed and played beside those of the ring.
func (r *Ring) Keep(a *Archive) { r.archive.Store(a) }

// archived are those of some sessions that only the archive has, or has whole.
func (r *Ring) archived(ids []uint64) (out []uint64) {
	a := r.archive.Load()
	if a == nil {
		return nil
	}
	whole := map[uint64]bool{}
	for _, s := range r.sessions() {
		whole[s.ID] = !s.lost
	}
	for _, id := range ids {
		if !whole[id] && a.has(id) {
			out = append(out, id)
		}
	}
	return out
}

// Keys are the lines of a key log for the TLS of sessions. Masked ones have none.
func (r *Ring) Keys(ids []uint64) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []byte
	for _, s := range r.chosen(ids) {
		out = append(out, s.keys...)
	}
	return out
}

// chosen finds sessions; mu is held.
func (r *Ring) chosen(ids []uint64) []*session {
	want := make(map[uint64]bool, len(ids))
	for _, id := range ids {
		want[id] = true
	}
	var out []*session
	for _, s := range r.ended {
		if want[s.id] {
			out = append(out, s)
		}
	}
	for _, s := range r.open {
		if want[s.id] {
			out = append(out, s)
		}
	}
	return out
}

// playing is a session while it is played.
type playing struct {
	opened event.Event // to begin with, where the ring has lost it
	tls    secrecy     // whose secured is cleared once it was given
	begun  bool
	over   bool
	total  ends
	at     ends

	told   bool   // that TLS is up
	keys   []byte // that were known when it was met, until they are given
	keysTo int64  // place up to which keys in the ring are among those
}

// Play gives the sessions of these numbers to a sink, up to now, as the events
// that they were: of several, in the order in which things happened. Octets
// that are not there, because the session had its fill or because they were too
// old, are Gaps. It holds nobody up and no more memory than a block; the ring
// may pass it, which is a Gap too.
//
// Sessions of the archive come first, one behind the other.
func (r *Ring) Play(ctx context.Context, ids []uint64, to event.Sink) error {
	if archived := r.archived(ids); len(archived) > 0 {
		if err := r.archive.Load().Play(ctx, archived, to); err != nil {
			return err
		}
		played := make(map[uint64]bool, len(archived))
		for _, id := range archived {
			played[id] = true
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id uint64) bool { return played[id] })
	}
	return r.playKept(ctx, ids, to)
}

// playKept plays what the ring itself has.
func (r *Ring) playKept(ctx context.Context, ids []uint64, to event.Sink) error {
	r.mu.Lock()
	place, end := r.blocks.end(), r.blocks.end()
	all := map[uint64]*playing{}
	for _, s := range r.chosen(ids) {
		p := &playing{total: s.passed, tls: s.tls}
		p.opened = event.Event{Conn: s.id, Seq: 1, Time: s.began, Kind: event.Open, Fact: s.opened}
		all[s.id] = p
		place = min(place, s.first)
	}
	r.mu.Unlock()
	for place < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.mu.Lock()
		records, start := r.blocks.from(place)
		r.mu.Unlock()
		if start >= end || len(records) == 0 {
			break
		}
		records = records[:min(int64(len(records)), end-start)]
		place = start + int64(len(records))
		playRecords(records, all, to)
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if p := all[id]; !p.over {
			p.leave(to)
		}
	}
	return nil
}

func playRecords(records []byte, all map[uint64]*playing, to event.Sink) {
	var e event.Event
	for len(records) > 0 {
		n, err := event.Decode(records, &e)
		if err != nil {
			return // the ring wrote it: it cannot be
		}
		records = records[n:]
		if p := all[e.Conn]; p != nil && e.Kind != event.Keys { // those are given by Keys
			p.play(&e, to)
		}
	}
}

// play gives an event, and before it what is missing.
func (p *playing) play(e *event.Event, to event.Sink) {
	if !p.begun && e.Kind != event.Open {
		to.Emit(&p.opened)
	}
	p.begun = true
	if e.Seq >= p.tls.secured.Seq {
		p.secure(e, to)
	}
	switch e.Kind {
	case event.Data:
		if e.Layer == event.Wire {
			p.plain(e, to)
		}
		p.gap(e, e.Dir, e.Layer, e.Off, to)
		p.at[e.Dir&1][e.Layer&1] = e.Off + e.Len
	case event.Secure:
		p.told = true
	case event.Close:
		p.over = true
		p.missing(e, to)
	}
	to.Emit(e)
}

// leave ends a session that is open, or whose end the ring has lost meanwhile.
func (p *playing) leave(to event.Sink) {
	if !p.begun {
		to.Emit(&p.opened)
	}
	p.secure(&p.opened, to)
	p.missing(&p.opened, to)
}

// secure tells that TLS is up, if that was not told yet: before the event that
// tells it or, where the ring has lost that one, before the first behind it.
func (p *playing) secure(before *event.Event, to event.Sink) {
	if p.tls.secured.Kind == 0 {
		return
	}
	p.plain(before, to)
	if before.Kind != event.Secure {
		to.Emit(&p.tls.secured)
	}
	p.told = true
	p.tls.secured = event.Event{}
}

// plain tells of clear text that is missing before TLS: behind its begin nobody
// could tell it from text inside, which takes no room of its own.
func (p *playing) plain(before *event.Event, to event.Sink) {
	for d, n := range p.tls.plain {
		p.gap(before, event.Dir(d), event.Text, n, to)
		p.at[d][event.Text] = max(p.at[d][event.Text], n)
	}
}

// missing tells of what was left out up to the end.
func (p *playing) missing(before *event.Event, to event.Sink) {
	p.plain(before, to)
	for d := range p.total {
		for l := range p.total[d] {
			p.gap(before, event.Dir(d), event.Layer(l), p.total[d][l], to)
		}
	}
}

// gap tells of octets that are missing before a place.
func (p *playing) gap(before *event.Event, d event.Dir, l event.Layer, off int64, to event.Sink) {
	from := p.at[d][l]
	if l == event.Wire { // counted from the connection's first octet
		from = max(from, p.tls.plain[d])
	}
	if off > from {
		to.Emit(&event.Event{Conn: before.Conn, Seq: before.Seq, Time: before.Time, Kind: event.Gap, Dir: d, Layer: l, Off: from, Len: off - from})
	}
}
