package mailroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
	"posta/words"
)

// prefixRoom is what a message's prefix may take of a quota.
const prefixRoom = 1 << 10

// full says that the mailbox cannot hold the message.
func (t *target) full(size int64) bool {
	return t.Quota > 0 && t.used+size+prefixRoom > t.Quota
}

// fitting gives the targets that can hold the message. Where some cannot, the
// others get theirs if the sender can be told of it; else, and where nobody can
// hold it, the message is refused.
func (l *letter) fitting(ctx context.Context) ([]target, error) {
	others := len(l.large) + len(l.onward)
	direct, fits := 0, others
	for i := range l.targets {
		t := &l.targets[i]
		if !t.full(l.body.size) {
			fits++
			continue
		}
		for _, n := range l.straight(t) {
			direct++
			l.rcpts[n].full = append(l.rcpts[n].full, t.Address)
		}
	}
	told := true
	if direct > 0 && fits > 0 {
		var err error
		if told, err = l.mayReport(ctx); err != nil {
			return nil, err
		}
	}
	if fits == 0 || !told {
		return nil, mail.Refuse(452, "4.2.2", "A recipient's mailbox is full")
	}
	if fits == len(l.targets)+others {
		return l.targets, nil
	}
	out := make([]target, 0, len(l.targets))
	for i := range l.targets {
		if !l.targets[i].full(l.body.size) {
			out = append(out, l.targets[i])
		}
	}
	return out, nil
}

// mayReport says that a report can reach the sender (RFC 3461 §5.2: never <>). Of
// one who is known that shows when it is filed.
func (l *letter) mayReport(ctx context.Context) (bool, error) {
	switch {
	case l.env.From.IsZero():
		return false, nil
	case l.from.Service == mail.Submission, l.from.Mode == mail.Lab, l.reached:
		return true, nil
	}
	return l.reach(ctx)
}

// reach finds out whether a report reaches the sender.
func (l *letter) reach(ctx context.Context) (bool, error) {
	to, err := l.room.readers(ctx, l.env.From, l.from)
	var refused *mail.Error
	if errors.As(err, &refused) && !refused.Temporary() { // a rewritten address that is good no more
		return false, nil
	}
	l.reached = err == nil && !to.none()
	return l.reached, err
}

// mayAsk refuses NOTIFY=SUCCESS and DELAY to a sender whom no report of this
// server reaches: to accept them is to promise one. What else RFC 3461 has
// promises none, and servers add ORCPT by themselves wherever DSN is offered
// (§5.2.1); a failure such a sender hears at once, as a reply. The null path may
// ask (§5.2: nobody gets a report then), and who hands in on this machine.
func (l *letter) mayAsk(ctx context.Context) error {
	if l.env.From.IsZero() || l.from.Inside != "" || l.reached {
		return nil
	}
	reached, err := l.reach(ctx)
	switch {
	case err != nil:
		return refusal(err)
	case !reached:
		return mail.Refuse(555, "5.5.4", "NOTIFY=SUCCESS and DELAY are only for senders whom a report can reach")
	}
	return nil
}

// report adds the reports that the message gives rise to.
func (l *letter) report(ctx context.Context, out []filing, now time.Time) ([]filing, error) {
	out, err := l.reportOnMembers(ctx, out, now)
	if err != nil || l.env.From.IsZero() {
		return out, err
	}
	var about []dsn.Recipient
	for i := range l.rcpts {
		about = append(about, l.outcomes(&l.rcpts[i])...)
	}
	full := slices.ContainsFunc(l.rcpts, func(r rcpt) bool { return len(r.full) > 0 && r.asksFailure() })
	filed := len(out)
	rep := l.reportTo(l.env.From, about, now)
	if slices.ContainsFunc(about, func(r dsn.Recipient) bool { return r.Action == dsn.Failed }) {
		l.enclose(rep)
	}
	out, err = l.addReport(ctx, out, rep)
	if err == nil && full && len(out) == filed { // nobody would ever hear of it (RFC 5321 §6.1)
		err = mail.Refuse(452, "4.2.2", "A recipient's mailbox is full")
	}
	return out, err
}

// outcomes are what a report says of the recipient, if it says anything
// (RFC 3461 §5.2.3). Of an alias for several a mailbox that cannot hold the message,
// and who does not get it for another reason, has failed, and not the others. A list
// that is barred has no name of its own in a report: that the others have it is then
// said in words, for of one address it must not say both.
func (l *letter) outcomes(r *rcpt) (all []dsn.Recipient) {
	barred := false
	if r.asksFailure() {
		for _, mailbox := range r.full {
			all = append(all, r.fullOf(mailbox))
		}
	}
	for _, t := range l.behind(r) {
		switch {
		case t.barred && barred: // one line says it of all
		case !t.barred && r.asksFailure():
			all = append(all, r.turnedOf(t))
		case t.barred && r.asksFailure():
			all = append(all, r.barredOf(t))
		}
		barred = barred || t.barred
	}
	if r.passed || r.Notify&mail.NotifySuccess == 0 || len(r.full) > 0 && !r.expanded || // of one passed says so who has it last
		barred && r.asksFailure() {
		return all
	}
	d := dsn.Recipient{Original: r.Orcpt, Final: r.original(), Action: dsn.Delivered, Status: mail.Status{Class: 2}, List: r.list, Barred: barred, Kept: r.kept}
	if r.expanded || r.ownerless { // RFC 3461 §5.2.7.3(c); of a list with an owner it is "delivered", §5.2.7.1
		d.Action = dsn.Expanded
	}
	return append(all, d)
}

