package mailroom

import (
	"context"
	"fmt"
	"time"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
	"posta/store"
)

// prefixRoom is what a message's prefix may take of a quota.
const prefixRoom = 1 << 10

// full says that the mailbox cannot hold the message.
func (t *target) full(size int64) bool {
	return t.Quota > 0 && t.used+size+prefixRoom > t.Quota
}

// fitting gives the targets that can hold the message. If one cannot, the
// message is refused; but where the others can get theirs and somebody can be
// told of the one, they do.
func (l *letter) fitting() ([]target, error) {
	direct, fits := 0, len(l.large)
	for i := range l.targets {
		t := &l.targets[i]
		switch {
		case !t.full(l.body.size):
			fits++
		case t.List == nil:
			direct++
			l.rcpts[t.rcpt].full = true
		}
	}
	if direct > 0 && (fits == 0 || !l.mayReport()) || fits == 0 {
		return nil, mail.Refuse(452, "4.2.2", "A recipient's mailbox is full")
	}
	if fits == len(l.targets)+len(l.large) {
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

// mayReport says that the sender is one whom reports can reach, and is not a
// stranger who only says that he is (RFC 3461 §5.2: never for <>).
func (l *letter) mayReport() bool {
	return !l.env.From.IsZero() && (l.from.Service == mail.Submission || l.from.Mode == mail.Lab)
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
	res, err := l.room.cfg.Directory.Resolve(ctx, l.env.From, mail.Address{}, mail.Login{})
	switch {
	case err != nil:
		return failed(fmt.Errorf("resolving the sender: %w", err))
	case res.Outcome != directory.Local || len(res.Targets) == 0:
		return mail.Refuse(555, "5.5.4", "NOTIFY=SUCCESS and DELAY are served to senders with a mailbox here only")
	}
	l.reached = true
	return nil
}

// report adds the reports that the message gives rise to.
func (l *letter) report(ctx context.Context, out []filing, now time.Time) ([]filing, error) {
	out, err := l.reportToOwners(ctx, out, now)
	if err != nil || !l.mayReport() {
		return out, err
	}
	var about []dsn.Recipient
	failed := false
	for i := range l.rcpts {
		if r, ok := l.rcpts[i].outcome(); ok {
			about = append(about, r)
			failed = failed || r.Action == dsn.Failed
		}
	}
	filed := len(out)
	rep := l.reportTo(l.env.From, about, now)
	if failed {
		l.enclose(rep)
	}
	out, err = l.addReport(ctx, out, rep)
	if err == nil && failed && len(out) == filed { // nobody would ever hear of it (RFC 5321 §6.1)
		err = mail.Refuse(452, "4.2.2", "A recipient's mailbox is full")
	}
	return out, err
}

// outcome is what a report says of the recipient, if it says anything
// (RFC 3461 §5.2.3).
func (r *rcpt) outcome() (dsn.Recipient, bool) {
	d := dsn.Recipient{Original: r.Orcpt, Final: dsn.Type(r.To), Action: dsn.Delivered, Status: mail.Status{Class: 2}}
	if r.To.Domain == "" {
		d.Final = "rfc822;" + r.canonical
	}
	switch {
	case r.full:
		d.Action, d.Status = dsn.Failed, mail.Status{Class: 5, Subject: 2, Detail: 2}
		return d, r.Notify == 0 || r.Notify&mail.NotifyFailure != 0
	case r.expanded: // RFC 3461 §5.2.7.3(c); of a list it is "delivered", §5.2.7.1
		d.Action = dsn.Expanded
	}
	return d, r.Notify&mail.NotifySuccess != 0
}

// reportToOwners tells the owners of lists whose members' mailboxes are full.
func (l *letter) reportToOwners(ctx context.Context, out []filing, now time.Time) ([]filing, error) {
	var owners []string // in the order of the recipients
	full := map[string][]dsn.Recipient(nil)
	for i := range l.targets {
		t := &l.targets[i]
		if t.List == nil || t.List.Owner == "" || !t.full(l.body.size) {
			continue
		}
		if full == nil {
			full = map[string][]dsn.Recipient{}
		}
		if full[t.List.Owner] == nil {
			owners = append(owners, t.List.Owner)
		}
		full[t.List.Owner] = append(full[t.List.Owner], fullMailbox(t.Address))
	}
	var err error
	for _, owner := range owners {
		to, bad := mail.ParseAddress(owner)
		if bad != nil {
			continue
		}
		rep := l.reportTo(to, full[owner], now)
		rep.EnvID = "" // RFC 3461 §5.2.7.1(b)
		if out, err = l.addReport(ctx, out, rep); err != nil {
			break
		}
	}
	return out, err
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
	r.EnvID, r.UTF8 = l.env.EnvID, l.env.UTF8
	r.Header, r.EightBit = l.head.kept, l.head.eightBit
	if mail.CheckDomain(l.from.Helo) == nil && mail.IsASCII(l.from.Helo) {
		r.FromMTA = l.from.Helo
	}
	return r
}

// newReport begins a report. It comes from the postmaster of the reader's own
// domain, who is always there (RFC 5321 §4.5.1).
func (r *Room) newReport(to mail.Address, about []dsn.Recipient, now time.Time) *dsn.Report {
	return &dsn.Report{
		From: mail.Address{Local: "postmaster", Domain: to.Domain}, To: to,
		Date: now, Arrival: now, MTA: r.cfg.Hostname, Recipients: about,
	}
}

// addReport adds the filing of a report, if it is about anybody and its reader
// has a mailbox here with room for it.
func (l *letter) addReport(ctx context.Context, out []filing, rep *dsn.Report) ([]filing, error) {
	if len(rep.Recipients) == 0 {
		return out, nil
	}
	f, ok, err := l.room.fileReport(ctx, rep)
	if err != nil || !ok {
		if err == nil {
			l.note("a report could not be delivered to " + rep.To.String())
		}
		return out, err
	}
	return append(out, f), nil
}

// fileReport makes the filing of a report; ok is false if nobody here gets it.
func (r *Room) fileReport(ctx context.Context, rep *dsn.Report) (f filing, ok bool, err error) {
	res, err := r.cfg.Directory.Resolve(ctx, rep.To, mail.Address{}, mail.Login{})
	if err != nil {
		return f, false, fmt.Errorf("resolving a report's reader: %w", err)
	}
	if res.Outcome != directory.Local || len(res.Targets) == 0 {
		return f, false, nil
	}
	f = filing{Filing: store.Filing{ID: r.cfg.NewID(), Received: rep.Date}, recipient: rep.To.String()}
	f.messageID = r.newMessageID(f.ID)
	rep.MessageID = f.messageID
	b := body{draft: r.cfg.Store.Draft(0)}
	f.Draft = b.draft
	if err := rep.Write(&b, r.cfg.Words[0], r.cfg.Words[1:]...); err != nil {
		b.draft.Discard()
		return filing{}, false, err
	}
	to, _, err := r.roomy(ctx, res.Targets, b.size)
	if err != nil || len(to) == 0 {
		b.draft.Discard()
		return filing{}, false, err
	}
	for i := range to {
		to[i].List = nil // the null path stays, RFC 3464 §2
	}
	t := trace{}
	f.To, f.targets, f.size = t.deliveries(to), to, b.size
	f.Traits = b.traits(!mail.IsASCII(rep.To.String()) || t.wide(to))
	return f, true, nil
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
