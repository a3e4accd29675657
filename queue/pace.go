package queue

import (
	"context"
	"slices"
	"time"

	"posta/words"
)

// pace is how fast a destination takes mail. A host may have minutes for each of its
// answers (RFC 5321 §4.5.3.2): those who use them must not hold the connections that
// others' mail waits for.
type pace uint8

const (
	fresh pace = iota // it has taken nothing yet
	quick             // the last it was given was over soon
	slow              // something lasts, or the last did
)

const (
	// soon is how long an attempt may last that is not slow: to get a connection,
	// to hand a message over; the latter longer as it is large.
	soon     = 15 * time.Second
	soonRate = 64 << 10 // octets a second

	// openTime is how long an address may take up to the first message.
	openTime = 10 * time.Minute
)

// slowPart and newPart bound the connections to destinations that are slow, and to
// these and the fresh ones together: so there is always room for what is known to be
// quick, and for what is not known mostly.
func slowPart(connections int) int { return max(1, connections/2) }
func newPart(connections int) int  { return max(1, connections-connections/4) }

// slowOne bounds those to a single slow destination, once half of the slow part is
// taken: an answer may be slow because the message is looked at, and as long as nobody
// is short of connections such a host has as many as any.
func slowOne(destination int) int { return max(1, destination/4) }

// step is something that a carrier does and that may last: until over it may be cut
// short, if that loses nothing.
type step struct {
	timer *time.Timer
	cut   func() bool // called with the schedule's mutex held; false: it is too late
	slow  bool
	over  bool
}

// begin watches over a step; size is that of the message in octets.
func (s *schedule) begin(c *carrier, size int64, cut func() bool) *step {
	st := &step{cut: cut}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.timer = time.AfterFunc(soon+time.Duration(size/soonRate)*time.Second, func() { s.slowed(c, st) })
	return st
}

// slowed is told that a step lasts.
func (s *schedule) slowed(c *carrier, st *step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.over || s.over {
		return
	}
	st.slow = true
	s.lasting = append(s.lasting, lasting{c, st})
	s.setPace(c, slow)
	s.launch()
}

// lasting is a step that is slow, and whose it is.
type lasting struct {
	c  *carrier
	st *step
}

// finish is told that a step has ended; done says that it came to its end, so that a
// cut was too late, and answered that a message was, whatever the answer.
func (s *schedule) finish(c *carrier, st *step, done, answered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.over = true
	st.timer.Stop()
	if st.slow {
		s.lasting = slices.DeleteFunc(s.lasting, func(l lasting) bool { return l.st == st })
	}
	if done && c.cut { // others are short of connections still: the next that lasts is cut
		c.cut = false
		s.cutting--
		s.launch()
	}
	if answered && !st.slow && !c.cut {
		s.setPace(c, quick)
	}
}

// setPace notes how fast a destination was over one of its connections. mu is held.
func (s *schedule) setPace(c *carrier, p pace) {
	d := c.d
	if c.pace != p {
		s.paces[c.pace]--
		s.paces[p]++
		c.pace = p
	}
	if d.pace != p {
		if i := slices.Index(s.held[d.pace], d); i >= 0 { // it waits among others of its new kind
			s.held[d.pace] = slices.Delete(s.held[d.pace], i, i+1)
			s.turn = append(s.turn, d)
		}
		d.pace = p
	}
	d.allowed = min(d.allowed, s.most(d))
}

// most is how many connections a destination may have at all. mu is held.
func (s *schedule) most(d *destination) int {
	if d.pace == slow && s.paces[slow] > slowPart(s.q.cfg.Limits.Connections)/2 {
		return slowOne(s.q.cfg.Limits.Destination)
	}
	return s.q.cfg.Limits.Destination
}

// admits says that there is room for one more connection of a pace. mu is held.
func (s *schedule) admits(p pace) bool {
	all := s.q.cfg.Limits.Connections
	switch {
	case s.active >= all:
		return false
	case p == quick:
		return true
	case p == slow && s.paces[slow] >= slowPart(all):
		return false
	}
	return s.paces[fresh]+s.paces[slow] < newPart(all)
}

// pick gives the destination whose turn it is, if there is room for it. Those without
// wait apart, so that others pass by. mu is held.
func (s *schedule) pick() *destination {
	for _, p := range []pace{slow, fresh} {
		if len(s.held[p]) > 0 && s.admits(p) {
			d := s.held[p][0]
			s.held[p] = s.held[p][1:]
			return d
		}
	}
	for s.active < s.q.cfg.Limits.Connections && len(s.turn) > 0 {
		d := s.turn[0]
		s.turn = s.turn[1:]
		if s.admits(d.pace) {
			return d
		}
		s.held[d.pace] = append(s.held[d.pace], d)
	}
	return nil
}

// waits says that others wait for the connection that a carrier has. mu is held.
func (s *schedule) waits(c *carrier) bool {
	full := s.active >= s.q.cfg.Limits.Connections && len(s.turn) > 0
	return full || c.pace != quick && len(s.held[fresh]) > 0 || c.pace == slow && len(s.held[slow]) > 0
}

// relieve ends an idle connection where others wait, and cuts short what lasts
// beyond the share of the slow, beginning with what has lasted longest. mu is held.
func (s *schedule) relieve() {
	if len(s.turn)+len(s.held[fresh])+len(s.held[slow]) == 0 {
		return
	}
	if i := slices.IndexFunc(s.idle, s.waits); i >= 0 {
		c := s.idle[i]
		s.unidle(c)
		close(c.wake)
	}
	if len(s.turn)+len(s.held[fresh]) == 0 {
		return
	}
	over := s.paces[slow] - slowPart(s.q.cfg.Limits.Connections) - s.cutting
	for _, l := range s.lasting {
		if over <= 0 {
			break
		}
		if !l.c.cut && l.st.cut() {
			l.c.cut = true
			s.cutting++
			over--
		}
	}
}

// wasCut says that what a carrier did was cut short: it ends.
func (s *schedule) wasCut(c *carrier) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.cut
}

// tooSlow is the verdict on what was cut short (RFC 3463 §3.5: congestion).
func tooSlow() verdict { return said(later, "4.4.5", words.Fail("attempt.slow", nil)) }

// interruptible begins a step that can be cut short at any time, and gives a context
// that ends then.
func (s *schedule) interruptible(ctx context.Context, c *carrier) (context.Context, *step, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, s.begin(c, 0, func() bool { cancel(); return true }), cancel
}
