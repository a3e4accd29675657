package mailroom

import (
	"context"
	"fmt"
	"slices"

	"posta/directory"
	"posta/mail"
	"posta/words"
)

// Rcpt implements mail.Letter.
func (l *letter) Rcpt(ctx context.Context, to mail.Recipient) error {
	if l.over || l.body.draft != nil {
		return mail.Refuse(503, "5.5.1", "Recipients come before the data")
	}
	res, err := l.resolve(ctx, &to)
	if err != nil {
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
	before := len(l.turned)
	if err := l.accept(ctx, to, &res); err != nil {
		l.turned = l.turned[:before] // they are of who was refused
		return err
	}
	return nil
}

// accept takes a recipient with all that it leads to.
func (l *letter) accept(ctx context.Context, to mail.Recipient, res *directory.Resolution) error {
	out, no, err := l.elsewhere(ctx, &to, res)
	if err != nil {
		return err
	}
	counted, err := l.mayAlso(out)
	if err != nil {
		return err
	}
	if len(out)+len(res.Targets)+len(res.Large) == 0 {
		res.Targets = res.Instead
		for i := range no {
			no[i].Kept = true // by who reads it instead
		}
	}
	if l.rcptAt(to.To) == len(l.rcpts) { // else they are noted
		l.turned = append(append(l.turned, no...), deadEnds(res, to.To.String())...)
	}
	if err := l.add(ctx, to, res, out); err != nil {
		return err
	}
	l.counted += counted
	return nil
}

// resolve finds out what a recipient is. What comes back to a reverse-path that
// we rewrote goes to whom it stands for.
func (l *letter) resolve(ctx context.Context, to *mail.Recipient) (directory.Resolution, error) {
	whom, back, err := l.room.backTo(ctx, to.To)
	if err == nil && back && !l.env.From.IsZero() {
		err = mail.Refuse(550, "5.7.1", "This address takes only reports on a message that was sent on, under the null sender <>")
	}
	if err != nil {
		return directory.Resolution{}, refusal(err)
	}
	var res directory.Resolution
	if l.from.Fetched {
		res, err = l.room.cfg.Directory.ResolveCollected(ctx, whom)
	} else {
		res, err = l.room.resolve(ctx, whom, l.env.From, l.from.Login)
	}
	if err != nil {
		return res, failed(fmt.Errorf("resolving a recipient: %w", err))
	}
	if back && res.Outcome == directory.NonLocal {
		res.Outcome, res.Outside = directory.Elsewhere, []directory.Onward{straight(whom, &res)}
	}
	return res, refuseOutcome(&res, to.To)
}

// straight is an address that is not ours as it goes on.
func straight(to mail.Address, res *directory.Resolution) directory.Onward {
	_, domain := directory.Split(res.Canonical)
	return directory.Onward{Address: mail.Address{Local: to.Local, Domain: domain}.String(), Domain: domain}
}

// add notes a recipient with all that it leads to.
func (l *letter) add(ctx context.Context, to mail.Recipient, res *directory.Resolution, out []directory.Onward) error {
	at := l.rcptAt(to.To)
	added, also, err := l.addTargets(ctx, res, at, len(out) > 0)
	if err != nil {
		return err
	}
	l.targets, l.also = added, also
	l.addLarge(res.Large, at)
	l.addOnward(out, at)
	if res.MaxMessage > 0 && (l.max == 0 || res.MaxMessage < l.max) {
		l.max = res.MaxMessage
	}
	if at == len(l.rcpts) { // else they are noted
		for _, c := range res.Circles {
			l.circles.circle(c.Via, to.To.String(), c.To)
		}
	}
	l.addRcpt(to, at, res, out)
	return nil
}

// rcptAt is where an address stands among the recipients, or is going to.
func (l *letter) rcptAt(to mail.Address) int {
	at := slices.IndexFunc(l.rcpts, func(r rcpt) bool { return r.To == to })
	if at < 0 {
		return len(l.rcpts)
	}
	return at
}

func noSuchUser() *mail.Error {
	return mail.Refuse(550, "5.1.1", words.Fail("attempt.no_user", nil).Error())
}

// refuseOutcome answers for what leads to nobody. Where an alias leads to a list, the
// list is not named.
func refuseOutcome(res *directory.Resolution, to mail.Address) error {
	switch {
	case res.Outcome == directory.Unknown:
		return noSuchUser()
	case res.Outcome == directory.Barred:
		return mail.Refuse(550, "5.7.1", barred(res, to))
	case res.Outcome == directory.Local && len(res.Targets) == 0 && len(res.Large) == 0:
		return mail.Refuse(550, "5.1.1", "This address leads to nobody")
	}
	return nil
}

// barred says who may write, to the list itself and to what leads to lists.
func barred(res *directory.Resolution, to mail.Address) string {
	who := ": only its owner may; log in as the owner"
	if slices.ContainsFunc(res.Barred, func(o directory.Onward) bool { return o.Posts != directory.Announcement }) {
		who = ": only its members may; log in as one of them, or write from such an address"
	}
	if slices.ContainsFunc(res.Barred, func(o directory.Onward) bool { return o.Address == res.Canonical }) {
		return say("You may not write to the mailing list ", to.String(), who)
	}
	return "This address leads to a mailing list to which you may not write" + who
}

// addTargets gives the targets with those of one more recipient, who stands or is
// going to stand at rcpt. A mailbox gets the message once however many recipients
// lead to it. others says that the recipient leads elsewhere too.
func (l *letter) addTargets(ctx context.Context, res *directory.Resolution, rcpt int, others bool) ([]target, []also, error) {
	out, shared := l.targets, l.also
	full := 0
	for i := range res.Targets {
		t := target{Target: res.Targets[i], rcpt: rcpt}
		if t.Quota > 0 {
			usage, err := l.room.cfg.Store.Usage(ctx, t.Account)
			if err != nil {
				return nil, nil, refusal(fmt.Errorf("usage of a mailbox: %w", err))
			}
			t.used = usage.Bytes
			if t.used >= t.Quota || t.used+l.env.Size > t.Quota {
				full++
			}
		}
		switch {
		case !l.has(out, t.Account):
			out = append(out, t)
		case t.Quota > 0:
			shared = append(shared, also{t.Account, rcpt, t.List})
		}
	}
	// Of a list or an alias for several, the others get theirs.
	if full > 0 && full == len(res.Targets) && len(res.Large) == 0 && !others {
		l.byID = nil // may hold accounts of this recipient
		return nil, nil, mail.Refuse(452, "4.2.2", "The mailbox is full")
	}
	return out, shared, nil
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

func (l *letter) addLarge(lists []directory.List, rcpt int) {
next:
	for _, list := range lists {
		for i := range l.large {
			if l.large[i].ID == list.ID {
				continue next
			}
		}
		l.large = append(l.large, large{list, rcpt})
	}
}

// addRcpt notes the recipient for reports. One named twice is one.
func (l *letter) addRcpt(to mail.Recipient, at int, res *directory.Resolution, out []directory.Onward) {
	if at < len(l.rcpts) {
		l.rcpts[at].Notify |= to.Notify &^ mail.NotifyNever
		return
	}
	r := rcpt{Recipient: to, canonical: res.Canonical, expanded: isAlias(res, out), list: onlyList(res, out), ownerless: anyOwnerless(res, out)}
	r.kept = r.expanded && slices.ContainsFunc(res.Targets, func(t directory.Target) bool { return t.Address == res.Canonical })
	if len(res.Targets) > 0 {
		r.account = res.Targets[0].Account
	}
	if len(out) > 0 {
		r.onward = out[0].Address
	}
	r.passed = len(out) == 1 && out[0].List == nil && len(res.Targets)+len(res.Large) == 0
	l.rcpts = append(l.rcpts, r)
}

// isAlias says that an address stands for several and is no list.
func isAlias(res *directory.Resolution, out []directory.Onward) bool {
	return len(res.Targets)+len(res.Large)+len(out) > 1 && !onlyList(res, out)
}

// anyOwnerless says that an address leads to the members of a list without an owner.
func anyOwnerless(res *directory.Resolution, out []directory.Onward) bool {
	is := func(list *directory.List) bool { return list != nil && !owned(list) }
	return slices.ContainsFunc(res.Targets, func(t directory.Target) bool { return is(t.List) }) ||
		slices.ContainsFunc(out, func(o directory.Onward) bool { return is(o.List) }) ||
		slices.ContainsFunc(res.Large, func(list directory.List) bool { return is(&list) })
}

// onlyList says that all that an address leads to are members of lists.
func onlyList(res *directory.Resolution, out []directory.Onward) bool {
	return !slices.ContainsFunc(res.Targets, func(t directory.Target) bool { return t.List == nil }) &&
		!slices.ContainsFunc(out, func(o directory.Onward) bool { return o.List == nil })
}
