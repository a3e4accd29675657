package record

import (
	"context"
	"fmt"
	"time"
)

const (
	linger   = time.Second // others will end, too
	maxPause = time.Minute // between two tries while writing fails
	batch    = 8 << 20     // octets of sessions that are written at once
)

// Follow writes the sessions of a ring as they end, until ctx is done, and then
// those that have ended by then. While writing fails they wait in the ring.
func (a *Archive) Follow(ctx context.Context, r *Ring) {
	next, pause := uint64(0), linger
	for done := false; ; {
		news := r.endedSince(next)
		n, err := a.take(r, news.ended)
		next = news.from + uint64(n)
		if done {
			news.missed += len(news.ended) - n
		}
		a.tidy(news.missed, done)
		switch {
		case done:
			return
		case err != nil:
			done = waited(ctx, pause, nil)
			pause = min(2*pause, maxPause)
			continue
		}
		pause = linger
		if len(news.ended) > 0 {
			continue
		}
		select {
		case <-news.more:
			done = waited(ctx, linger, news.pressed)
		case <-ctx.Done():
			done = true
		case <-time.After(a.o.KeepFor / segments):
		}
	}
}

// waited waits, or until something has come, and says whether ctx was done before.
func waited(ctx context.Context, d time.Duration, until <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-until:
		return false
	case <-ctx.Done():
		return true
	}
}

// take writes sessions, not too much at once, and says how many it has done with.
func (a *Archive) take(r *Ring, ended []Session) (done int, err error) {
	for done < len(ended) {
		n, octets := done, 0
		for n < len(ended) && (n == done || octets+ended[n].size <= batch) {
			octets += ended[n].size
			n++
		}
		err := a.write(r, ended[done:n])
		a.mu.Lock()
		told := a.failed
		a.failed = err != nil
		a.mu.Unlock()
		if err != nil {
			if !told {
				a.o.Trouble(fmt.Errorf("record: %w", err))
			}
			return done, err
		}
		done = n
	}
	return done, nil
}

// missed counts sessions that the ring forgot before they were written.
type missed struct {
	count int
	told  time.Time
}

// missedEvery is how often it is told of them.
const missedEvery = time.Minute

// tidy forgets what is too old, and tells of what was missed.
func (a *Archive) tidy(more int, last bool) {
	now := time.Now()
	a.mu.Lock()
	a.expire(now)
	a.missed.count += more
	n := a.missed.count
	tell := n > 0 && (last || now.Sub(a.missed.told) >= missedEvery)
	if tell {
		a.missed = missed{told: now}
	}
	a.mu.Unlock()
	if tell {
		a.o.Trouble(fmt.Errorf("record: %d sessions were not written to disk: more ended than memory holds until then", n))
	}
}
