package queue

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// What a router remembers, so that a lane costs no look-up. The resolver has its
// own memory, by the records' times.
const (
	wayKept  = time.Minute
	mostWays = 1 << 16
)

// router finds ways and remembers them for a while.
type router struct {
	cfg  *Config
	laid atomic.Uint64 // how often a way was laid or changed

	mu    sync.Mutex
	ways  map[string]found
	round uint64 // how often all of them were forgotten
}

// found is a way, or why there is none.
type found struct {
	way   *way
	why   *verdict
	until time.Time
	round uint64 // as router.round, when it was asked for
}

func newRouter(cfg *Config) *router { return &router{cfg: cfg, ways: map[string]found{}} }

// known gives what is remembered of a domain.
func (r *router) known(domain string) (found, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.ways[domain]
	if ok && !r.cfg.Now().Before(f.until) {
		delete(r.ways, domain)
		return found{}, false
	}
	return f, ok
}

// look finds the way and remembers it; anew, where all were forgotten meanwhile.
func (r *router) look(ctx context.Context, domain string) found {
	for {
		f := found{round: r.now()}
		f.way, f.why = r.find(ctx, domain)
		f.until = r.cfg.Now().Add(wayKept)
		if ctx.Err() != nil || r.remember(domain, f) {
			return f
		}
	}
}

// now is the round that it is.
func (r *router) now() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.round
}

// remember notes what was found; false: all was forgotten since.
func (r *router) remember(domain string, f found) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.round != r.round {
		return false
	}
	for other := range r.ways { // any: it is found again
		if len(r.ways) < mostWays {
			break
		}
		delete(r.ways, other)
	}
	r.ways[domain] = f
	return true
}

// forget forgets a domain, or all of them for "".
func (r *router) forget(domain string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if domain == "" {
		clear(r.ways)
		r.round++
	}
	delete(r.ways, domain)
}

// shares says whether a domain is known to go the same way.
func (r *router) shares(key, domain string) bool {
	f, ok := r.known(domain)
	return ok && f.way != nil && f.way.key == key
}
