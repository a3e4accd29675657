package queue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"posta/store"
)

const (
	page     = 256 // lanes asked for at a time
	lookers  = 64  // ways looked up at a time
	sweepers = 8   // lanes put off at a time

	restMost  = time.Hour            // between looks into the store
	restLeast = 5 * time.Millisecond // the same, however often it is stirred
	restFull  = time.Second          // while lanes wait for room here
	restIll   = 5 * time.Second      // behind an error of the store
)

// schedule decides who is next. It takes lanes out of the store as it has room
// for them, finds their way, and gives them to connections: destinations take
// turns for the connections, and lanes for those of their destination. Its size
// does not depend on the queue's.
//
// Nobody answers at a destination: then its lanes are swept, which puts their
// items off with that answer without dialing for each.
type schedule struct {
	q     *Queue
	woken chan struct{}

	mu       sync.Mutex
	dests    map[string]*destination
	turn     []*destination   // with lanes and leave for another connection
	idle     []*carrier       // connections without work, the longest first
	busy     map[laneID]*bool // lanes that are here; true: something new may be in the store
	his      map[string]int   // of these, how many are a sender's
	crowd    map[string]bool  // senders who have more in the store
	unknown  []store.Lane     // whose way has to be looked up
	looking  int
	sweeps   []sweep
	sweeping int
	active   int
	paces    [3]int            // of these, by their pace
	held     [3][]*destination // whose turn it is, but that have no room left for their pace
	lasting  []lasting         // the longest first
	cutting  int               // connections that were cut short and have not ended
	left     bool              // lanes were left in the store for want of room
	over     bool
}

func newSchedule(q *Queue) *schedule {
	return &schedule{q: q, woken: make(chan struct{}, 1), dests: map[string]*destination{}, busy: map[laneID]*bool{}, his: map[string]int{}, crowd: map[string]bool{}}
}

func (s *schedule) stir() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// run works until ctx ends.
func (s *schedule) run(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		rest := s.scan(ctx)
		pause(ctx, nil, max(restLeast, 10*time.Since(began))) // looking takes a tenth of the time at most
		pause(ctx, s.woken, rest)
	}
	s.end()
}

// pause waits for d, or for ctx or woken if that comes first.
func pause(ctx context.Context, woken <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-woken:
	case <-t.C:
	}
}

// end lets go of all that has not begun.
func (s *schedule) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, c := range s.idle {
		close(c.wake)
	}
	s.idle, s.turn, s.unknown, s.sweeps = nil, nil, nil, nil
	s.held, s.lasting = [3][]*destination{}, nil
	for _, d := range s.dests {
		d.lanes, d.idle = nil, nil
	}
}

// enter counts a carrier in, unless the end has come.
func (s *schedule) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.q.carriers.Add(1)
	return true
}

// scan takes in what is due, as far as there is room, and gives the time until
// the next look.
func (s *schedule) scan(ctx context.Context) time.Duration {
	now := s.q.cfg.Now()
	s.tidy(now)
	for {
		room := s.room()
		if room == 0 {
			return restFull
		}
		lanes, err := s.q.cfg.Store.Lanes(ctx, now, func(l store.Lane) bool { return s.pass(l, now) }, room)
		if err != nil {
			return s.ill(ctx, "the lanes that are due", err)
		}
		for _, lane := range lanes {
			s.admit(ctx, lane)
		}
		if len(lanes) < room {
			break
		}
	}
	next, err := s.q.cfg.Store.Next(ctx)
	switch wait := next.Sub(s.q.cfg.Now()); {
	case err != nil:
		return s.ill(ctx, "when the next is due", err)
	case next.IsZero():
		return restMost
	case wait <= 0:
		return restFull
	default:
		return min(wait, restMost)
	}
}

func (s *schedule) ill(ctx context.Context, what string, err error) time.Duration {
	if ctx.Err() == nil {
		s.q.problem(fmt.Errorf("queue: %s: %w", what, err))
	}
	return restIll
}

// tidy forgets destinations that there is nothing to know of.
func (s *schedule) tidy(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.dests) < mostLanes {
		return
	}
	for key, d := range s.dests {
		if d.idling(now) || d.quiet() && len(s.dests) > mostDests {
			delete(s.dests, key)
		}
	}
}

