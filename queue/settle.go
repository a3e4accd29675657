package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/store"
	"posta/words"
)

// rest are the items of an attempt that are to be tried at once.
type rest struct {
	items   []store.Item
	verdict verdict           // of the first of them
	lone    map[int64]verdict // by item: of those who were told to go elsewhere, each on his own
}

// conclude settles what an attempt decided: each item's verdict, or with nil the
// attempt's own for all. Recipients that had the same end share a report.
func (q *Queue) conclude(t *attempt, items []store.Item, verdicts []verdict) (left rest) {
	if t.at.IsZero() {
		t.at = q.cfg.Now()
	}
	reports := map[dsn.Action]*reporting{}
	var plain []store.Settlement
	var back []store.Item
	for i, item := range items {
		v := t.verdict
		if verdicts != nil {
			v = verdicts[i]
		}
		p, leaves := q.dismissed(t, item, v)
		switch {
		case leaves:
		case v.fate == elsewhere || v.fate == again:
			if len(left.items) == 0 || v.fate == elsewhere {
				left.verdict = v
			}
			left.items = append(left.items, item)
			if v.lone && v.fate == elsewhere {
				if left.lone == nil {
					left.lone = map[int64]verdict{}
				}
				left.lone[item.ID] = v
			}
			continue
		case v.fate == untouched:
			back = append(back, item)
			continue
		default:
			p = parting{Item: item}
			p.s, p.e = q.settlement(t, item, v)
			if !p.e.known || p.s.Done {
				q.tell(t, item, p.s, p.e)
			}
		}
		said := about(item, p.s, p.e)
		if p.e.known {
			p.s.Attempt = nil // none was made
		}
		if p.e.action == "" {
			plain = append(plain, p.s)
			continue
		}
		r := reports[p.e.action]
		if r == nil {
			r = &reporting{out: item.Out, action: p.e.action}
			reports[p.e.action] = r
		}
		if leaves {
			r.add(p.s, returned(p.Item, p.s, p.e))
		} else {
			r.add(p.s, said)
		}
	}
	q.ledger.settle(plain)
	for _, r := range reports {
		q.ledger.report(r)
	}
	q.giveBack(back)
	return left
}

// ending is what an item's settlement means for its sender.
type ending struct {
	outcome string      // as in event.Attempted
	action  dsn.Action  // of the report that it gives rise to; "" for none
	status  mail.Status // for the report
	known   bool        // nothing was tried, nor is anything new: only the sender is told, when it is time
}

// settlement turns a verdict into what the store is told.
func (q *Queue) settlement(t *attempt, item store.Item, v verdict) (store.Settlement, ending) {
	now := q.cfg.Now()
	told := t.told(v)
	told.Before = t.before
	s := store.Settlement{Item: item.ID, Token: item.Token, Attempt: &told}
	known := t.recalls(item)
	if known {
		told = item.Last
	}
	expired := v.fate == later && !now.Before(item.Expires)
	switch {
	case v.fate == relayed:
		s.Done = true
		e := ending{outcome: "relayed", status: v.status}
		if item.Notify&mail.NotifySuccess != 0 && !t.promises {
			e.action = dsn.Relayed
		}
		return s, q.addressed(item, e)
	case v.fate == failed || expired:
		s.Done = true
		e := ending{outcome: event.Failed, status: v.status, known: known}
		if expired {
			e.status = status(5, 4, 7) // RFC 3463 §3.5: delivery time expired
		}
		if item.Notify == 0 || item.Notify&mail.NotifyFailure != 0 {
			e.action = dsn.Failed
		}
		return s, q.addressed(item, e)
	}
	s.Due, s.Extra = q.due(t, item, now)
	s.Warned = item.Warned
	e := ending{outcome: event.Delayed, status: v.status, known: known}
	if q.held(item.ID) {
		e.outcome = event.Held
	}
	if q.warns(item, now) {
		e.action = dsn.Delayed
	}
	if e = q.addressed(item, e); e.action != "" {
		s.Warned = true
	}
	return s, e
}

// recalls says that an item is put off for what it was put off for before: as the time
// of its warning or its end comes while nobody is asked.
func (t *attempt) recalls(item store.Item) bool {
	last := item.Last.AsOf
	if last.IsZero() {
		last = item.Last.At
	}
	return !t.asOf.IsZero() && last.UnixMicro() == t.asOf.UnixMicro()
}

