// Package record keeps what was said in sessions: the octets of both
// directions, with their times, in one ring in memory that is bounded by size,
// number of sessions and age. It is an event.Sink; Play gives sessions back as
// the events that they were.
//
// A session is masked or clear, by its listener's mode, and never anything
// between. Of a masked one no secret, no body and no TLS key comes in here, not
// even how long a secret was; a clear one is kept as it passed, with its keys.
//
// It knows no protocol. Start reading at Ring.
package record

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	"posta/event"
)

// Options are the bounds of a Ring; zeros are replaced by what stands behind.
type Options struct {
	Size       int                    // octets of all sessions together: 32 MiB
	PerSession int                    // of one: 4 MiB
	Sessions   int                    // ended sessions kept: 1000
	KeepFor    time.Duration          // how long, from when they ended: 24 hours
	Clear      func(mode string) bool // the modes of listeners whose sessions are clear; nil: none is
}

// leastSize is what a ring takes in any case.
const leastSize = 64 << 10

// Ring is the recording. Many goroutines may use it at once; none waits for a
// reader for longer than it takes to find a place in it.
type Ring struct {
	o Options

	mu        sync.Mutex
	blocks    blocks
	open      map[uint64]*session
	ended     []*session // in the order in which they ended: their last events lie in that order too
	forgotten uint64     // sessions that were ended ones
	half      press
	randoms   map[random]*session
	timer     *time.Timer // set while anything is kept
	closed    bool
	record    []byte // the event being written
	masked    []byte // its octets, masked

	archive atomic.Pointer[Archive] // nil: there is none

	more chan struct{} // closed with the next event; nil: nobody waits for it
}

// New makes a Ring. It takes memory as sessions fill it.
func New(o Options) *Ring {
	o.Size = max(cmp.Or(o.Size, 32<<20), leastSize)
	o.PerSession = min(cmp.Or(max(o.PerSession, 0), 4<<20), o.Size)
	o.Sessions = cmp.Or(max(o.Sessions, 0), 1000)
	o.KeepFor = cmp.Or(max(o.KeepFor, 0), 24*time.Hour)
	if o.Clear == nil {
		o.Clear = func(string) bool { return false }
	}
	size := min(max(o.Size/16, 4<<10), 256<<10)
	return &Ring{o: o, blocks: blocks{size: size, most: o.Size, span: o.KeepFor / 16},
		open: map[uint64]*session{}, randoms: map[random]*session{}}
}

// Close forgets everything.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	r.forgotten += uint64(len(r.ended))
	r.blocks.all, r.ended = nil, nil
	clear(r.open)
	clear(r.randoms)
	r.wake()
}

// Wants takes clear text of all sessions, of masked ones' bodies only how long
// they are, and ciphertext of clear ones.
func (r *Ring) Wants(conn uint64, l event.Layer, _ event.Part) bool {
	if l == event.Text {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.open[conn]
	return s != nil && s.clear
}

// Emit keeps an event.
func (r *Ring) Emit(e *event.Event) {
	if e.Conn == 0 { // of the house itself
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Kind == event.Open {
		r.begin(e)
		return
	}
	s := r.open[e.Conn]
	switch {
	case s == nil:
	case e.Kind == event.Data:
		r.data(s, e)
	case e.Kind == event.Close:
		r.write(s, e)
		r.end(s, e.Time)
	case e.Kind == event.Secure:
		s.tls.begin(&s.passed)
		s.tls.secured = event.Event{Conn: e.Conn, Seq: e.Seq, Time: e.Time, Kind: e.Kind, Fact: e.Fact}
		r.write(s, e)
		r.forget(s) // all its keys have come
	default:
		if s.size+factSize <= r.o.PerSession {
			r.write(s, e)
		}
	}
}

// factSize is what a fact may take at most, about: a line of a peer's words.
const factSize = 1 << 10

func (r *Ring) begin(e *event.Event) {
	f, ok := e.Fact.(event.Opened)
	if !ok || r.closed {
		return
	}
	s := &session{id: e.Conn, opened: f, began: e.Time, clear: r.o.Clear(f.Mode)}
	r.open[e.Conn] = s
	s.first = r.write(s, e)
	if r.timer == nil {
		r.timer = time.AfterFunc(r.o.KeepFor, r.expire)
	}
}

// end moves a session to the ended ones.
func (r *Ring) end(s *session, at time.Time) {
	delete(r.open, s.id)
	r.forget(s)
	s.closed, s.last = at, r.blocks.end()
	r.ended = append(r.ended, s)
	for len(r.ended) > r.o.Sessions {
		r.drop()
	}
	r.press()
}

// drop forgets the session that ended first. Its octets stay in the ring where
// nobody finds them, until others take their place or they are too old.
func (r *Ring) drop() {
	r.ended[0] = nil
	r.ended = r.ended[1:]
	r.forgotten++
}

// expire forgets what is too old, and comes again for what is not yet.
func (r *Ring) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	old := time.Now().Add(-r.o.KeepFor)
	for len(r.ended) > 0 && !r.ended[0].closed.After(old) {
		r.drop()
	}
	r.blocks.age(old)
	r.follow()
	next := r.blocks.span
	switch {
	case len(r.ended) > 0:
		next = min(next, r.ended[0].closed.Sub(old))
	case len(r.open) == 0 && len(r.blocks.all) == 0:
		r.timer = nil
		return
	}
	r.timer.Reset(max(next, time.Second))
}

// follow forgets ended sessions of which the ring has nothing any longer.
func (r *Ring) follow() {
	from := r.blocks.begin()
	for len(r.ended) > 0 && r.ended[0].last <= from {
		r.drop()
	}
}
