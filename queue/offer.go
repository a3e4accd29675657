package queue

import (
	"context"
	"slices"
	"time"

	"posta/store"
)

// turnMost bounds the messages that were refused for now in one turn, whose
// leases are kept to its end so that none is offered twice.
const turnMost = 10_000

// behindMost bounds the messages that are put behind the others in one turn; what is
// beyond goes in its own.
const behindMost = 1000

// turn is what a site fetches over one connection.
type turn struct {
	q      *Queue
	l      *link
	why    error // nothing can be sent
	n      int   // recipients whose mail was taken
	kept   []store.Settlement
	behind [][]store.Item // messages on which a connection broke: they come last
}

// end settles what waits further, and gives back what was not offered.
func (t *turn) end() {
	for _, of := range t.behind {
		t.q.giveBack(of)
	}
	t.q.ledger.settle(t.kept)
	for _, r := range t.l.delayed {
		t.q.ledger.report(r)
	}
}

// offer offers a message, if that is possible and still wanted.
func (t *turn) offer(ctx context.Context, of []store.Item) {
	switch of = t.q.wanted(of); {
	case len(of) == 0:
	case t.l.broken || t.q.ended() || ctx.Err() != nil:
		t.q.giveBack(of)
	case t.why != nil:
		t.kept = append(t.kept, t.q.vain(t.l, of, t.why)...)
	default:
		taken, put := t.q.turned(t.l, of)
		t.n += taken
		t.kept = append(t.kept, put...)
	}
}

// offerBehind offers what was put behind, that which broke a connection longest ago first:
// so none of them stops the others for good either.
func (t *turn) offerBehind(ctx context.Context) {
	slices.SortStableFunc(t.behind, func(a, b []store.Item) int { return lastOf(a).Compare(lastOf(b)) })
	for len(t.behind) > 0 {
		of := t.behind[0]
		t.behind = t.behind[1:]
		t.offer(ctx, of)
	}
}

func lastOf(items []store.Item) (at time.Time) {
	for i := range items {
		if last := items[i].Last.At; last.After(at) {
			at = last
		}
	}
	return at
}

// broke says that the last attempt to hand a message over ended with its connection.
func broke(items []store.Item) bool {
	return slices.ContainsFunc(items, func(i store.Item) bool { return i.Last.Broke() })
}

// vain notes that a message could not even be offered, and gives the settlements.
func (q *Queue) vain(l *link, items []store.Item, why error) []store.Settlement {
	t := &attempt{link: l}
	t.host, t.addr, t.tls, t.session, t.at = l.host, l.addr.String(), l.tls, l.session, q.cfg.Now()
	return q.waiting(t, items, slices.Repeat([]verdict{unopened(why)}, len(items)))
}

// turned sends one message, and gives the settlements of what is to wait.
func (q *Queue) turned(l *link, items []store.Item) (taken int, kept []store.Settlement) {
	for len(items) > 0 {
		body := q.content(items[0].Out)
		ctx, cancel := q.untilEnd(body)
		t := q.transact(ctx, l, items, body)
		cancel()
		body.close()
		for i := range t.verdicts {
			v := &t.verdicts[i]
			switch {
			case v.fate == relayed:
				taken++
			case v.fate == again && !t.taken, v.fate == elsewhere && v.status.Class != 5: // there is no other host
				v.fate = later
			case v.fate == elsewhere:
				v.fate = failed
			}
		}
		var done, wait []store.Item
		var ended, waits []verdict
		for i, v := range t.verdicts {
			if v.fate == later && !q.ledger.leaves(items[i].ID) {
				wait, waits = append(wait, items[i]), append(waits, v)
			} else {
				done, ended = append(done, items[i]), append(ended, v)
			}
		}
		items = q.conclude(t, done, ended).items
		kept = append(kept, q.waiting(t, wait, waits)...)
		if l.broken {
			q.giveBack(items)
			break
		}
	}
	return taken, kept
}

// waiting concludes items that wait on, and settles none of them yet: else they
// would be offered once more.
func (q *Queue) waiting(t *attempt, items []store.Item, verdicts []verdict) (kept []store.Settlement) {
	for i, item := range items {
		s, e := q.settlement(t, item, verdicts[i])
		q.tell(t, item, s, e)
		if e.action == "" {
			kept = append(kept, s)
			continue
		}
		r := &reporting{out: item.Out, action: e.action}
		r.add(s, about(item, s, e))
		t.link.delayed = append(t.link.delayed, r)
	}
	return kept
}
