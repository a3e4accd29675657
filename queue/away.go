package queue

import (
	"context"
	"fmt"
	"slices"

	"posta/store"
)

// miss puts off what a site did not fetch that had asked: it does not answer, as
// another message's attempt has shown.
func (q *Queue) miss(w *way, why trouble, items []store.Item) {
	now := q.cfg.Now()
	var wait, over []store.Item
	for _, item := range items {
		if now.Before(item.Expires) {
			wait = append(wait, item)
		} else {
			over = append(over, item)
		}
	}
	q.keep(w, over)
	q.conclude(&attempt{trouble: why, kept: true, way: w}, wait, nil)
}

// keepDue puts off what else is due for the domains of these items.
func (c *carrier) keepDue(items []store.Item) {
	for i := range items {
		domain := items[i].Domain
		for !c.q.ended() && !slices.ContainsFunc(items[:i], func(o store.Item) bool { return o.Domain == domain }) {
			more, err := c.q.claim(context.Background(), store.Claim{Lane: store.Lane{Domain: domain}, All: true, Now: c.q.cfg.Now(),
				Limit: c.q.cfg.Limits.Recipients, Messages: claimMessages})
			if err != nil {
				c.q.problem(fmt.Errorf("queue: claiming items: %w", err))
			}
			if len(more) == 0 {
				break
			}
			for _, of := range byMessage(more) {
				c.q.miss(c.way, c.gone, of)
			}
		}
	}
}
