package record

import (
	"context"
	"slices"

	"posta/event"
)

// Following says which sessions are followed; its zero value is all of them,
// from now on.
type Following struct {
	IDs      []uint64 // only these
	Listener string   // only this listener's
	Past     bool     // those too that have ended; of IDs they are in any case

	// Until ends it: once it is closed, Follow goes on as long as sessions are
	// open, and no longer. It may be nil.
	Until <-chan struct{}
}

// takes says whether a session is wanted.
func (f *Following) takes(id uint64, listener string) bool {
	return (len(f.IDs) == 0 || slices.Contains(f.IDs, id)) && (f.Listener == "" || f.Listener == listener)
}

// Follow gives sessions to a sink as they go on: those that are open from their
// beginning, and every later one. TLS keys of clear sessions come as Keys,
// before the ciphertext that they decrypt or, of a session that was open, behind
// its Open. After each group of events it calls flush, whose error ends it.
//
// It holds nobody up and no more memory than a block. Where the ring passes it,
// octets are Gaps, and a session whose end it missed is closed without a reason.
// It returns nil when the chosen sessions have ended, or the ring is closed.
func (r *Ring) Follow(ctx context.Context, what Following, to event.Sink, flush func() error) error {
	f := &follower{ring: r, what: what, to: to, all: map[uint64]*playing{}}
	if err := f.past(ctx); err != nil {
		return err
	}
	place := f.start()
	if err := flush(); err != nil {
		return err
	}
	for {
		r.mu.Lock()
		records, at := r.blocks.from(place)
		over := len(records) == 0 && f.over()
		var more <-chan struct{}
		if len(records) == 0 {
			more = r.next()
		}
		r.mu.Unlock()
		switch {
		case at > place:
			f.fell(at)
		case over:
			return nil
		case len(records) == 0:
			if err := f.wait(ctx, more); err != nil {
				return err
			}
			continue
		}
		place = at + int64(len(records))
		f.play(records, at)
		if err := flush(); err != nil {
			return err
		}
	}
}

// follower is one who follows, with the sessions that he has met.
type follower struct {
	ring   *Ring
	what   Following
	to     event.Sink
	all    map[uint64]*playing // nil: not one of those that are wanted
	began  int64               // place; of sessions met later nothing lies before
	ending bool                // Until is closed
	played map[uint64]bool     // sessions that the archive gave
}

// past gives sessions of the archive.
func (f *follower) past(ctx context.Context) error {
	a := f.ring.archive.Load()
	if a == nil || !f.what.Past && len(f.what.IDs) == 0 {
		return nil
	}
	var ids []uint64
	for _, s := range a.Sessions() {
		if f.what.takes(s.ID, s.Opened.Listener) {
			ids = append(ids, s.ID)
		}
	}
	ids = f.ring.archived(ids)
	f.played = make(map[uint64]bool, len(ids))
	for _, id := range ids {
		f.played[id] = true
	}
	return a.Play(ctx, ids, f.to)
}

// start meets the sessions that are there, and says where to begin.
func (f *follower) start() (place int64) {
	f.ring.mu.Lock()
	defer f.ring.mu.Unlock()
	f.began = f.ring.blocks.end()
	place = f.began
	meet := func(s *session) {
		if f.what.takes(s.id, s.opened.Listener) && !f.played[s.id] {
			f.all[s.id] = f.meet(s)
			place = min(place, s.first)
		}
	}
	if f.what.Past || len(f.what.IDs) > 0 {
		for _, s := range f.ring.ended {
			meet(s)
		}
	}
	for _, s := range f.ring.open {
		meet(s)
	}
	return max(place, f.ring.blocks.begin())
}

// meet begins with a session; the ring's mu is held.
func (f *follower) meet(s *session) *playing {
	p := &playing{
		opened: event.Event{Conn: s.id, Seq: 1, Time: s.began, Kind: event.Open, Fact: s.opened},
		keys:   slices.Clone(s.keys), keysTo: f.ring.blocks.end(),
	}
	p.look(s)
	return p
}

// over says that nothing will come any more; the ring's mu is held.
func (f *follower) over() bool {
	return f.ring.closed || f.ending && len(f.ring.open) == 0 ||
		len(f.what.IDs) > 0 && !slices.ContainsFunc(f.what.IDs, func(id uint64) bool { return f.ring.open[id] != nil })
}

