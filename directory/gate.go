package directory

import (
	"context"
	"sync/atomic"
	"time"

	"posta/sasl"
)

// gate lets few password hashes be computed at once: each takes 19 MiB and a
// core, and a crowd of log-ins must not take the mail's share of either.
type gate struct {
	places  chan struct{}
	waiting atomic.Int64
	wait    time.Duration
}

// waitersPerPlace bounds the queue before the gate. About so many hashes are
// done at one place in the time that a log-in waits.
const waitersPerPlace = 128

func newGate(places int, wait time.Duration) *gate {
	return &gate{places: make(chan struct{}, places), wait: wait}
}

// enter waits for a place; the caller must leave. It gives sasl.ErrBusy when
// too many wait or the wait was too long.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > int64(waitersPerPlace*cap(g.places)) {
		return sasl.ErrBusy
	}
	t := time.NewTimer(g.wait)
	defer t.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-t.C:
		return sasl.ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.places }
