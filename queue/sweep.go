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
}

// sweep queues a sweep up. mu is held.
func (s *schedule) sweep(one sweep) {
	if s.over {
		return
	}
	one.why.at, one.why.took, one.why.asOf = time.Time{}, 0, one.why.at
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
		items, err := q.claim(context.Background(), store.Claim{Lane: one.lane, Now: q.cfg.Now(), Limit: sweepMost})
		if err != nil {
			q.problem(fmt.Errorf("queue: claiming items: %w", err))
			time.AfterFunc(restIll, q.Stir)
			return false
		}
		if len(items) == 0 {
			return false
		}
		for _, of := range byMessage(items) {
			if one.kept != nil {
				q.keep(one.kept, of)
			} else {
				q.conclude(&attempt{trouble: one.why, until: one.until}, of, nil)
			}
		}
		if len(items) < sweepMost {
			return false
		}
	}
	return true
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
