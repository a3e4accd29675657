package queue

import (
	"context"
	"errors"
	"fmt"

	"posta/dsn"
	"posta/store"
)

// What an administrator asks of the queue.

// Change holds, releases or retries what is chosen, and counts the items.
// Destinations that did not answer are asked again at once, also for whom an
// attempt is under way that fails. What is kept for a
// site is so again once it is released: that it is due no more waits for the site.
// Of those held, under says who is being tried: that goes on.
func (q *Queue) Change(ctx context.Context, p store.Pick, c store.Change) (n int64, under Underway, err error) {
	kept := int64(0)
	if c == store.Release {
		if err := q.eachOf(ctx, p, q.releasing); err != nil {
			return 0, under, err
		}
		if kept, err = q.keepForSites(ctx, p); err != nil {
			return kept, under, err
		}
	}
	if c == store.Hold {
		if under, err = q.holding(ctx, p); err != nil {
			return 0, under, err
		}
	}
	n, err = q.cfg.Store.Change(ctx, p, c, q.cfg.Now())
	if n += kept; err != nil || c == store.Hold {
		return n, under, err
	}
	q.sched.forgive("", true)
	q.Stir()
	return n, under, nil
}

// keepForSites releases what is chosen and held of the domains whose sites come
// for their mail, so that it waits for them, and counts the items.
func (q *Queue) keepForSites(ctx context.Context, p store.Pick) (n int64, err error) {
	if q.cfg.Routes == nil {
		return 0, nil
	}
	held := true
	p.Held, p.Limit = &held, sweepMost
	known := map[string]bool{}
	of := p
	for {
		items, err := q.cfg.Store.Items(ctx, p)
		if err != nil {
			return n, fmt.Errorf("queue: looking for items: %w", err)
		}
		for i := range items {
			of.Domain = items[i].Domain
			if known[of.Domain] {
				continue
			}
			known[of.Domain] = true
			route, err := q.cfg.Routes.Route(ctx, of.Domain)
			if err != nil {
				return n, fmt.Errorf("queue: the route to %s: %w", of.Domain, err)
			}
			if !route.OnDemand {
				continue
			}
			of.Limit = 0
			some, err := q.cfg.Store.Change(ctx, of, store.Keep, q.cfg.Now())
			if n += some; err != nil {
				return n, err
			}
		}
		if len(items) < sweepMost {
			return n, nil
		}
		p.After = items[len(items)-1].ID
	}
}

// Rerouted tells that a way was laid or changed: nothing that is remembered of
// ways counts any more, nor what an attempt finds out that is under way. Whom such
// a one does not reach for now is tried again at once, if it is his that changed.
func (q *Queue) Rerouted() {
	q.router.laid.Add(1)
	q.sched.forgive("", false)
	q.Stir()
}

// Removed counts items that were taken out of the queue.
type Removed struct {
	Items    int64
	Reported int64 // of these: their senders get a report
	Underway       // besides: they are being tried, and leave when that ends unless a host takes the message
}

// Remove takes what is chosen out of the queue: with store.Delete nobody hears of it,
// with store.Bounce those senders who may and want to get a report that it was
// returned. What is being tried leaves so when that ends in vain.
func (q *Queue) Remove(ctx context.Context, p store.Pick, c store.Change) (n Removed, err error) {
	p.Limit = sweepMost
	for {
		items, err := q.cfg.Store.Items(ctx, p)
		if err != nil {
			return n, fmt.Errorf("queue: looking for items: %w", err)
		}
		for _, of := range byMessage(items) {
			if err := q.remove(of, c, &n); err != nil {
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

// parting is an item that leaves the queue by an administrator's act.
type parting struct {
	store.Item
	s store.Settlement
	e ending
}

// remove removes items of one message. Those that have left meanwhile are passed
// over.
func (q *Queue) remove(items []store.Item, c store.Change, n *Removed) error {
	t := &attempt{trouble: trouble{verdict: dismissal(c), at: q.cfg.Now()}}
	var told []parting
	for _, item := range items {
		item.Token = 0 // nobody's
		p := q.part(t, item, c)
		switch {
		case item.Leased:
			if _, err := q.leave(item.ID, c, &n.Underway); err != nil {
				return err
			}
			continue
		case p.e.action != "":
			told = append(told, p)
			continue
		}
		switch err := q.cfg.Store.Settle(context.Background(), p.s); {
		case err == nil:
			n.Items++
			q.tell(t, item, p.s, p.e)
		case errors.Is(err, store.ErrLeased):
			if _, err := q.leave(item.ID, c, &n.Underway); err != nil {
				return err
			}
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return q.bounce(t, told, n)
}

// bounce removes items of one message with a report, and counts them. Where one of
// them has left meanwhile, or is being tried, each has its own, as in ledger.split.
func (q *Queue) bounce(t *attempt, all []parting, n *Removed) error {
	if len(all) == 0 {
		return nil
	}
	r := &reporting{out: all[0].Out, action: dsn.Failed}
	for _, p := range all {
		r.add(p.s, returned(p.Item, p.s, p.e))
	}
	err := q.ledger.bringNow(r)
	switch {
	case err == nil:
		for _, p := range all {
			q.tell(t, p.Item, p.s, p.e)
		}
		n.Items += int64(len(all))
		n.Reported += int64(len(all))
		return nil
	case !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrLeased):
		return err
	case len(all) == 1 && errors.Is(err, store.ErrLeased):
		_, err := q.leave(all[0].ID, store.Bounce, &n.Underway)
		return err
	case len(all) == 1:
		return nil
	}
	for i := range all {
		if err := q.bounce(t, all[i:i+1], n); err != nil {
			return err
		}
	}
	return nil
}
