package queue

import (
	"context"
	"fmt"
	"slices"

	"posta/event"
	"posta/store"
	"posta/words"
)

// What an administrator wants of recipients who are being tried. What is under way is
// not settled: whom RCPT has named gets the message if his host takes it. The wish
// is in the row, so that a restart does not forget it, and here while it is held:
// it is looked at before each transaction, and before each RCPT.

// wish notes what is wanted of an item; nothing if it is not held here. One that is
// to leave does not stay for being held.
func (g *ledger) wish(item int64, c store.Change) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.held[item]; ok && (c.Leaves() || !g.wishes[item].Leaves()) {
		g.wishes[item] = c
	}
}

// wished is what is wanted of an item.
func (g *ledger) wished(item int64) (c store.Change, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok = g.wishes[item]
	return c, ok
}

func (g *ledger) leaves(item int64) bool {
	c, ok := g.wished(item)
	return ok && c.Leaves()
}

// wanted lets those of the items go who are to leave, or are held by now, and gives
// those who may be tried.
func (q *Queue) wanted(items []store.Item) []store.Item { return q.without(items, q.unwanted) }

// staying lets those of the items leave who are to, and gives the others.
func (q *Queue) staying(items []store.Item) []store.Item { return q.without(items, q.ledger.leaves) }

// without ends what is under way for some of the items, and gives the others.
func (q *Queue) without(items []store.Item, some func(item int64) bool) (stay []store.Item) {
	if !slices.ContainsFunc(items, func(i store.Item) bool { return some(i.ID) }) {
		return items
	}
	var off []store.Item
	for _, item := range items {
		if some(item.ID) {
			off = append(off, item)
		} else {
			stay = append(stay, item)
		}
	}
	for _, of := range byMessage(off) {
		q.conclude(&attempt{trouble: trouble{verdict: verdict{fate: untouched}}}, of, nil)
	}
	return stay
}

// unwanted says that nobody may be asked for an item any more.
func (q *Queue) unwanted(item int64) bool { return q.ledger.leaves(item) || q.held(item) }

// naming is smtpclient.Message.Names for those of the items who can be named.
func (q *Queue) naming(items []store.Item, unnamed []bool) func(int) bool {
	named := make([]int64, 0, len(items))
	for i := range items {
		if unnamed == nil || !unnamed[i] {
			named = append(named, items[i].ID)
		}
	}
	return func(i int) bool { return !q.unwanted(named[i]) }
}

// dismissed settles an item that is to leave, where an attempt ended so: false where
// that is its own end. What was answered last is told beside why it leaves.
func (q *Queue) dismissed(t *attempt, item store.Item, v verdict) (p parting, ok bool) {
	c, _ := q.ledger.wished(item.ID)
	if !c.Leaves() || v.fate == relayed || v.fate == failed && c == store.Bounce {
		return parting{}, false
	}
	if v.fate != untouched && t.asOf.IsZero() {
		item.Last = t.told(v)
	}
	own := &attempt{link: t.link}
	own.at, own.session, own.asOf = t.at, t.session, t.asOf
	own.verdict = dismissal(c)
	p = q.part(own, item, c)
	q.tell(own, item, p.s, p.e)
	return p, true
}

// dismissal is why an item leaves.
func dismissal(c store.Change) verdict {
	if c == store.Bounce {
		return said(failed, "5.7.0", words.Fail("attempt.bounced", nil))
	}
	return said(failed, "5.7.0", words.Fail("attempt.removed", nil))
}

// part is how an item leaves.
func (q *Queue) part(t *attempt, item store.Item, c store.Change) parting {
	s, e := q.settlement(t, item, t.verdict)
	if c == store.Delete {
		e.outcome, e.action = event.Removed, ""
	}
	return parting{item, s, e}
}

// Underway are recipients that a change was about while they were being tried.
type Underway struct {
	Items    int64
	Sessions []uint64 // in which, where it is known; each once
}

// Join adds others.
func (u *Underway) Join(others Underway) {
	u.Items += others.Items
	for _, session := range others.Sessions {
		u.meets(session)
	}
}

func (u *Underway) add(session uint64) {
	u.Items++
	u.meets(session)
}

func (u *Underway) meets(session uint64) {
	if session != 0 && !slices.Contains(u.Sessions, session) {
		u.Sessions = append(u.Sessions, session)
	}
}

// leave has an item leave when the attempt ends that is under way; false: it has left.
func (q *Queue) leave(item int64, c store.Change, under *Underway) (bool, error) {
	session := q.Session(item)
	q.ledger.wish(item, c)
	n, err := q.cfg.Store.Change(context.Background(), store.Pick{Item: item}, c, q.cfg.Now())
	if n > 0 {
		under.add(session)
		q.Stir() // it may be free by now
	}
	return n > 0, err
}

// holding notes that what is chosen is to be held when an attempt under way puts it
// off, and says who is being tried.
func (q *Queue) holding(ctx context.Context, p store.Pick) (u Underway, err error) {
	err = q.eachOf(ctx, p, func(item *store.Item) {
		switch {
		case item.Leased:
			u.add(q.Session(item.ID))
			q.ledger.wish(item.ID, store.Hold)
		case !item.Held:
			q.tellHalted(item, false)
		}
	})
	return u, err
}

// releasing tells of an item that it is to be held no more.
func (q *Queue) releasing(item *store.Item) {
	if item.Held {
		q.tellHalted(item, true)
	}
}

// tellHalted tells the watchers before it is so: what follows from it stands behind it.
func (q *Queue) tellHalted(item *store.Item, released bool) {
	em := event.NewEmitter(q.cfg.Sink, 0)
	em.Fact(event.State, event.Halted{ID: item.Out.Queue, Recipient: item.To, Released: released})
}

// eachOf calls do with every item that is chosen.
func (q *Queue) eachOf(ctx context.Context, p store.Pick, do func(*store.Item)) error {
	rest := p.Limit
	for p.Limit = sweepMost; ; {
		if rest > 0 {
			p.Limit = min(rest, sweepMost)
		}
		items, err := q.cfg.Store.Items(ctx, p)
		if err != nil {
			return fmt.Errorf("queue: looking for items: %w", err)
		}
		for i := range items {
			do(&items[i])
		}
		if rest -= len(items); len(items) < p.Limit || rest == 0 {
			return nil
		}
		p.After = items[len(items)-1].ID
	}
}

// held says that somebody holds an item by now that an attempt was under way for.
func (q *Queue) held(item int64) bool {
	if c, ok := q.ledger.wished(item); !ok || c != store.Hold {
		return false
	}
	all, err := q.cfg.Store.Items(context.Background(), store.Pick{Item: item, Limit: 1})
	if err != nil {
		q.problem(fmt.Errorf("queue: looking for an item: %w", err))
	}
	return len(all) == 1 && all[0].Held
}