func (s *schedule) room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := max(0, min(page, mostLanes-len(s.busy)))
	s.left = s.left || room == 0
	return room
}

// pass says which lanes stay in the store for now.
func (s *schedule) pass(lane store.Lane, now time.Time) bool {
	f, known := s.q.router.known(lane.Domain)
	s.mu.Lock()
	defer s.mu.Unlock()
	if news, ok := s.busy[idOf(lane)]; ok {
		*news = true
		return true
	}
	if s.his[lane.Sender] >= mostOfHim {
		s.crowd[lane.Sender] = true
		return true
	}
	full := false
	switch {
	case !known:
		full = len(s.unknown)+s.looking >= mostUnknown
	case f.why == nil:
		d := s.dests[f.way.key]
		if full = d != nil && !d.down(now) && len(d.lanes) >= mostOfOne; full {
			d.more = true
			return true
		}
	}
	s.left = s.left || full
	return full
}

// admit takes a lane in.
func (s *schedule) admit(ctx context.Context, lane store.Lane) {
	f, known := s.q.router.known(lane.Domain)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.busy[idOf(lane)]; ok || s.over {
		return
	}
	if s.his[lane.Sender] >= mostOfHim {
		s.crowd[lane.Sender] = true
		return
	}
	s.busy[idOf(lane)] = new(bool)
	s.his[lane.Sender]++
	if known {
		s.place(lane, f)
		return
	}
	s.unknown = append(s.unknown, lane)
	if s.looking < lookers {
		s.looking++
		s.q.carriers.Add(1)
		go s.look(ctx)
	}
}

// look looks ways up until none is asked for.
func (s *schedule) look(ctx context.Context) {
	defer s.q.carriers.Done()
	for {
		s.mu.Lock()
		if len(s.unknown) == 0 {
			s.looking--
			s.mu.Unlock()
			return
		}
		lane := s.unknown[0]
		s.unknown = s.unknown[1:]
		s.mu.Unlock()
		f, ok := s.q.router.known(lane.Domain)
		if !ok {
			f = s.q.router.look(ctx, lane.Domain)
		}
		s.mu.Lock()
		if !s.over {
			s.place(lane, f)
		}
		s.mu.Unlock()
	}
}

// place puts a lane where it belongs. mu is held.
func (s *schedule) place(lane store.Lane, f found) {
	if f.why != nil {
		s.sweep(sweep{lane: lane, why: trouble{verdict: *f.why}, round: f.round})
		return
	}
	if len(f.way.hosts) == 0 {
		s.sweep(sweep{lane: lane, kept: f.way, round: f.round})
		return
	}
	d := s.dest(f.way)
	switch {
	case d.down(s.q.cfg.Now()):
		s.postpone(d, lane)
	case len(d.lanes) >= mostOfOne:
		d.more = true
		s.forget(lane)
	default:
		d.put(lane)
		s.serve(d)
	}
}

func (s *schedule) dest(w *way) *destination {
	d := s.dests[w.key]
	if d == nil {
		d = &destination{allowed: 1}
		s.dests[w.key] = d
	}
	d.way = w // the latest: its password may be another
	return d
}

// serve gives a destination's lanes to its idle connections, or queues it up
// for new ones. mu is held.
func (s *schedule) serve(d *destination) {
	for len(d.idle) > 0 {
		lane, ok := d.take()
		if !ok {
			break
		}
		c := d.idle[len(d.idle)-1] // the latest: the others may end
		s.unidle(c)
		c.wake <- lane
	}
	s.queue(d)
	s.launch()
}

func (s *schedule) queue(d *destination) {
	if !d.queued && len(d.lanes) > 0 && d.active < d.allowed {
		d.queued = true
		s.turn = append(s.turn, d)
	}
}

// launch makes connections for those whose turn it is. mu is held.
func (s *schedule) launch() {
	for !s.over {
		d := s.pick()
		if d == nil {
			break
		}
		d.queued = false
		if d.active >= d.allowed {
			continue
		}
		lane, ok := d.take()
		if !ok {
			continue // claimed is going to tell
		}
		d.active++
		s.active++
		s.paces[d.pace]++
		s.q.carriers.Add(1)
		c := &carrier{q: s.q, d: d, pace: d.pace, wake: make(chan store.Lane, 1)}
		go c.run(lane)
		s.queue(d)
	}
	s.relieve()
}
