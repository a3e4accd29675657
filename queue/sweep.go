package queue

import (
	"context"
	"fmt"
	"time"

	"posta/store"
)

// sweep is a lane whose items get an answer without being tried each.
type sweep struct {
	lane  store.Lane
	why   trouble
	until time.Time // when somebody looks again; zero: as always
	kept  *way      // instead: nothing is wrong, but they don't leave now

	d       *destination // whose silence it is; nil: of none
	since   time.Time    // when the attempt began that met it
	pardons uint64       // of d, then
	round   uint64       // without d: as found.round
}

// sweep queues a sweep up. mu is held.
func (s *schedule) sweep(one sweep) {
	if s.over {
		return
	}
	one.why = one.why.remembered()
	s.sweeps = append(s.sweeps, one)
	if s.sweeping < sweepers {
		s.sweeping++
		s.q.carriers.Add(1)
		go s.sweepAll()
	}
}

func (s *schedule) sweepAll() {
	defer s.q.carriers.Done()
	for {
		s.mu.Lock()
		if len(s.sweeps) == 0 {
			s.sweeping--
			s.mu.Unlock()
			return
		}
		one := s.sweeps[0]
		s.sweeps = s.sweeps[1:]
		s.mu.Unlock()
		more := s.q.put(one)
		s.mu.Lock()
		s.release(one.lane, more)
		s.mu.Unlock()
	}
}

// sweepMost is how many items are put off with one claim.
const sweepMost = 200

// put puts a lane's items off, or gives them up where their time has come; true:
// there may be more.
func (q *Queue) put(one sweep) (more bool) {
	for !q.ended() {
		if q.sched.outdated(&one) {
			return true
		}
		items, err := q.claim(context.Background(), store.Claim{Lane: one.lane, Now: q.cfg.Now(), Limit: sweepMost})
		if err != nil {
			q.problem(fmt.Errorf("queue: claiming items: %w", err))
			time.AfterFunc(restIll, q.Stir)
			return false
		}
		if len(items) == 0 {
			return false
		}
		items, asked := one.part(items)
		if len(asked) > 0 {
			q.sched.forgiveOne(one.d)
			q.giveBack(asked)
			more = true
		}
		for _, of := range byMessage(items) {
			switch {
			case one.kept != nil && one.d != nil:
				q.miss(one.kept, one.why, of)
			case one.kept != nil:
				q.keep(one.kept, of)
			default:
				q.conclude(&attempt{trouble: one.why, until: one.until}, of, nil)
			}
		}
		if more || len(items) < sweepMost {
			return more
		}
	}
	return true
}

// part takes out the items that somebody has asked for since the attempt began whose
// answer they would get: they are to be tried.
func (one *sweep) part(items []store.Item) (off, asked []store.Item) {
	if one.d == nil {
		return items, nil
	}
	for _, item := range items {
		if item.Asked.After(one.since) {
			asked = append(asked, item)
		} else {
			off = append(off, item)
		}
	}
	return off, asked
}

// outdated says that what a sweep rests on was forgiven or forgotten.
func (s *schedule) outdated(one *sweep) bool {
	if one.d == nil {
		return one.round != s.q.router.now()
	}
	return one.pardons != s.pardons(one.d)
}

// byMessage parts items by their message; those of one come in a row.
func byMessage(items []store.Item) (all [][]store.Item) {
	from := 0
	for i := range items {
		if i+1 == len(items) || items[i+1].Out.ID != items[i].Out.ID {
			all = append(all, items[from:i+1])
			from = i + 1
		}
	}
	return all
}
