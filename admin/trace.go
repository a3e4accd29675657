package admin

import (
	"context"

	"posta/store"
	"posta/trace"
)

// findTrace tells the stories of messages, which sessions can be shown, and who waits
// no longer although his story says so.
func (h House) findTrace(ctx context.Context, q trace.Query) (trace.Result, error) {
	found, err := h.Trace(ctx, q)
	if err != nil {
		return trace.Result{}, err
	}
	gone, err := h.gone(ctx, found.Stories)
	if err == nil && len(gone) > 0 {
		found, err = h.Trace(ctx, q) // who has just left is told of before that is settled
	}
	if err != nil {
		return trace.Result{}, err
	}
	for i := range found.Stories {
		s := &found.Stories[i]
		for _, onward := range s.Waiting() {
			if gone[waiter{s.ID, onward}] {
				s.Miss(onward)
			}
		}
		for j := range s.Steps {
			one := &s.Steps[j]
			one.Held = one.Session != 0 && h.Sessions.Holds(one.Session, one.Time)
		}
	}
	return found, nil
}

// waiter is a message and an address elsewhere that it waits for.
type waiter struct{ id, to string }

// gone are those that wait as their stories say, and are not in the queue.
func (h House) gone(ctx context.Context, stories []trace.Story) (map[waiter]bool, error) {
	var pick QueuePick
	gone := map[waiter]bool{}
	for i := range stories {
		s := &stories[i]
		for _, onward := range s.Waiting() {
			gone[waiter{s.ID, onward}] = true
			pick.Queue = append(pick.Queue, s.ID)
		}
	}
	if len(gone) == 0 || h.Queue == nil {
		return nil, nil
	}
	err := h.pages(ctx, pick, func(items []store.Item) (bool, error) {
		for i := range items {
			delete(gone, waiter{items[i].Out.Queue, items[i].To})
		}
		return false, nil
	})
	return gone, err
}
