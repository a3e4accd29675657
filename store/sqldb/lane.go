package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"posta/store"
)

// lane is the key of a store.Lane.
type lane struct{ domain, sender string }

// place is where a recipient waits.
type place struct {
	lane
	due      int64
	expires  int64
	held     bool
	attempts int64
	unasked  int64 // of them
	leaving  int64 // as store.Item.Leaving
	byHand
}

// byHand is what somebody's asking for a try makes of a place.
type byHand struct{ asked, planned, extra int64 }

// turn is when there is something to be done.
func (p place) turn() int64 {
	if p.expires > 0 {
		return min(p.due, p.expires)
	}
	return p.due
}

// depth is what a transaction adds to the counters of the queue.
type depth struct{ messages, recipients, held, kept, octets int64 }

// arrives and leaves note that a recipient waits somewhere, or does no longer.
func (t *tx) arrives(p place) { t.moves(p, 1) }

func (t *tx) leaves(p place) { t.moves(p, -1) }

func (t *tx) moves(p place, n int64) {
	t.lanes[p.lane] = struct{}{}
	t.depth.recipients += n
	if p.held {
		t.depth.held += n
	}
	if p.due == neverMicros {
		t.depth.kept += n
	}
}

// flushQueue brings the rows that are worked out from recipients up to what
// the transaction knows: each lane once, however many of its items it touched.
func (t *tx) flushQueue() error {
	for l := range t.lanes {
		if err := t.flushLane(l); err != nil {
			return fmt.Errorf("lane of %q to %s: %w", l.sender, l.domain, err)
		}
	}
	clear(t.lanes)
	if t.depth == (depth{}) {
		return nil
	}
	d := t.depth
	t.depth = depth{}
	_, err := t.exec(qAddDepth, d.messages, d.recipients, d.held, d.kept, d.octets)
	return err
}

func (t *tx) flushLane(l lane) error {
	row, err := t.one(qLaneState, l.domain, l.sender, l.domain, l.sender)
	if err != nil {
		return err
	}
	switch have, want := row[0], row[1]; {
	case have == want:
		return nil
	case want == nil:
		_, err = t.exec(qDropLane, l.domain, l.sender)
	default:
		_, err = t.exec(qSetLane, l.domain, l.sender, want)
	}
	return err
}

// forgetQueue drops what was not flushed: it was rolled back.
func (t *tx) forgetQueue() {
	clear(t.lanes)
	t.depth = depth{}
}

// queued is the queue's face of a DB: there Renew is of items, not of maildrops.
type queued struct{ *DB }

var _ store.Queue = queued{}

// Queue gives the mail that has to leave.
func (db *DB) Queue() store.Queue { return queued{db} }

// Lanes implements store.Queue.
func (q queued) Lanes(ctx context.Context, now time.Time, skip func(store.Lane) bool, limit int) ([]store.Lane, error) {
	var out []store.Lane
	err := q.read(ctx, func(c *conn) error {
		if limit <= 0 {
			return nil
		}
		return c.query(func(row []driver.Value) error {
			l := lane{asString(row[0]), asString(row[1])}
			given := store.Lane{Domain: l.domain, Sender: l.sender, Due: moment(row[2])}
			if skip != nil && skip(given) {
				return ctx.Err()
			}
			turn, err := q.firstFree(c, l, asInt(row[2]), now.UnixMicro())
			if err != nil || turn < 0 {
				return err
			}
			given.Due = time.UnixMicro(turn).UTC()
			if out = append(out, given); len(out) == limit {
				return errStop
			}
			return ctx.Err()
		}, qLanes, now.UnixMicro())
	})
	if err != nil {
		return nil, fmt.Errorf("lanes of the queue: %w", err)
	}
	return out, nil
}

// firstFree is the turn of the first item of a lane that nobody has leased, by
// a time; -1 if there is none. A lane without leases says so by its row.
func (q queued) firstFree(c *conn, l lane, turn, by int64) (int64, error) {
	leased := q.claims.count(l)
	if leased == 0 {
		return turn, nil
	}
	first := int64(-1)
	err := c.query(func(row []driver.Value) error {
		if q.claims.has(asInt(row[0]), q.now()) {
			return nil
		}
		first = asInt(row[1])
		return errStop
	}, qFirstInLane, l.domain, l.sender, by, int64(leased+1)) // one of so many is free
	return first, err
}

// Next implements store.Queue.
func (q queued) Next(ctx context.Context) (time.Time, error) {
	best := int64(neverMicros)
	err := q.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) error {
			if asInt(row[2]) >= best {
				return errStop
			}
			turn, err := q.firstFree(c, lane{asString(row[0]), asString(row[1])}, asInt(row[2]), neverMicros)
			if err == nil && turn >= 0 {
				best = min(best, turn)
			}
			return err
		}, qLanes, int64(neverMicros))
	})
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("next of the queue: %w", err)
	case best == neverMicros:
		return time.Time{}, nil
	}
	return time.UnixMicro(best).UTC(), nil
}

// Depth implements store.Queue.
func (q queued) Depth(ctx context.Context) (store.Depth, error) {
	var d store.Depth
	err := q.read(ctx, func(c *conn) error {
		row, err := c.one(qDepth)
		if err != nil || row == nil {
			return err
		}
		d = store.Depth{Messages: asInt(row[0]), Items: asInt(row[1]), Held: asInt(row[2]), Kept: asInt(row[3]), Bytes: asInt(row[4])}
		if row, err = c.one(qFirstOut); err == nil && row != nil {
			d.Oldest = moment(row[0])
		}
		return err
	})
	if err != nil {
		return store.Depth{}, fmt.Errorf("depth of the queue: %w", err)
	}
	d.Leased = q.claims.all(q.now())
	return d, nil
}
