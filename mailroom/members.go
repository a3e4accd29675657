package mailroom

import (
	"context"
	"slices"
	"time"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
)

// unreached are members of a list who do not get a message.
type unreached struct {
	list  *directory.List // nil where there are none
	about []dsn.Recipient
}

// reader is who hears of them: the list's owner, or where it has none the sender. A
// sender may be nobody.
func (u *unreached) reader(from mail.Address) (mail.Address, error) {
	if u.list.Owner == "" {
		return from, nil
	}
	return mail.ParseAddress(u.list.Owner)
}

// name says in a report of which list it is.
func (u *unreached) name(rep *dsn.Report) {
	rep.List, rep.Ownerless = u.list.Address, u.list.Owner == ""
}

// reportOnMembers tells the owners of lists which members do not get it, and the
// sender of those of lists that have no owner, whose reports of the queue he gets too.
func (l *letter) reportOnMembers(ctx context.Context, out []filing, now time.Time) ([]filing, error) {
	all := l.unreached()
	for i := range all {
		u := &all[i]
		to, bad := u.reader(l.env.From)
		if bad != nil || to.IsZero() {
			continue
		}
		rep := l.reportTo(to, u.about, now)
		if u.name(rep); rep.Ownerless {
			l.enclose(rep)
		} else {
			rep.EnvID = "" // RFC 3461 §5.2.7.1(b)
		}
		var err error
		if out, err = l.addReport(ctx, out, rep); err != nil {
			return out, err
		}
	}
	return out, nil
}

// unreached are the members who do not get it, by list, in the order of the recipients.
func (l *letter) unreached() (all []unreached) {
	missed := func(list *directory.List, by *rcpt, about dsn.Recipient) {
		if !owned(list) && !by.asksFailure() {
			return
		}
		at := slices.IndexFunc(all, func(u unreached) bool { return u.list.ID == list.ID })
		if at < 0 {
			at = len(all)
			all = append(all, unreached{list: list})
		}
		if !owned(list) {
			_, about.Original = by.wishes(list)
		}
		same := func(d dsn.Recipient) bool { return d.Final == about.Final }
		if !slices.ContainsFunc(all[at].about, same) { // recipients may lead to one list
			all[at].about = append(all[at].about, about)
		}
	}
	for i := range l.targets {
		t := &l.targets[i]
		if !t.full(l.body.size) {
			continue
		}
		straight := len(l.straight(t)) > 0 // then the sender is told of him as of a recipient
		for _, by := range l.byLists(t) {
			if owned(by.list) || !straight {
				missed(by.list, &l.rcpts[by.rcpt], fullMember(t.Address, ""))
			}
		}
	}
	for i := range l.turned {
		t := &l.turned[i]
		by := slices.IndexFunc(l.rcpts, func(r rcpt) bool { return r.To.String() == t.recipient })
		if t.List != nil && by >= 0 {
			missed(t.List, &l.rcpts[by], t.failed())
		}
	}
	return all
}
