package queue

import (
	"slices"
	"time"

	"posta/store"
)

const (
	mostLanes   = 4096    // known to the schedule at a time; the others stay in the store
	mostOfOne   = 64      // of these, of one destination: its senders take turns among them
	mostOfHim   = 512     // of these, of one sender: who has more waits in the store, and others pass by
	mostUnknown = 2048    // of these, whose way is not known yet
	mostDests   = 100_000 // remembered, most of them because nobody answers there
	mostDomains = 1000    // of one destination, that are hurried when it answers again
	firstLimit  = 8       // connections to a destination that has just answered
)

// destination is all mail that goes one way. The schedule's mutex guards it.
type destination struct {
	way     *way
	lanes   []store.Lane // that wait for a connection, each with something due
	more    bool         // lanes were left in the store for want of room here
	queued  bool         // it waits for its turn
	active  int          // connections, and those that are being made
	linked  int          // of these, that were made
	allowed int          // connections, for now: one until it has answered
	known   bool         // it has
	pace    pace         // of late
	idle    []*carrier   // that wait for more

	claiming map[string]struct{} // senders

	fails   int // attempts in a row in which nobody answered
	until   time.Time
	planned time.Time // until, before it was forgiven: a try by hand moves nothing further off
	pardons uint64    // how often it was forgiven
	since   time.Time // when the attempt that found nobody began
	why     trouble
	waiting map[string]struct{} // domains put off meanwhile
}

// trouble is why a destination cannot be reached.
type trouble struct {
	verdict
	host, addr, tls string
	session         uint64
	at              time.Time
	took            time.Duration
	asOf            time.Time // as in store.Attempt
	first           *trouble  // of the same host with TLS, on a connection of its own; nil: there was none
}

// remembered is a trouble as those are told of it for whom nobody was asked.
func (t trouble) remembered() trouble {
	t.at, t.took, t.asOf = time.Time{}, 0, t.at
	return t
}

// told is what the store keeps of it.
func (t *trouble) told(v verdict) store.Attempt {
	return store.Attempt{At: t.at, Took: t.took, Host: t.host, Addr: t.addr, TLS: t.tls,
		Verb: v.verb, Code: v.code, Status: v.kept(), Text: v.text, Session: t.session, AsOf: t.asOf}
}

// down says that nobody answers there, and that it is too early to look again.
func (d *destination) down(now time.Time) bool { return d.fails > 0 && now.Before(d.until) }

// forgive lets it be asked at once. mu is held.
func (d *destination) forgive(asked bool) {
	switch {
	case !asked:
		d.planned = time.Time{}
	case !d.until.IsZero():
		d.planned = d.until
	}
	d.until = time.Time{}
	d.pardons++
}

// idling says that nothing would be lost if it were forgotten.
func (d *destination) idling(now time.Time) bool {
	if d.fails == 0 {
		return d.quiet() && d.pace != slow
	}
	return d.quiet() && now.Sub(d.until) > mostWait
}

func (d *destination) quiet() bool { return d.active == 0 && len(d.lanes) == 0 && !d.queued }

// take takes the lane whose turn it is. While a sender's items are being claimed
// his other lanes wait, because a message's recipients in other domains may go
// along.
func (d *destination) take() (store.Lane, bool) {
	for i, lane := range d.lanes {
		if _, ok := d.claiming[lane.Sender]; ok {
			continue
		}
		d.lanes = slices.Delete(d.lanes, i, i+1)
		if d.claiming == nil {
			d.claiming = map[string]struct{}{}
		}
		d.claiming[lane.Sender] = struct{}{}
		return lane, true
	}
	return store.Lane{}, false
}

func (d *destination) put(lane store.Lane) { d.lanes = append(d.lanes, lane) }

func (d *destination) wait(domain string) {
	if d.waiting == nil {
		d.waiting = map[string]struct{}{}
	}
	if len(d.waiting) < mostDomains {
		d.waiting[domain] = struct{}{}
	}
}

// waitsFor says that a domain was put off, or may have been.
func (d *destination) waitsFor(domain string) bool {
	_, ok := d.waiting[domain]
	return ok || len(d.waiting) >= mostDomains
}

// laneID is a lane without its time.
type laneID struct{ domain, sender string }

func idOf(l store.Lane) laneID { return laneID{l.Domain, l.Sender} }
