package collect

import (
	"slices"
	"strings"
	"time"
)

// Same says that two entries ask for the same mail at the same place: one of them
// would do.
func (e *Entry) Same(o *Entry) bool {
	host, port := e.address()
	otherHost, otherPort := o.address()
	sorted := func(all []string) []string { return slices.Sorted(slices.Values(all)) }
	return e.Way == o.Way && host == otherHost && port == otherPort && e.User == o.User &&
		strings.EqualFold(e.Account, o.Account) && slices.Equal(sorted(e.Domains), sorted(o.Domains))
}

// Anew is what of what became of an entry a change has begin anew.
type Anew uint8

const (
	NothingAnew Anew = iota
	ResultAnew       // the result of the last time, but for its Apart
	AllAnew          // that, Apart, Total and what the Store has Seen
)

// Since says what begins anew where before has become e: what became of another place,
// and a failure that another way in may be there to mend.
func (e *Entry) Since(before *Entry) Anew {
	_, away := before.Last.TurnedAway()
	failed := before.Last.Failure != "" && !away
	switch {
	case !e.SameMailbox(before):
		return AllAnew
	case !e.Same(before), failed && (e.Password != before.Password || e.TLS != before.TLS || e.CA != before.CA):
		return ResultAnew
	}
	return NothingAnew
}

// Unpaused is since when an entry is due that a person changed and that is due next:
// where its failure stays, as early as the server let it, so that the time since then
// counts as no pause that the failure made.
func (e *Entry) Unpaused(next time.Time) time.Time {
	if first := e.Last.At.Add(e.Last.Took + e.Last.Apart); e.Last.Failure != "" && first.Before(next) {
		return first
	}
	return next
}

// SameMailbox says that what is remembered of the messages of one entry of POP3
// holds for the other.
func (e *Entry) SameMailbox(o *Entry) bool {
	host, _ := e.address()
	other, _ := o.address()
	return host == other && e.User == o.User
}

// Change runs a change of an entry while nobody collects it. A visit that goes on
// is broken off, and whoever waits for it by hand gets one of the changed entry.
func (c *Collector) Change(id int64, change func() error) error {
	own := c.reserve(id)
	defer c.Stir()
	defer c.end(own, func() { own.broken = true })
	return change()
}

// reserve takes an entry, before anybody else, from who is at it.
func (c *Collector) reserve(id int64) *running {
	own := newRunning(id)
	for {
		c.mu.Lock()
		other := c.running[id]
		switch {
		case other == nil:
			c.running[id] = own
		case other.next == nil:
			other.next = own
		default:
			waits := other.next
			c.mu.Unlock()
			<-waits.ended
			continue
		}
		c.mu.Unlock()
		if other != nil {
			other.stop()
			<-other.ended
		}
		return own
	}
}