// asksFailure says that the sender hears of failures, as everybody does who says nothing.
func (r *rcpt) asksFailure() bool { return asksFailure(r.Notify) }

func asksFailure(n mail.Notify) bool { return n == 0 || n&mail.NotifyFailure != 0 }

// behind are those behind the recipient who do not get it, where the sender is told
// of them: one who has logged in, or asked. What somebody's mailbox sends on to is that
// person's affair, and the members of a list are its owner's.
func (l *letter) behind(r *rcpt) (all []*turned) {
	if !l.from.Login.Known() && r.Notify&mail.NotifyFailure == 0 {
		return nil
	}
	for i := range l.turned {
		if t := &l.turned[i]; t.List == nil && !t.Kept && t.recipient == r.To.String() {
			all = append(all, t)
		}
	}
	return all
}

// turnedOf is what a report says of one behind the recipient who does not get it.
func (r *rcpt) turnedOf(t *turned) dsn.Recipient {
	d := t.failed()
	if d.Original = r.Orcpt; d.Original == "" { // as where it is sent on to another host (§5.2.1)
		d.Original = r.original()
	}
	return d
}

// barredOf is what a report says of such a list. It has no name there, as in a reply.
func (r *rcpt) barredOf(t *turned) dsn.Recipient {
	return dsn.Recipient{Original: r.Orcpt, Final: r.original(), Action: dsn.Failed, Status: t.why.Status, Reason: t.why.Text, Barred: true}
}

// fullOf is what a report says of a mailbox that the recipient leads to.
func (r *rcpt) fullOf(mailbox string) dsn.Recipient {
	d := fullMailbox(mailbox)
	d.Original = r.Orcpt
	switch {
	case !r.expanded || mailbox == r.canonical:
		d.Final = r.original()
		return d
	case d.Original == "": // as where it is sent on to another host (§5.2.1)
		d.Original = r.original()
	}
	d.OneOf = true
	return d
}

// fullMember says why in words, too: what a list's owner is told to do does not.
func fullMember(address, orcpt string) dsn.Recipient {
	d := fullMailbox(address)
	d.Original = orcpt
	d.Reason = words.Fail("attempt.mailbox_full", nil).Error()
	return d
}

func fullMailbox(address string) dsn.Recipient {
	d := dsn.Recipient{Final: "rfc822;" + address, Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 2, Detail: 2}}
	if !mail.IsASCII(address) {
		d.Final = "utf-8;" + address
	}
	return d
}

// reportTo begins a report on this message.
func (l *letter) reportTo(to mail.Address, about []dsn.Recipient, now time.Time) *dsn.Report {
	r := l.room.newReport(to, about, now)
	r.EnvID, r.UTF8, r.Lab = l.env.EnvID, l.env.UTF8, l.from.Mode == mail.Lab
	r.Header, r.EightBit = l.head.kept, l.head.eightBit
	if mail.CheckDomain(l.from.Helo) == nil && mail.IsASCII(l.from.Helo) {
		r.FromMTA, r.FromAddr = l.from.Helo, l.from.Remote.Addr()
	}
	return r
}

// newReport begins a report.
func (r *Room) newReport(to mail.Address, about []dsn.Recipient, now time.Time) *dsn.Report {
	return &dsn.Report{To: to, Date: now, Arrival: now, MTA: r.cfg.Hostname, Recipients: about}
}

// addReport adds the filing of a report, if it is about anybody and can reach
// its reader.
func (l *letter) addReport(ctx context.Context, out []filing, rep *dsn.Report) ([]filing, error) {
	if len(rep.Recipients) == 0 {
		return out, nil
	}
	f, told, err := l.room.fileFor(ctx, rep, false)
	if err != nil {
		return out, err
	}
	if told != "" {
		l.circles.add(false, told, "", rep.To.String())
	}
	if f.Draft == nil {
		return out, nil
	}
	return append(out, f), nil
}

// roomy parts the targets whose mailboxes can hold size octets more from those
// that cannot.
func (r *Room) roomy(ctx context.Context, targets []directory.Target, size int64) (fit, full []target, err error) {
	for _, dt := range targets {
		t := target{Target: dt}
		if t.Quota > 0 {
			usage, err := r.cfg.Store.Usage(ctx, t.Account)
			if err != nil {
				return nil, nil, fmt.Errorf("usage of a mailbox: %w", err)
			}
			t.used = usage.Bytes
		}
		if t.full(size) {
			full = append(full, t)
		} else {
			fit = append(fit, t)
		}
	}
	return fit, full, nil
}
