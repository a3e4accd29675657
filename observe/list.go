package observe

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Filter chooses sessions; its zero value is all of them.
type Filter struct {
	Open     bool         `json:"open,omitempty"`     // only those still open
	Protocol string       `json:"protocol,omitempty"` // "smtp", "pop3"
	Listener string       `json:"listener,omitempty"`
	User     string       `json:"user,omitempty"` // who is logged in, or its part before the @
	Remote   netip.Prefix `json:"remote,omitzero"`
	Limit    int          `json:"limit,omitempty"` // the newest so many; 0: all
}

// List gives the sessions that the filter chooses, newest first.
func (s *Sessions) List(f Filter) []Session {
	byID := map[uint64]Session{}
	s.mu.Lock()
	all := slices.Clone(s.ended)
	s.mu.Unlock()
	s.open.each(func(one *session) { all = append(all, one) })
	for _, one := range all {
		one.mu.Lock()
		facts := one.facts
		one.mu.Unlock()
		if f.Takes(&facts) {
			byID[facts.ID] = facts // one that ends just now is in both
		}
	}
	out := make([]Session, 0, len(byID))
	for _, facts := range byID {
		out = append(out, facts)
	}
	slices.SortFunc(out, func(a, b Session) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.ID, a.ID))
	})
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out
}

// Holds says that Show has the session of this number that was there at a time.
// A trace may be of a posta that began its numbers anew at each start.
func (s *Sessions) Holds(id uint64, at time.Time) bool {
	one, ok := s.open.get(id)
	if !ok {
		s.mu.Lock()
		if i := slices.IndexFunc(s.ended, func(e *session) bool { return e.facts.ID == id }); i >= 0 {
			one, ok = s.ended[i], true
		}
		s.mu.Unlock()
	}
	if !ok {
		return false
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	at = at.Add(time.Millisecond) // traces keep microseconds
	return !at.Before(one.facts.Opened) && (one.facts.Closed.IsZero() || !at.After(one.facts.Closed.Add(2*time.Millisecond)))
}

// Takes says whether the filter chooses a session.
func (f *Filter) Takes(s *Session) bool {
	local, _, _ := strings.Cut(s.User, "@")
	return (!f.Open || s.Closed.IsZero()) &&
		(f.Protocol == "" || strings.EqualFold(f.Protocol, s.Protocol)) &&
		(f.Listener == "" || strings.EqualFold(f.Listener, s.Listener)) &&
		(f.User == "" || strings.EqualFold(f.User, s.User) || strings.EqualFold(f.User, local)) &&
		(!f.Remote.IsValid() || f.Remote.Contains(s.Remote.Addr().Unmap().WithZone("")))
}

// Show gives a session with its transcript so far.
func (s *Sessions) Show(id uint64) (*Transcript, error) {
	one, ok := s.open.get(id)
	if !ok {
		s.mu.Lock()
		i := slices.IndexFunc(s.ended, func(e *session) bool { return e.facts.ID == id })
		if i >= 0 {
			one, ok = s.ended[i], true
		}
		s.mu.Unlock()
	}
	if !ok {
		return nil, ErrNoSession
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return &Transcript{Session: one.facts, Lines: one.script.lines(one.facts.Opened)}, nil
}
