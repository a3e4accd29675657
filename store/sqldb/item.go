package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/store"
)

// mostItems are on a page whose limit nobody says.
const mostItems = 100

// Settle implements store.Queue.
func (q queued) Settle(ctx context.Context, s ...store.Settlement) error {
	if len(s) == 0 {
		return nil
	}
	return q.File(ctx, store.Filing{Settle: s})
}

// Items implements store.Queue.
func (q queued) Items(ctx context.Context, p store.Pick) ([]store.Item, error) {
	if p.Limit <= 0 {
		p.Limit = mostItems
	}
	var out []store.Item
	err := q.read(ctx, func(c *conn) error {
		for p := p; ; { // a page that is not full is the last
			ids, err := chosen(c, p)
			if err != nil {
				return err
			}
			some, err := itemsOf(c, ids)
			out = append(out, some...)
			if err != nil || len(ids) < p.Limit || len(some) == len(ids) {
				return err
			}
			p.After, p.Limit = ids[len(ids)-1], p.Limit-len(some)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("items of the queue: %w", err)
	}
	for i := range out {
		out[i].Since, out[i].Leased = q.claims.lease(out[i].ID, q.now())
	}
	return out, nil
}

// Story implements store.Queue.
func (q queued) Story(ctx context.Context, item int64) ([]store.Attempt, error) {
	var out []store.Attempt
	err := q.read(ctx, func(c *conn) error {
		row, err := c.one(qPlace, item)
		if err == nil && row == nil {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return c.query(func(row []driver.Value) error {
			out = append(out, scanAttempt(row))
			return nil
		}, qStory, item)
	})
	if err != nil {
		return nil, fmt.Errorf("story of item %d: %w", item, err)
	}
	return out, nil
}

// itemsOf reads items; those that have gone meanwhile are left out.
func itemsOf(c *conn, ids []int64) ([]store.Item, error) {
	out := make([]store.Item, 0, len(ids))
	var message *store.Outgoing
	for _, id := range ids {
		row, err := c.one(qRecipient, id)
		if err != nil {
			return nil, err
		}
		if row == nil {
			continue
		}
		item := scanItem(row)
		if message == nil || message.ID != id/perMessage {
			row, err := c.one(qOutgoing, id/perMessage)
			if err != nil {
				return nil, err
			}
			if row == nil {
				continue
			}
			message = scanOutgoing(id/perMessage, row)
		}
		item.Out = message
		if err := last(c, &item); err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}
