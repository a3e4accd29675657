package queue

import (
	"context"
	"errors"
	"fmt"

	"posta/dsn"
	"posta/event"
	"posta/store"
	"posta/words"
)

// What an administrator asks of the queue.

// Change holds, releases or retries what is chosen, and counts the items.
// Destinations that did not answer are asked again at once.
func (q *Queue) Change(ctx context.Context, p store.Pick, c store.Change) (int64, error) {
	n, err := q.cfg.Store.Change(ctx, p, c, q.cfg.Now())
	if err != nil || c == store.Hold {
		return n, err
	}
	q.sched.forgive("")
	q.Stir()
	return n, nil
}

// Rerouted tells that a way was laid or changed: nothing that is remembered of
// ways counts any more.
func (q *Queue) Rerouted() {
	q.sched.forgive("")
	q.Stir()
}

// Removed counts items that were taken out of the queue.
type Removed struct {
	Items    int64
	Reported int64 // of these: their senders get a report
}

// Remove takes what is chosen out of the queue, whoever is at work on it. With
// tell those senders who may and want to hear of it get a report that it was
// returned, with the words of why; else nobody hears of it.
func (q *Queue) Remove(ctx context.Context, p store.Pick, tell bool, why *words.Error) (n Removed, err error) {
	p.Limit = sweepMost
	for {
		items, err := q.cfg.Store.Items(ctx, p)
		if err != nil {
			return n, fmt.Errorf("queue: looking for items: %w", err)
		}
		for _, of := range byMessage(items) {
			removed, err := q.remove(of, tell, why)
			n.Items += removed.Items
			n.Reported += removed.Reported
			if err != nil {
				return n, fmt.Errorf("queue: removing items: %w", err)
			}
		}
		if len(items) < sweepMost {
			return n, nil
		}
		p.After = items[len(items)-1].ID
	}
}

// returned is what a report says of a recipient whom an administrator took out:
// the last try's answer is none to that.
func returned(item store.Item, s store.Settlement, e ending) dsn.Recipient {
	r := about(item, s, e)
	r.Returned, r.Before, r.LastAttempt = true, spoken(&item.Last), item.Last.At
	return r
}

// remove removes items of one message.
func (q *Queue) remove(items []store.Item, tell bool, why *words.Error) (n Removed, err error) {
	v := said(failed, "5.7.0", why)
	t := &attempt{trouble: trouble{verdict: v, at: q.cfg.Now()}}
	r := &reporting{out: items[0].Out, action: dsn.Failed}
	for _, item := range items {
		item.Token = 0 // whoever holds it
		s, e := q.settlement(t, item, v)
		if !tell {
			e.outcome = event.Removed
		}
		if tell && e.action != "" {
			r.add(s, returned(item, s, e))
		} else if err := q.cfg.Store.Settle(context.Background(), s); err == nil {
			n.Items++
		} else if !errors.Is(err, store.ErrNotFound) {
			return n, err
		}
		q.tell(t, item, s, e)
	}
	if len(r.settle) == 0 {
		return n, nil
	}
	if err := q.ledger.bringNow(r); err != nil {
		return n, err
	}
	n.Reported = int64(len(r.settle))
	n.Items += n.Reported
	return n, nil
}
