package queue

import (
	"net/netip"
	"sync"
	"time"
)

const (
	badTime = 5 * time.Minute
	mostBad = 10_000
)

// badAddrs remembers addresses that did not answer, so that each connection does
// not wait for them anew: others come first for a while.
type badAddrs struct {
	mu  sync.Mutex
	all map[netip.AddrPort]time.Time // since
}

func (b *badAddrs) note(a netip.AddrPort, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[netip.AddrPort]time.Time{}
	}
	for other := range b.all {
		if len(b.all) < mostBad {
			break
		}
		delete(b.all, other)
	}
	b.all[a] = at
}

func (b *badAddrs) clear(a netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, a)
}

func (b *badAddrs) has(a netip.AddrPort, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.all[a]
	if ok && now.Sub(at) >= badTime {
		delete(b.all, a)
		return false
	}
	return ok
}
