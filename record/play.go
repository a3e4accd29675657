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
}

// Sessions are those that can be played, in the order in which they began.
func (r *Ring) Sessions() []Session {
	out := r.sessions()
	slices.SortFunc(out, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// sessions copies them; whoever emits waits no longer than that takes.
func (r *Ring) sessions() []Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Session, 0, len(r.ended)+len(r.open))
	add := func(s *session) {
		out = append(out, Session{ID: s.id, Opened: s.opened, Began: s.began, Closed: s.closed, Clear: s.clear,
			Keys: len(s.keys) > 0, Dropped: s.full != [2]bool{} || s.first < r.blocks.begin()})
	}
	for _, s := range r.ended {
		add(s)
	}
	for _, s := range r.open {
		add(s)
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
func (r *Ring) Play(ctx context.Context, ids []uint64, to event.Sink) error {
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
