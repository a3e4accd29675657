package queue

import (
	"time"

	"posta/store"
)

// Prospect is what comes next for an item that waits, where the schedule knows more
// than its Due says.
type Prospect struct {
	Next  time.Time // when somebody is asked for it: at its Due nobody is, as its destination is down; else zero
	Stage Stage
}

// Stage is how far an item is that is due and not yet worked on.
type Stage int

const (
	Nowhere   Stage = iota
	LookingUp       // its way, in the DNS
	InTurn          // behind others for the same destination, or for a connection
)

// Prospects says what comes next for each of the items that wait.
func (q *Queue) Prospects(items []store.Item) []Prospect { return q.sched.prospects(items) }

func (s *schedule) prospects(items []store.Item) []Prospect {
	all, now := make([]Prospect, len(items)), s.q.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	down := s.downFor(items, now)
	for i := range items {
		one := &items[i]
		if one.Leased || one.Held || !one.Due.Before(store.Never()) {
			continue
		}
		_, here := s.busy[laneID{one.Domain, one.Out.Sender}]
		until, silent := down[one.Domain]
		switch {
		case silent && one.Due.Before(until) && until.Before(one.Expires):
			all[i].Next = until
		case silent || !here || one.Due.After(now):
		case s.unplaced(one.Domain):
			all[i].Stage = LookingUp
		default:
			all[i].Stage = InTurn
		}
	}
	return all
}

// unplaced says that the way to a domain is being looked up. mu is held.
func (s *schedule) unplaced(domain string) bool {
	_, known := s.q.router.known(domain)
	return !known
}

// downFor says until when the destinations of the items' domains are down, as far as
// a domain was put off. mu is held. There may be many more destinations than items,
// or one destination of many domains.
func (s *schedule) downFor(items []store.Item, now time.Time) map[string]time.Time {
	domains, down := map[string]struct{}{}, map[string]time.Time{}
	for i := range items {
		domains[items[i].Domain] = struct{}{}
	}
	for _, d := range s.dests {
		if !d.down(now) {
			continue
		}
		few, many := d.waiting, domains
		if len(domains) < len(few) {
			few, many = domains, d.waiting
		}
		for name := range few {
			if _, both := many[name]; both {
				down[name] = d.until
			}
		}
	}
	return down
}