// addressed takes the report away where nobody may get one: the null path
// (RFC 5321 §6.1), and whoever wants none (RFC 3461 §4.1).
func (q *Queue) addressed(item store.Item, e ending) ending {
	if item.Out.From == "" || item.Notify&mail.NotifyNever != 0 {
		e.action = ""
	}
	return e
}

// warns says that the sender is told of the delay now. Without NOTIFY that is
// for us to decide (RFC 3461 §4.1), and people want to know.
func (q *Queue) warns(item store.Item, now time.Time) bool {
	after := q.cfg.Limits.WarnAfter
	wanted := item.Notify == 0 || item.Notify&mail.NotifyDelay != 0
	return wanted && !item.Warned && after > 0 && now.Sub(item.Out.Received) >= after
}

// due is when an item is tried again: at the time of the warning and at its end
// in any case, so that both come when they should. An attempt that was made because
// somebody asked is extra: the next is when it would have been.
func (q *Queue) due(t *attempt, item store.Item, now time.Time) (due time.Time, extra bool) {
	if t.kept || t.link != nil && t.link.onDemand {
		return store.Never(), false
	}
	if q.router.changed(context.Background(), t.way, item.Domain) {
		return now, false // it went another way than it would now
	}
	due = now
	if !t.recalls(item) {
		due = now.Add(q.wait(item.Attempts-item.Extra+1, q.cfg.Limits.MostWait))
	}
	extra = item.Planned.After(now)
	switch {
	case extra && t.probe && t.until.Before(item.Planned):
		due = t.until
	case extra:
		due = item.Planned
	case t.probe, t.recalls(item) && item.Last.AsOf.IsZero():
		due = t.until
	case due.Before(t.until):
		due = t.until.Add(time.Duration(q.rand.part() * float64(time.Minute)))
	}
	if warn := item.Out.Received.Add(q.cfg.Limits.WarnAfter); q.cfg.Limits.WarnAfter > 0 && !item.Warned && now.Before(warn) && warn.Before(due) {
		due = warn
	}
	if item.Expires.Before(due) {
		due = item.Expires
	}
	return due, extra
}

// keep puts items off that don't leave now although nothing is wrong.
func (q *Queue) keep(w *way, items []store.Item) {
	now := q.cfg.Now()
	var plain []store.Settlement
	items = q.staying(items)
	for i, item := range items {
		if !now.Before(item.Expires) {
			v := said(failed, "5.4.7", words.Fail("attempt.not_fetched", nil))
			q.conclude(&attempt{trouble: trouble{verdict: v}}, items[i:i+1], nil)
			continue
		}
		s := store.Settlement{Item: item.ID, Token: item.Token, Warned: item.Warned, Due: store.Never()}
		if w.route.Closed {
			s.Due = now.Add(q.wait(2, q.cfg.Limits.MostWait))
		}
		plain = append(plain, s)
	}
	q.ledger.settle(plain)
}

// tell tells the watchers what became of a recipient.
func (q *Queue) tell(t *attempt, item store.Item, s store.Settlement, e ending) {
	fact := event.Attempted{ID: item.Out.Queue, Recipient: item.To, Outcome: e.outcome, Host: t.host, Addr: t.addr, TLS: t.tls,
		Reply: spoken(s.Attempt), Delay: q.cfg.Now().Sub(item.Out.Received)}
	if fact.AsOf = t.asOf; e.known {
		fact.AsOf = item.Last.AsOf
	}
	if fact.AsOf.IsZero() { // else it is another message's
		fact.Session = t.session
	}
	if !s.Done && s.Due.Before(store.Never()) && e.outcome != event.Held {
		fact.Next = s.Due
		if s.Due.After(q.cfg.Now()) && s.Due.Before(t.until) && t.until.Before(item.Expires) {
			fact.Next = t.until // at its Due, that of the warning, nobody is asked
		}
	}
	if item.Out.Received.Before(q.began) {
		fact.Earlier, fact.From, fact.MessageID = true, item.Out.From, item.Out.MessageID
	}
	if t.link != nil {
		t.link.State(fact)
		return
	}
	em := event.NewEmitter(q.cfg.Sink, 0)
	em.Fact(event.State, fact)
}

// spoken is an attempt's answer as a reply is written.
func spoken(a *store.Attempt) string {
	var b strings.Builder
	if a.Code != 0 {
		fmt.Fprintf(&b, "%d ", a.Code)
		if a.Status.Class != 0 {
			b.WriteString(a.Status.String() + " ")
		}
	}
	b.WriteString(a.Text)
	return strings.TrimSpace(b.String())
}
