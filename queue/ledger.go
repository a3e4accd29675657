package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"posta/store"
)

const (
	settleMost    = 500 // settlements in one transaction
	settleWaiting = 64  // groups of them that wait; who has more is slowed down
	reporters     = 4
	renewMost     = 500 // leases renewed at a time
	patience      = 10  // tries to get a report in before its items are settled otherwise
)

// ledger knows what was claimed and is not settled yet. It renews the leases,
// settles what all carriers decided in common transactions, and brings reports
// to the door. No settlement is lost because the store or the door fails: it is
// tried until it works, or its time has come again.
type ledger struct {
	q       *Queue
	settles chan []store.Settlement
	reports chan *reporting
	joint   *joint
	done    sync.WaitGroup
	stop    chan struct{} // closed when nothing more is decided

	mu       sync.Mutex
	held     map[int64]store.Item
	sessions map[int64]uint64       // of those whom one is for just now
	wishes   map[int64]store.Change // what an administrator wants of those held: to leave, or to be held when put off
}

func newLedger(q *Queue) *ledger {
	g := &ledger{q: q, settles: make(chan []store.Settlement, settleWaiting), reports: make(chan *reporting, settleWaiting),
		stop: make(chan struct{}), held: map[int64]store.Item{}, sessions: map[int64]uint64{},
		wishes: map[int64]store.Change{}}
	g.joint = newJoint(q, func(r *reporting) { g.reports <- r })
	return g
}

func (g *ledger) start() {
	g.done.Go(g.settleAll)
	for range reporters {
		g.done.Go(g.reportAll)
	}
	go g.renewAll()
}

// finish waits until all that was decided is settled, and gives the rest back.
func (g *ledger) finish() error {
	close(g.settles)
	g.joint.done.Wait()
	close(g.reports)
	g.done.Wait()
	close(g.stop)
	g.mu.Lock()
	var items []store.Item
	for _, item := range g.held {
		items = append(items, item)
	}
	g.mu.Unlock()
	if len(items) == 0 {
		return nil
	}
	return g.q.cfg.Store.Unclaim(context.Background(), items...)
}

// claim claims items and notes them. Those who are to leave do so instead, and
// those who are served here by now get theirs.
func (q *Queue) claim(ctx context.Context, c store.Claim) ([]store.Item, error) {
	c.Owner, c.Until = "queue", q.cfg.Now().Add(q.cfg.Limits.Lease)
	for {
		items, err := q.cfg.Store.Claim(ctx, c)
		if err != nil {
			return nil, err
		}
		q.ledger.hold(items)
		stay := q.leaving(q.staying(items), c.Now.IsZero())
		if len(stay) > 0 || len(items) == 0 {
			return stay, nil
		}
	}
}

func (g *ledger) hold(items []store.Item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, item := range items {
		g.held[item.ID] = item
		if item.Leaving.Leaves() {
			g.wishes[item.ID] = item.Leaving
		}
	}
}

// giveBack gives items back as they were.
func (q *Queue) giveBack(items []store.Item) {
	if len(items) == 0 {
		return
	}
	if items = q.staying(items); len(items) == 0 {
		return
	}
	err := q.cfg.Store.Unclaim(context.Background(), items...)
	for _, item := range items {
		q.ledger.drop(item.ID)
	}
	if err != nil && !errors.Is(err, store.ErrLost) {
		q.problem(fmt.Errorf("queue: giving items back: %w", err))
		return // nobody renews their lease: it ends
	}
	if !q.ended() {
		q.Stir()
	}
}

func (g *ledger) drop(item int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.held, item)
	delete(g.sessions, item)
	delete(g.wishes, item)
}

// enter notes the session in which items are tried now.
func (g *ledger) enter(items []store.Item, session uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range items {
		if _, ok := g.held[items[i].ID]; ok {
			g.sessions[items[i].ID] = session
		}
	}
}

// Session is that in which an item is tried now; 0 where none is known: it waits for
// its turn, nobody has answered yet, or another process is at it.
func (q *Queue) Session(item int64) uint64 {
	q.ledger.mu.Lock()
	defer q.ledger.mu.Unlock()
	return q.ledger.sessions[item]
}

// settle queues settlements up; it waits while too many do.
func (g *ledger) settle(s []store.Settlement) {
	if len(s) > 0 {
		g.settles <- s
	}
}

func (g *ledger) report(r *reporting) { g.joint.add(r) }

// settleAll settles what waits, all of it at once.
func (g *ledger) settleAll() {
	for s := range g.settles {
		for more := true; more && len(s) < settleMost; {
			select {
			case next, ok := <-g.settles:
				s = append(s[:len(s):len(s)], next...)
				more = ok
			default:
				more = false
			}
		}
		g.settleNow(s)
	}
}

// settleNow settles, all together or, where one of them spoils that, each alone.
func (g *ledger) settleNow(s []store.Settlement) {
	err := g.trying(func() error { return g.q.cfg.Store.Settle(context.Background(), s...) })
	if spoilt(err) && len(s) > 1 {
		for i := range s {
			g.settleNow(s[i : i+1])
		}
		return
	}
	if err != nil && !spoilt(err) {
		g.q.problem(fmt.Errorf("queue: settling items: %w", err))
	}
	for i := range s {
		g.drop(s[i].Item) // another's, or removed by somebody: no longer ours
	}
	g.follow(s)
}

// follow has the schedule look for what becomes due sooner than it knew.
func (g *ledger) follow(s []store.Settlement) {
	for i := range s {
		if !s[i].Done && s[i].Due.Before(store.Never()) {
			g.q.Stir()
			return
		}
	}
}

// spoilt says that a settlement cannot be made any more.
func spoilt(err error) bool {
	return errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrNotFound)
}

// trying does something until it works or there is no sense in it; at the end
// no longer than the grace.
func (g *ledger) trying(do func() error) error {
	wait := 100 * time.Millisecond
	for {
		err := do()
		if err == nil || spoilt(err) || errors.Is(err, store.ErrClosed) || g.q.hard.Err() != nil {
			return err
		}
		g.q.problem(fmt.Errorf("queue: settling items, which will be tried again: %w", err))
		pause(g.q.hard, nil, wait)
		wait = min(2*wait, 30*time.Second)
	}
}

// renewAll keeps the leases of what is held.
func (g *ledger) renewAll() {
	for {
		select {
		case <-g.stop:
			return
		case <-time.After(g.q.cfg.Limits.Lease / 3):
		}
		g.mu.Lock()
		items := make([]store.Item, 0, len(g.held))
		for _, item := range g.held {
			items = append(items, item)
		}
		g.mu.Unlock()
		until := g.q.cfg.Now().Add(g.q.cfg.Limits.Lease)
		for from := 0; from < len(items); from += renewMost {
			g.renew(until, items[from:min(from+renewMost, len(items))])
		}
	}
}

func (g *ledger) renew(until time.Time, items []store.Item) {
	err := g.q.cfg.Store.Renew(context.Background(), until, items...)
	switch {
	case err == nil:
	case spoilt(err) && len(items) > 1:
		for i := range items {
			g.renew(until, items[i:i+1])
		}
	case spoilt(err):
		g.drop(items[0].ID) // what its carrier decides will not settle it
	default:
		g.q.problem(fmt.Errorf("queue: renewing leases: %w", err))
	}
}
