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
	attrs := []any{"remote", r.Remote.String(), "listener", r.Listener, "reply", r.Line}
	if r.More > 0 {
		attrs = append(attrs, "more", r.More)
	}
	l.Warn("door.refused", attrs...)
}

// Door tells of refusals: at once the first time, then at most once a minute
// for each address and reason, with the number that came in between. A flood
// costs little, and fills no disk.
type Door struct {
	tell func(Refusal)
	now  func() time.Time

	mu    sync.Mutex
	known map[knock]*knocks
	rest  knocks // of peers beyond doorPeers
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
}

// NewDoor makes a Door; tell must not wait. now may be nil for time.Now.
func NewDoor(tell func(Refusal), now func() time.Time) *Door {
	if now == nil {
		now = time.Now
	}
	return &Door{tell: tell, now: now, known: map[knock]*knocks{}}
}

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
	now := d.now()
	k := d.remember(knock{listener, network, line}, now)
	if now.Before(k.next) {
		k.count++
		return
	}
	d.tell(Refusal{listener, addr, line, k.count})
	k.next, k.count = now.Add(doorPause), 0
}

// remember finds a peer's knocks. Those of whom nothing was heard for a minute
// make room; where there is none, the new ones share one line a minute.
func (d *Door) remember(who knock, now time.Time) *knocks {
	if k := d.known[who]; k != nil {
		return k
	}
	if len(d.known) >= doorPeers {
		for other, k := range d.known {
			if !now.Before(k.next) {
				delete(d.known, other)
			}
		}
	}
	if len(d.known) >= doorPeers {
		return &d.rest
	}
	k := &knocks{}
	d.known[who] = k
	return k
}
