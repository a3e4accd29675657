package queue

import (
	"context"
	"errors"
	"fmt"
	"io"

	"posta/event"
	"posta/mail"
	"posta/store"
	"posta/words"
)

// Home is the house, for whom it serves by now though his mail was accepted to leave:
// since then a domain was made here, or an account.
type Home interface {
	// Here says that an address leads somewhere here. It is asked for each item that
	// is claimed, and quick for a domain that is not the house's.
	Here(ctx context.Context, address string) (bool, error)

	// TakeBack files a message for recipients who are here, and settles their items in
	// the same transaction. Whom it refuses it gives by his item, which stays.
	TakeBack(ctx context.Context, items []store.Item, content io.Reader, settle []store.Settlement) (refused map[int64]*mail.Error, err error)
}

// leaving brings those of the items home who are there by now, and gives the others. A
// site that asks gets besides whom the house cannot take just now: put off, they would
// be claimed for it again at once.
func (q *Queue) leaving(items []store.Item, asked bool) (stay []store.Item) {
	if q.cfg.Home == nil {
		return items
	}
	var home []store.Item
	for i, item := range items {
		switch here := q.here(&item); {
		case here && home == nil:
			stay, home = append(stay, items[:i]...), append(home, item)
		case here:
			home = append(home, item)
		case home != nil:
			stay = append(stay, item)
		}
	}
	if home == nil {
		return items
	}
	for _, of := range byMessage(home) {
		put := q.bringHome(of)
		if asked {
			stay = append(stay, put.items...)
			continue
		}
		for i := range put.items {
			q.conclude(&put.why[i], put.items[i:i+1], nil)
		}
	}
	return stay
}

func (q *Queue) here(item *store.Item) bool {
	here, err := q.cfg.Home.Here(context.Background(), item.To)
	if err != nil {
		q.problem(fmt.Errorf("queue: whether %s is served here: %w", item.To, err))
	}
	return err == nil && here
}

// bringHome has a message filed here for recipients who are here, exactly once: their
// items are settled with it. Whom the house refuses is given up with its words, as by
// another host; whom it cannot take just now is given back.
func (q *Queue) bringHome(items []store.Item) (put putOff) {
	t := &attempt{trouble: trouble{verdict: said(relayed, "2.1.5", words.Fail("attempt.home", nil)), at: q.cfg.Now()}}
	told := t.told(t.verdict)
	settle := make([]store.Settlement, len(items))
	for i, item := range items {
		settle[i] = store.Settlement{Item: item.ID, Token: item.Token, Done: true, Attempt: &told}
	}
	body := q.content(items[0].Out)
	defer body.close()
	refused, err := q.cfg.Home.TakeBack(context.Background(), items, body, settle)
	if lost(err) && len(items) > 1 { // one of them is no longer ours
		for i := range items {
			one := q.bringHome(items[i : i+1])
			put.items, put.why = append(put.items, one.items...), append(put.why, one.why...)
		}
		return put
	}
	for i, item := range items {
		var v verdict
		switch why := refused[item.ID]; {
		case why != nil:
			v = declined(why)
		case err == nil:
			q.tell(t, item, settle[i], ending{outcome: event.Filed})
			q.ledger.drop(item.ID)
			continue
		case lost(err):
			q.ledger.drop(item.ID)
			continue
		default:
			q.problem(fmt.Errorf("queue: filing message %s here: %w", item.Out.Queue, err))
			v = declined(err)
		}
		why := attempt{trouble: trouble{verdict: v, at: t.at}}
		if v.fate == failed {
			q.conclude(&why, items[i:i+1], nil)
			continue
		}
		put.items, put.why = append(put.items, item), append(put.why, why)
	}
	return put
}

// putOff are items that could not be filed here just now, and why each.
type putOff struct {
	items []store.Item
	why   []attempt
}

// lost says that an item was another's by then.
func lost(err error) bool { return errors.Is(err, store.ErrLost) || errors.Is(err, store.ErrNotFound) }

// declined is the verdict that follows from the house's own refusal.
func declined(err error) verdict {
	var why *mail.Error
	if !errors.As(err, &why) || why.Temporary() {
		v := said(later, "4.3.0", words.Fail("attempt.not_home", nil))
		if why != nil && why.Status.Class == 4 {
			v.status, v.text = why.Status, clean(why.Text)
		}
		return v
	}
	return verdict{fate: failed, status: why.Status, text: clean(why.Text)}
}
