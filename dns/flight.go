package dns

import (
	"context"
	"sync"
)

// flights are the questions that are being asked: who asks the same meanwhile
// waits for the same answer.
type flights struct {
	mu  sync.Mutex
	all map[question]*flight
}

type flight struct {
	done    chan struct{} // closed when a is there
	a       answer
	waiting int
	cancel  context.CancelFunc
}

// do gives what find finds. Find's context ends when nobody waits any longer.
func (f *flights) do(ctx context.Context, q question, find func(context.Context, question) answer) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	one := f.join(ctx, q, find)
	select {
	case <-one.done:
		return one.a, nil
	case <-ctx.Done():
		f.leave(q, one)
		return answer{}, ctx.Err()
	}
}

func (f *flights) join(ctx context.Context, q question, find func(context.Context, question) answer) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one, ok := f.all[q]; ok {
		one.waiting++
		return one
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	one := &flight{done: make(chan struct{}), waiting: 1, cancel: cancel}
	if f.all == nil {
		f.all = map[question]*flight{}
	}
	f.all[q] = one
	go func() {
		defer cancel()
		one.a = find(ctx, q)
		f.end(q, one)
		close(one.done)
	}()
	return one
}

// leave lets nobody join a flight that is called off.
func (f *flights) leave(q question, one *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one.waiting--; one.waiting == 0 {
		one.cancel()
		f.forget(q, one)
	}
}

func (f *flights) end(q question, one *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(q, one)
}

func (f *flights) forget(q question, one *flight) {
	if f.all[q] == one {
		delete(f.all, q)
	}
}
