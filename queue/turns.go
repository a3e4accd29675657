package queue

import (
	"slices"
	"time"

	"posta/store"
)

// What carriers tell the schedule, and ask of it.

// stint is how much a connection does in a row while other destinations wait
// for one.
const (
	stint     = 10
	stintTime = 15 * time.Second
)

// claimed is told when a lane's claim was made; full says that there is more.
func (s *schedule) claimed(c *carrier, lane store.Lane, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	d := c.d
	delete(d.claiming, lane.Sender)
	if full && len(d.lanes) < mostOfOne && !d.down(s.q.cfg.Now()) {
		d.put(lane)
	} else {
		s.release(lane, full)
	}
	s.serve(d)
}

// release lets a lane come in again. mu is held.
func (s *schedule) release(lane store.Lane, more bool) {
	news := s.busy[idOf(lane)]
	s.forget(lane)
	if more || s.left || news != nil && *news {
		s.left = false
		s.stir()
	}
}

// forget takes a lane off what is here. mu is held.
func (s *schedule) forget(lane store.Lane) {
	delete(s.busy, idOf(lane))
	if s.his[lane.Sender]--; s.his[lane.Sender] <= 0 {
		delete(s.his, lane.Sender)
	}
	if s.crowd[lane.Sender] && s.his[lane.Sender] <= mostOfHim/2 {
		delete(s.crowd, lane.Sender)
		s.stir()
	}
}

// next gives a carrier its next lane, waiting a little for one; false: it ends.
func (s *schedule) next(c *carrier) (store.Lane, bool) {
	s.mu.Lock()
	d := c.d
	if d.more && len(d.lanes) <= mostOfOne/2 {
		d.more = false
		s.stir()
	}
	waits := s.waits(c)
	if s.over || c.cut || d.active > d.allowed || waits && c.worked() || c.l == nil && d.down(s.q.cfg.Now()) {
		s.mu.Unlock()
		return store.Lane{}, false
	}
	if lane, ok := d.take(); ok || waits || c.l == nil {
		s.mu.Unlock()
		return lane, ok
	}
	d.idle = append(d.idle, c)
	s.idle = append(s.idle, c)
	s.mu.Unlock()
	t := time.NewTimer(s.q.cfg.Limits.Idle)
	defer t.Stop()
	select {
	case lane, ok := <-c.wake:
		return lane, ok
	case <-t.C:
	}
	s.mu.Lock()
	waiting := s.unidle(c)
	s.mu.Unlock()
	if waiting {
		return store.Lane{}, false
	}
	lane, ok := <-c.wake // it was found just now
	return lane, ok
}

// unidle takes a carrier off the list of those without work; false: it was not
// on it. mu is held.
func (s *schedule) unidle(c *carrier) bool {
	i := slices.Index(s.idle, c)
	if i < 0 {
		return false
	}
	s.idle = slices.Delete(s.idle, i, i+1)
	if i := slices.Index(c.d.idle, c); i >= 0 {
		c.d.idle = slices.Delete(c.d.idle, i, i+1)
	}
	return true
}

// gone is told when a carrier ends.
func (s *schedule) gone(c *carrier) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.d.active--
	s.active--
	s.paces[c.pace]--
	if c.cut {
		s.cutting--
	}
	if s.over {
		return
	}
	s.queue(c.d)
	s.launch()
	if c.d.more || s.left {
		c.d.more, s.left = false, false
		s.stir()
	}
}

// linked is told when a carrier's connection is made, or has ended.
func (s *schedule) linked(c *carrier, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.d.linked += n
	if n > 0 && !c.d.known && !s.over {
		c.d.known = true
		if c.d.fails == 0 {
			c.d.allowed = min(firstLimit, s.most(c.d))
			s.queue(c.d)
			s.launch()
		}
	}
}

// worked is told that a destination takes mail: it may have more connections,
// and what was put off because nobody answered is tried now.
func (s *schedule) worked(d *destination) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.allowed = min(d.allowed+1, s.most(d))
	if d.fails > 0 {
		d.fails, d.until, d.planned = 0, time.Time{}, time.Time{}
		if len(d.waiting) > 0 && !s.over {
			domains := d.waiting
			d.waiting = nil
			s.q.carriers.Add(1)
			go s.q.hurryAll(domains)
		}
	}
	if !s.over {
		s.queue(d)
		s.launch()
	}
}

// failed is told that no connection came about. While others of the same
// destination work, it only wants fewer; else it is down, and what waits for it
// is put off. Where it was forgiven since h began, that says nothing of it any
// more: until is zero.
func (s *schedule) failed(d *destination, h *hunt, t trouble) (until time.Time, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.linked > 0 {
		d.allowed = max(1, d.linked)
		return time.Time{}, false
	}
	if d.pardons != h.pardons {
		return time.Time{}, true
	}
	switch now := s.q.cfg.Now(); {
	case d.down(now):
	case now.Before(d.planned):
		d.until = d.planned
	default:
		if d.fails == 0 && !d.known {
			d.fails = silences(h.items)
		}
		d.fails++
		d.until = now.Add(s.q.wait(d.fails, min(mostSilence, s.q.cfg.Limits.MostWait)))
	}
	d.why, d.since, d.planned, d.allowed = t, h.since, time.Time{}, 1
	for _, lane := range d.lanes {
		s.postpone(d, lane)
	}
	d.lanes = nil
	return d.until, true
}

// silences is how often nobody had answered somebody before, as an earlier process has
// kept it: where it waited long, this one does not begin anew.
func silences(items []store.Item) (n int) {
	for i := range items {
		if one := &items[i]; one.Last.Code == 0 {
			n = max(n, one.Attempts-one.Unasked-one.Extra)
		}
	}
	return n
}

// state gives the way to a destination, and whether it did not answer the last
// time.
func (s *schedule) state(d *destination) (w *way, probing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.way, d.fails > 0
}

// putOff remembers a domain that was put off.
func (s *schedule) putOff(d *destination, domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.wait(domain)
}

// postpone puts off what is due in a lane of a destination that is down. What is kept
// for a site has no timer. mu is held.
func (s *schedule) postpone(d *destination, lane store.Lane) {
	d.wait(lane.Domain)
	one := sweep{lane: lane, why: d.why, until: d.until, d: d, since: d.since, pardons: d.pardons}
	if d.way.route.OnDemand {
		one.kept = d.way
	}
	s.sweep(one)
}

// forgive lets destinations be tried at once: that of a domain, or all for "". The
// way to it may be forgotten by now, what was put off is not. Asked says that it is
// somebody's wish: one that is in vain lets them be tried next when they would have.
func (s *schedule) forgive(domain string, asked bool) {
	f, ok := s.q.router.known(domain)
	s.q.router.forget(domain)
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, d := range s.dests {
		if domain == "" || ok && f.way != nil && f.way.key == key || d.waitsFor(domain) {
			d.forgive(asked)
		}
	}
}

// forgiveOne is forgive for one destination, as others have asked of another process.
func (s *schedule) forgiveOne(d *destination) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.forgive(true)
}

// pardons says how often a destination was forgiven.
func (s *schedule) pardons(d *destination) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.pardons
}
