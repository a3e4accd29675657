package sqldb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
	"time"

	"posta/store"
)

// claims are the leases of the queue's items, in memory as those of maildrops.
//
// A claim reads the store without a transaction of the writer's, so what it
// read may be older than what was settled meanwhile. Items that were given
// free while it read are therefore passed over: the next claim sees them as
// they are.
type claims struct {
	one sync.Mutex // a claim at a time

	mu      sync.Mutex
	held    map[int64]claim
	lanes   map[lane]int // how many of each are held
	last    int64        // token given last
	reading bool
	freed   map[int64]struct{} // since the claim began to read
}

type claim struct {
	lane
	token    int64
	since    time.Time
	until    time.Time
	settling bool // the writer is at it: nobody may take it over
}

func (cs *claims) init(opened int64) {
	cs.held, cs.lanes, cs.freed = map[int64]claim{}, map[lane]int{}, map[int64]struct{}{}
	cs.last = opened << 32
}

func (c claim) expired(now time.Time) bool { return !c.settling && now.After(c.until) }

// has says that an item is leased.
func (cs *claims) has(item int64, now time.Time) bool {
	_, ok := cs.lease(item, now)
	return ok
}

// since is when a lease was taken, in microseconds; 0: nobody has it.
func (cs *claims) since(item, token int64) int64 {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c, ok := cs.held[item]
	if !ok || c.token != token {
		return 0
	}
	return c.since.UnixMicro()
}

// lease says that an item is leased, and since when.
func (cs *claims) lease(item int64, now time.Time) (since time.Time, ok bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c, ok := cs.held[item]
	if !ok || c.expired(now) {
		return time.Time{}, false
	}
	return c.since.UTC(), true
}

// count is how many items of a lane are leased at most: leases that ran out
// are among them.
func (cs *claims) count(l lane) int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.lanes[l]
}

func (cs *claims) all(now time.Time) (n int64) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.held {
		if !c.expired(now) {
			n++
		}
	}
	return n
}

// settle says that a token is still the newest for an item, or for the token 0 that
// nobody has it, and keeps others from taking it over until settled is told how that
// ended.
func (cs *claims) settle(item, token int64, now time.Time) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c, ok := cs.held[item]
	switch {
	case token == 0 && ok && c.token != 0 && !c.expired(now):
		return store.ErrLeased
	case token != 0 && (!ok || c.token != token):
		return store.ErrLost
	case !ok:
		cs.lanes[c.lane]++ // no lane's, as free counts it
	}
	if token == 0 {
		c.token = 0
	}
	c.settling = true
	cs.held[item] = c
	return nil
}

// settled ends the leases of what was settled, or lets them go on.
func (cs *claims) settled(all []store.Settlement, err error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, s := range all {
		c, ok := cs.held[s.Item]
		switch {
		case !ok || c.token != s.Token:
		case err == nil || s.Token == 0:
			cs.free(s.Item)
		default:
			c.settling = false
			cs.held[s.Item] = c
		}
	}
}

// free needs the lock.
func (cs *claims) free(item int64) {
	c, ok := cs.held[item]
	if !ok {
		return
	}
	delete(cs.held, item)
	if cs.lanes[c.lane]--; cs.lanes[c.lane] == 0 {
		delete(cs.lanes, c.lane)
	}
	if cs.reading {
		cs.freed[item] = struct{}{}
	}
}

// begin and end enclose the reading of a claim.
func (cs *claims) begin() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.reading = true
}

func (cs *claims) end() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.reading = false
	clear(cs.freed)
}

// take leases what can still be had of what was read.
func (cs *claims) take(found []store.Item, c store.Claim, now time.Time) []store.Item {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.last++
	out := found[:0]
	for _, item := range found {
		had, ok := cs.held[item.ID]
		if _, freed := cs.freed[item.ID]; freed || ok && !had.expired(now) {
			continue
		}
		l := lane{item.Domain, item.Out.Sender}
		if !ok {
			cs.lanes[l]++
		}
		cs.held[item.ID] = claim{lane: l, token: cs.last, since: now, until: c.Until}
		item.Token, item.Leased, item.Since = cs.last, true, now.UTC()
		out = append(out, item)
	}
	clear(found[len(out):])
	return out
}

// Claim implements store.Queue. It costs no write.
func (q queued) Claim(ctx context.Context, c store.Claim) ([]store.Item, error) {
	if c.Limit <= 0 {
		return nil, nil
	}
	q.claims.one.Lock()
	defer q.claims.one.Unlock()
	q.claims.begin()
	defer q.claims.end()
	p := picker{q: q, claim: c, now: q.now(), by: neverMicros, seen: map[int64]bool{}}
	if !c.Now.IsZero() {
		p.by = c.Now.UnixMicro()
	}
	err := q.read(ctx, func(conn *conn) error {
		p.c = conn
		return p.pick()
	})
	if err != nil {
		return nil, fmt.Errorf("claim mail for %s: %w", c.Lane.Domain, err)
	}
	return q.claims.take(p.items, c, p.now), nil
}

