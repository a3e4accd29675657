package observe

import (
	"net/netip"
	"sync"
	"time"
)

const (
	doorPause = time.Minute // between two lines about the same peer
	doorPeers = 1024        // peers remembered at once
)

// Refusal is somebody who was turned away before a session began.
type Refusal struct {
	Listener string
	Remote   netip.Addr
	Line     string // what was said: "421 4.7.0 Too many …"
	More     int    // others like it since it was last told
}

// Log writes a Refusal as the event door.refused.
func (r Refusal) Log(l *Log) {
	attrs := []any{"client", r.Remote.String(), "listener", r.Listener, "reply", r.Line}
	if r.More > 0 {
		attrs = append(attrs, "more", r.More)
	}
	l.Warn("door.refused", attrs...)
}

// Door tells of refusals: at once the first time, then at most once a minute
// for each address, listener and reason, with the number that came in between.
// A flood costs little, and fills no disk.
type Door struct {
	tell func(Refusal)

	mu    sync.Mutex
	known map[knock]*knocks
	rest  knocks      // of peers beyond doorPeers
	later *time.Timer // tells of what was only counted; nil: nothing was
}

// knock is somebody who was turned away for a reason.
type knock struct {
	listener string
	remote   netip.Prefix // IPv6 as its /64, which is what one host commands
	line     string
}

type knocks struct {
	next  time.Time // no line before
	count int       // since the last line
	last  Refusal
}

// NewDoor makes a Door; tell must not wait. Close ends it.
func NewDoor(tell func(Refusal)) *Door { return &Door{tell: tell, known: map[knock]*knocks{}} }

// Refused is told of a peer and the line that it was refused with.
func (d *Door) Refused(listener string, remote netip.AddrPort, line string) {
	addr := remote.Addr().Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return // no address at all: a test's
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	k := d.remember(knock{listener, network, line}, now)
	k.last = Refusal{Listener: listener, Remote: addr, Line: line}
	k.count++
	if !now.Before(k.next) {
		d.say(k, now)
	} else if d.later == nil {
		d.later = time.AfterFunc(k.next.Sub(now), d.catchUp)
	}
}

// Close tells of what was only counted so far.
func (d *Door) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.later != nil {
		d.later.Stop()
	}
	d.settle(time.Now().Add(doorPause))
}

// remember finds a peer's knocks. Those of whom nothing was heard for a minute
// make room; where there is none, the new ones share one line a minute.
func (d *Door) remember(who knock, now time.Time) *knocks {
	if k := d.known[who]; k != nil {
		return k
	}
	if len(d.known) >= doorPeers {
		d.settle(now)
	}
	if len(d.known) >= doorPeers {
		return &d.rest
	}
	k := &knocks{}
	d.known[who] = k
	return k
}

// catchUp tells of those that were only counted and came no more.
func (d *Door) catchUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.later = nil
	if next := d.settle(now); !next.IsZero() {
		d.later = time.AfterFunc(next.Sub(now), d.catchUp)
	}
}

// settle tells of all whose pause is over, forgets those of whom there is
// nothing to tell, and gives the time of the next that has something waiting;
// zero for none.
func (d *Door) settle(now time.Time) (next time.Time) {
	look := func(k *knocks) {
		if !now.Before(k.next) && k.count > 0 {
			d.say(k, now)
		}
		if k.count > 0 && (next.IsZero() || k.next.Before(next)) {
			next = k.next
		}
	}
	for who, k := range d.known {
		if look(k); !now.Before(k.next) {
			delete(d.known, who)
		}
	}
	look(&d.rest)
	return next
}

func (d *Door) say(k *knocks, now time.Time) {
	k.last.More = k.count - 1
	d.tell(k.last)
	k.next, k.count = now.Add(doorPause), 0
}
