package mailroom

import (
	"context"
	"fmt"

	"posta/directory"
	"posta/mail"
)

// Rcpt implements mail.Letter.
func (l *letter) Rcpt(ctx context.Context, to mail.Recipient) error {
	if l.over || l.body.draft != nil {
		return mail.Refuse(503, "5.5.1", "Recipients come before the data")
	}
	res, err := l.room.cfg.Directory.Resolve(ctx, to.To, l.env.From, l.from.Login)
	if err != nil {
		return failed(fmt.Errorf("resolving a recipient: %w", err))
	}
	if err := refuseOutcome(&res); err != nil {
		return err
	}
	if to.Notify&(mail.NotifySuccess|mail.NotifyDelay) != 0 {
		if err := l.mayAsk(ctx); err != nil {
			return err
		}
	}
	if res.MaxMessage > 0 && l.env.Size > res.MaxMessage {
		return mail.Refuse(552, "5.3.4", fmt.Sprintf("The message is larger than this domain allows (%d octets)", res.MaxMessage))
	}
	added, err := l.addTargets(ctx, &res)
	if err != nil {
		return err
	}
	shares := len(res.Targets) == 1 && len(res.Large) == 0 && len(added) == len(l.targets)
	l.targets = added
	l.addLarge(res.Large)
	if res.MaxMessage > 0 && (l.max == 0 || res.MaxMessage < l.max) {
		l.max = res.MaxMessage
	}
	before := len(l.rcpts)
	l.addRcpt(to, &res)
	if shares && len(l.rcpts) > before {
		l.also = append(l.also, also{before, res.Targets[0].Account})
	}
	return nil
}

// refuseOutcome answers for what is no mailbox here. A 250 is a promise to
// deliver, so whatever leads outside is refused.
func refuseOutcome(res *directory.Resolution) error {
	switch {
	case res.Outcome == directory.Unknown:
		return mail.Refuse(550, "5.1.1", "No such user here")
	case res.Outcome == directory.Barred:
		return mail.Refuse(550, "5.7.1", "You may not write to this list")
	case res.Outcome == directory.NonLocal || len(res.Outside) > 0:
		return mail.Refuse(550, "5.7.1", "This server does not send to other hosts yet")
	case len(res.Targets) == 0 && len(res.Large) == 0:
		return mail.Refuse(550, "5.1.1", "This address leads to nobody")
	}
	return nil
}

// addTargets gives the targets with those of one more recipient. A mailbox
// gets the message once however many recipients lead to it.
func (l *letter) addTargets(ctx context.Context, res *directory.Resolution) ([]target, error) {
	out := l.targets
	full := 0
	for i := range res.Targets {
		t := target{Target: res.Targets[i], rcpt: len(l.rcpts)}
		if t.Quota > 0 {
			usage, err := l.room.cfg.Store.Usage(ctx, t.Account)
			if err != nil {
				return nil, refusal(fmt.Errorf("usage of a mailbox: %w", err))
			}
			t.used = usage.Bytes
			if t.used >= t.Quota || t.used+l.env.Size > t.Quota {
				full++
			}
		}
		if !l.has(out, t.Account) {
			out = append(out, t)
		}
	}
	// Of a list or an alias for several, the others get theirs.
	if full > 0 && full == len(res.Targets) && len(res.Large) == 0 {
		l.byID = nil // may hold accounts of this recipient
		return nil, mail.Refuse(452, "4.2.2", "The mailbox is full")
	}
	return out, nil
}

// has says whether the account is among the targets, and notes it if not.
func (l *letter) has(targets []target, account int64) bool {
	if len(targets) < fewTargets {
		for i := range targets {
			if targets[i].Account == account {
				return true
			}
		}
		return false
	}
	if l.byID == nil {
		l.byID = make(map[int64]struct{}, 2*len(targets))
		for i := range targets {
			l.byID[targets[i].Account] = struct{}{}
		}
	}
	_, there := l.byID[account]
	l.byID[account] = struct{}{}
	return there
}

func (l *letter) addLarge(lists []directory.List) {
next:
	for _, list := range lists {
		for i := range l.large {
			if l.large[i].ID == list.ID {
				continue next
			}
		}
		l.large = append(l.large, list)
	}
}

// addRcpt notes the recipient for reports. One named twice is one.
func (l *letter) addRcpt(to mail.Recipient, res *directory.Resolution) {
	for i := range l.rcpts {
		if l.rcpts[i].To == to.To {
			l.rcpts[i].Notify |= to.Notify &^ mail.NotifyNever
			return
		}
	}
	l.rcpts = append(l.rcpts, rcpt{Recipient: to, canonical: res.Canonical, expanded: isAlias(res)})
}

// isAlias says that an address stands for several mailboxes and is no list.
func isAlias(res *directory.Resolution) bool {
	if len(res.Large) > 0 || len(res.Targets) < 2 {
		return false
	}
	for i := range res.Targets {
		if res.Targets[i].List == nil {
			return true
		}
	}
	return false
}