// picker finds what a claim may have.
type picker struct {
	q     queued
	c     *conn
	claim store.Claim
	now   time.Time
	by    int64
	seen  map[int64]bool // messages
	used  int            // of them, with items for the claim
	items []store.Item
}

// waiting is an item that a claim may have.
type waiting struct{ id, turn int64 }

// laneTurn is a lane with the turn of its first item.
type laneTurn struct {
	lane
	turn int64
}

func (p *picker) left() int { return p.claim.Limit - len(p.items) }

func (p *picker) pick() error {
	found, err := p.candidates()
	if err != nil {
		return err
	}
	for _, w := range found {
		if p.left() == 0 || p.claim.Messages > 0 && p.used == p.claim.Messages {
			return nil
		}
		if message := w.id / perMessage; !p.seen[message] {
			p.seen[message] = true
			if err := p.message(message); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidates are as many free items as are wanted, those due longest first.
// Of several lanes no more are read than can have one of them.
func (p *picker) candidates() ([]waiting, error) {
	lanes, err := p.lanes()
	if err != nil {
		return nil, err
	}
	var found []waiting
	order := func(a, b waiting) int { return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.id, b.id)) }
	for _, l := range lanes {
		if len(found) >= p.claim.Limit {
			slices.SortFunc(found, order)
			found = found[:p.claim.Limit]
			if found[len(found)-1].turn <= l.turn {
				break
			}
		}
		if found, err = p.free(l.lane, found); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, order)
	return found, nil
}

// lanes are those of the claim with something due, in order of their first.
func (p *picker) lanes() (out []laneTurn, err error) {
	query, args := qLane, []driver.Value{p.claim.Lane.Domain, p.claim.Lane.Sender, p.by}
	if p.claim.All {
		query, args = qLanesOf, []driver.Value{p.claim.Lane.Domain, p.by}
	}
	err = p.c.query(func(row []driver.Value) error {
		out = append(out, laneTurn{lane{p.claim.Lane.Domain, asString(row[0])}, asInt(row[1])})
		return nil
	}, query, args...)
	return out, err
}

// free adds what is free of a lane, as much as a claim can want.
func (p *picker) free(l lane, found []waiting) ([]waiting, error) {
	n := 0
	err := p.c.query(func(row []driver.Value) error {
		if id := asInt(row[0]); !p.q.claims.has(id, p.now) {
			found = append(found, waiting{id, asInt(row[1])})
			n++
		}
		if n == p.claim.Limit {
			return errStop
		}
		return nil
	}, qFirstInLane, l.domain, l.sender, p.by, int64(p.claim.Limit+p.q.claims.count(l)))
	return found, err
}

// message adds the free recipients of a message: first the lane's, then those
// who may come along.
func (p *picker) message(id int64) error {
	row, err := p.c.one(qOutgoing, id)
	if err != nil || row == nil {
		return err
	}
	out := scanOutgoing(id, row)
	query, args := qReadyIn, []driver.Value{firstOf(id), lastOf(id), p.by, p.claim.Lane.Domain}
	if p.claim.Also != nil {
		query, args = qReady, args[:3]
	}
	var own, also []store.Item
	err = p.c.query(func(row []driver.Value) error {
		item := scanItem(row)
		item.Out = out
		switch {
		case p.q.claims.has(item.ID, p.now):
		case item.Domain == p.claim.Lane.Domain:
			own = append(own, item)
		case p.claim.Also(item.Domain):
			also = append(also, item)
		}
		return nil
	}, query, args...)
	if err != nil {
		return err
	}
	all := append(own, also...)
	all = all[:min(len(all), p.left())]
	for i := range all {
		if err := last(p.c, &all[i]); err != nil {
			return err
		}
	}
	p.items = append(p.items, all...)
	p.used += min(len(all), 1)
	return nil
}

// last adds the latest attempt to an item.
func last(c *conn, item *store.Item) error {
	if item.Attempts == 0 {
		return nil
	}
	row, err := c.one(qLastAttempt, item.ID)
	if err == nil && row != nil {
		item.Last = scanAttempt(row)
	}
	return err
}

// Renew implements store.Queue. A lease that has run out can be renewed while
// nobody else has taken the item.
func (q queued) Renew(_ context.Context, until time.Time, items ...store.Item) error {
	return q.each(items, func(id int64, c claim) {
		c.until = until
		q.claims.held[id] = c
	})
}

// Unclaim implements store.Queue.
func (q queued) Unclaim(_ context.Context, items ...store.Item) error {
	return q.each(items, func(id int64, c claim) {
		if !c.settling {
			q.claims.free(id)
		}
	})
}

// each does something with every lease that is still the holder's.
func (q queued) each(items []store.Item, do func(int64, claim)) error {
	if q.ended() {
		return store.ErrClosed
	}
	q.claims.mu.Lock()
	defer q.claims.mu.Unlock()
	var err error
	for _, item := range items {
		c, ok := q.claims.held[item.ID]
		if !ok || c.token != item.Token {
			err = fmt.Errorf("item %d: %w", item.ID, store.ErrLost)
			continue
		}
		do(item.ID, c)
	}
	return err
}
