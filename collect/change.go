package collect

import (
	"slices"
	"strings"
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
