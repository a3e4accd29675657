package mailroom

import (
	"context"
	"io"
	"slices"

	"posta/directory"
	"posta/event"
	"posta/mail"
	"posta/store"
)

// Here says that an address is one of ours that leads somewhere: to a mailbox, a list, or
// on by an alias. One whose domain only passes its mail on to another host is not.
func (r *Room) Here(ctx context.Context, address string) (bool, error) {
	to, err := mail.ParseAddress(address)
	if err != nil {
		return false, nil
	}
	if ours, err := r.cfg.Directory.Serves(ctx, to.Domain); err != nil || !ours {
		return false, err
	}
	res, err := r.cfg.Directory.Resolve(ctx, to, mail.Address{}, mail.Login{})
	switch {
	case err != nil:
		return false, err
	case res.Outcome == directory.Barred:
		return true, nil
	case res.Outcome == directory.Local:
		return len(res.Targets)+len(res.Large)+len(res.Outside) > 0, nil
	}
	return res.Outcome == directory.Elsewhere && slices.ContainsFunc(res.Outside, func(o directory.Onward) bool { return o.Via != "" }), nil
}

// TakeBack files a message that was accepted here to leave, for those of its recipients
// who are served here by now, and settles their items of the queue, all in one
// transaction. Those who are refused it gives by their item; their items stay as they
// are. It keeps its queue id.
func (r *Room) TakeBack(ctx context.Context, items []store.Item, content io.Reader, settle []store.Settlement) (map[int64]*mail.Error, error) {
	l := r.letterOf(items[0].Out)
	defer l.Abort()
	refused := map[int64]*mail.Error{}
	for i := range items {
		one := &items[i]
		to, err := mail.ParseAddress(one.To)
		if err == nil {
			err = l.Rcpt(ctx, mail.Recipient{To: to, Orcpt: one.Orcpt, Notify: one.Notify})
		}
		if err != nil {
			refused[one.ID] = refusal(err)
			continue
		}
		l.settle = append(l.settle, settle[i])
	}
	if len(l.settle) == 0 {
		return refused, nil
	}
	if _, err := io.Copy(l, content); err != nil {
		return refused, refusal(err)
	}
	receipt, err := l.Commit(ctx)
	if err != nil {
		return refused, err
	}
	if l.done { // it lies where it would go
		if err := r.cfg.Store.File(ctx, store.Filing{Settle: l.settle}); err != nil {
			return refused, refusal(err)
		}
	}
	r.tellReceipt(&receipt)
	return refused, nil
}

// letterOf begins the letter of a message that comes back before it has left. What MAIL
// said was let pass when it was accepted.
func (r *Room) letterOf(out *store.Outgoing) *letter {
	l := &letter{room: r, id: out.Queue, at: r.cfg.Now(), reached: true,
		env: mail.Envelope{Size: out.Size, Body: out.Body, UTF8: out.UTF8, Ret: out.Ret, EnvID: out.EnvID}}
	if out.From != "" {
		l.env.From, _ = mail.ParseAddress(out.From) // it was one when it was filed
	}
	if out.Lab {
		l.from.Mode = mail.Lab
	}
	return l
}

// tellReceipt tells the watchers what became of a message that no session brought.
func (r *Room) tellReceipt(receipt *mail.Receipt) {
	if len(receipt.To) > 0 {
		fact := event.Delivered{ID: receipt.ID}
		for _, d := range receipt.To {
			fact.To = append(fact.To, event.Delivery(d))
		}
		r.emit(fact)
	}
	if len(receipt.Queued) > 0 {
		fact := event.Queued{ID: receipt.ID}
		for _, o := range receipt.Queued {
			fact.To = append(fact.To, event.Onward(o))
		}
		r.emit(fact)
	}
	for _, m := range receipt.Missed {
		fact := event.Missed{ID: receipt.ID, Failed: m.Failed, Why: m.Why}
		for _, o := range m.To {
			fact.To = append(fact.To, event.Onward(o))
		}
		r.emit(fact)
	}
}