// wait waits for the next event.
func (f *follower) wait(ctx context.Context, more <-chan struct{}) error {
	until := f.what.Until
	if f.ending {
		until = nil
	}
	select {
	case <-more:
	case <-until:
		f.ending = true
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// play gives the records from a place on.
func (f *follower) play(records []byte, at int64) {
	var e event.Event
	for len(records) > 0 {
		n, err := event.Decode(records, &e)
		if err != nil {
			return // the ring wrote it: it cannot be
		}
		f.one(&e, at)
		records, at = records[n:], at+int64(n)
	}
}

func (f *follower) one(e *event.Event, at int64) {
	p, known := f.all[e.Conn]
	if !known {
		if p = f.new(e, at); p != nil || e.Kind == event.Open && at >= f.began {
			f.all[e.Conn] = p
		}
	}
	switch {
	case p == nil:
	case e.Kind == event.Keys:
		if at >= p.keysTo {
			f.to.Emit(e)
		}
	default:
		if e.Kind == event.Close || e.Kind == event.Secure || e.Layer == event.Wire && !p.tls.begun {
			f.look(e.Conn, p)
		}
		f.give(p, e)
	}
	if e.Kind == event.Close {
		delete(f.all, e.Conn)
	}
}

// give gives an event, and the keys behind the session's Open.
func (f *follower) give(p *playing, e *event.Event) {
	if p.keys == nil {
		p.play(e, f.to)
		return
	}
	if !p.begun && e.Kind != event.Open {
		f.to.Emit(&p.opened)
		p.begun = true
	}
	keys := event.Event{Conn: p.opened.Conn, Time: e.Time, Kind: event.Keys, Len: int64(len(p.keys)), Data: p.keys}
	p.keys = nil
	if e.Kind == event.Open {
		p.play(e, f.to)
		f.to.Emit(&keys)
		return
	}
	f.to.Emit(&keys)
	p.play(e, f.to)
}

// new meets a session at the event at hand, nil where it is not wanted.
func (f *follower) new(e *event.Event, at int64) *playing {
	if at < f.began || len(f.what.IDs) > 0 { // it had ended, or was not asked for
		return nil
	}
	if o, ok := e.Fact.(event.Opened); ok && e.Kind == event.Open {
		if !f.what.takes(e.Conn, o.Listener) {
			return nil
		}
		return &playing{opened: event.Event{Conn: e.Conn, Seq: e.Seq, Time: e.Time, Kind: e.Kind, Fact: o}}
	}
	f.ring.mu.Lock()
	defer f.ring.mu.Unlock()
	s := f.ring.find(e.Conn)
	if s == nil || !f.what.takes(s.id, s.opened.Listener) {
		return nil
	}
	return f.meet(s)
}

// look asks what has become of a session meanwhile.
func (f *follower) look(id uint64, p *playing) {
	f.ring.mu.Lock()
	defer f.ring.mu.Unlock()
	if s := f.ring.find(id); s != nil {
		p.look(s)
	}
}

// fell gives what is to be told where the ring passed the follower: records up
// to a place are gone.
func (f *follower) fell(at int64) {
	var gone []uint64
	f.ring.mu.Lock()
	for id, p := range f.all {
		s := f.ring.find(id)
		switch {
		case s == nil, !s.closed.IsZero() && s.last <= at:
			gone = append(gone, id)
		case p != nil:
			p.look(s)
		}
	}
	f.ring.mu.Unlock()
	slices.Sort(gone)
	for _, id := range gone {
		if p := f.all[id]; p != nil {
			p.missed(f.to)
		}
		delete(f.all, id)
	}
}

// missed closes a session whose end was missed.
func (p *playing) missed(to event.Sink) {
	if !p.begun {
		to.Emit(&p.opened)
	}
	last := p.opened
	for _, d := range []event.Dir{event.FromDialer, event.FromListener} {
		to.Emit(&event.Event{Conn: last.Conn, Seq: last.Seq, Time: last.Time, Kind: event.Gap, Dir: d, Layer: event.Text, Off: p.at[d][event.Text]})
	}
	to.Emit(&event.Event{Conn: last.Conn, Seq: last.Seq, Time: last.Time, Kind: event.Close, Fact: event.Closed{}})
}

// look takes how far a session has come.
func (p *playing) look(s *session) {
	p.total = s.passed
	switch {
	case !p.tls.begun:
		p.tls = s.tls
	case !p.told:
		p.tls.secured = s.tls.secured
	}
	if p.told {
		p.tls.secured = event.Event{}
	}
}

// find finds a session; mu is held.
func (r *Ring) find(id uint64) *session {
	if s := r.open[id]; s != nil {
		return s
	}
	for _, s := range slices.Backward(r.ended) {
		if s.id == id {
			return s
		}
	}
	return nil
}

// next is closed with the next event; mu is held.
func (r *Ring) next() <-chan struct{} {
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return r.more
}

// wake tells those who wait for an event; mu is held.
func (r *Ring) wake() {
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}
