package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"posta/store"
)

// changeSlice is how many items are changed in one transaction, behind letters.
const changeSlice = 500

// Change implements store.Queue, in small transactions behind everybody else.
func (q queued) Change(ctx context.Context, p store.Pick, what store.Change, now time.Time) (n int64, err error) {
	rest := p.Limit
	for {
		p.Limit = changeSlice
		if rest > 0 {
			p.Limit = min(rest, changeSlice)
		}
		var some []int64
		err := q.read(ctx, func(c *conn) (err error) {
			some, err = chosen(c, p)
			return err
		})
		if err == nil && len(some) > 0 {
			err = q.changeSome(some, what, now.UnixMicro(), &n)
		}
		if err != nil {
			return n, fmt.Errorf("change items of the queue: %w", err)
		}
		if rest -= len(some); len(some) < p.Limit || rest == 0 {
			return n, nil
		}
		p.After = some[len(some)-1]
	}
}

func (q queued) changeSome(items []int64, what store.Change, now int64, n *int64) error {
	done := int64(0)
	err := q.writer.chore(func(t *tx) error {
		done = 0
		for _, item := range items {
			row, err := t.one(qPlace, item)
			if err != nil {
				return err
			}
			if row == nil {
				continue // it has gone meanwhile
			}
			p := scanPlace(row)
			if what == store.Retry && p.held || store.Change(p.leaving).Leaves() && !what.Leaves() {
				continue
			}
			at := now
			if what == store.Retry {
				if at, err = t.askedAt(item, p, now); err != nil {
					return err
				}
			}
			done++
			if err := t.move(item, p, changed(p, what, at)); err != nil {
				return err
			}
		}
		return nil
	})
	*n += done
	return err
}

// changed is where an item waits after a change. One that is due already
// keeps its turn.
func changed(p place, what store.Change, now int64) place {
	p.held = what == store.Hold
	switch what {
	case store.Release, store.Retry:
		p.asked = now
		p.hasten(now)
	case store.Keep:
		p.due, p.asked, p.planned = neverMicros, 0, 0
	case store.Bounce, store.Delete:
		p.due, p.leaving = min(p.due, now), int64(what)
	}
	return p
}

// hasten makes an item due at a time if it is not earlier, and notes when it would
// have been.
func (p *place) hasten(at int64) {
	if p.due <= at {
		return
	}
	if p.planned == 0 {
		p.planned = p.due
	}
	p.due = at
}

// move lets an item wait elsewhere.
func (t *tx) move(item int64, from, to place) error {
	if from == to {
		return nil
	}
	_, err := t.exec(qSetPlace, to.due, to.turn(), boolValue(to.held), to.asked, to.planned, to.leaving, item)
	t.leaves(from)
	t.arrives(to)
	return err
}

// Hurry implements store.Queue, in small transactions behind everybody else.
func (q queued) Hurry(ctx context.Context, domain string, now time.Time) (n int64, err error) {
	fail := func(err error) (int64, error) { return n, fmt.Errorf("hurry mail for %s: %w", domain, err) }
	var lanes []lane
	err = q.read(ctx, func(c *conn) error {
		domains, err := withSubdomains(c, domain)
		for _, d := range domains {
			if err != nil {
				return err
			}
			var some int64
			if some, err = c.number(qWaitingIn, d); err != nil {
				return err
			}
			n += some
			err = c.query(func(row []driver.Value) error {
				lanes = append(lanes, lane{d, asString(row[0])})
				return nil
			}, qLanesOf, d, int64(neverMicros))
		}
		return err
	})
	if err != nil {
		return fail(err)
	}
	for len(lanes) > 0 {
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		rest := lanes
		err := q.writer.chore(func(t *tx) (err error) {
			rest, err = t.hurry(lanes, now.UnixMicro())
			return err
		})
		if err != nil {
			return fail(err)
		}
		lanes = rest
	}
	return n, nil
}

// hurry makes a slice of items due, and gives the lanes that are left.
func (t *tx) hurry(lanes []lane, now int64) ([]lane, error) {
	for left := changeSlice; len(lanes) > 0; lanes = lanes[1:] {
		l := lanes[0]
		var items []int64
		err := t.query(func(row []driver.Value) error {
			items = append(items, asInt(row[0]))
			return nil
		}, qLaterInLane, l.domain, l.sender, now+mostBehind, int64(left))
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			p, err := t.place(item)
			if err == nil {
				err = t.hurryOne(item, p, now)
			}
			if err != nil {
				return nil, err
			}
		}
		if left -= max(len(items), 1); left <= 0 {
			break // of this lane there may be more
		}
	}
	return lanes, nil
}

// hurryOne makes an item due now if it is not.
func (t *tx) hurryOne(item int64, p place, now int64) error {
	at, err := t.askedAt(item, p, now)
	if err != nil {
		return err
	}
	sooner := p
	sooner.due = min(p.due, at)
	return t.move(item, p, sooner)
}

// mostBehind bounds, in microseconds, how far behind the others something is put.
const mostBehind = 100

// askedAt is when an item that somebody asks for becomes due: the later the oftener an
// attempt broke its connection, so that the others asked for with it come first.
func (t *tx) askedAt(item int64, p place, now int64) (int64, error) {
	if p.attempts == 0 {
		return now, nil
	}
	breaks := int64(0)
	err := t.query(func(row []driver.Value) error {
		if a := scanAttempt(row); a.Broke() {
			breaks++
		}
		return nil
	}, qStory, item)
	return now + min(breaks, mostBehind), err
}

// withSubdomains gives the domains with mail that a name means.
func withSubdomains(c *conn, name string) ([]string, error) {
	domain, subs := strings.CutPrefix(name, "@")
	if !subs {
		return []string{name}, nil
	}
	var out []string
	err := c.query(func(row []driver.Value) error {
		out = append(out, asString(row[0]))
		return nil
	}, qSubdomains, domain, -int64(len(domain)+1), "."+domain)
	return out, err
}
