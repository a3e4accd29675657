package mailroom

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"posta/directory"
	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/store"
)

// outgoing puts a message's addresses elsewhere together: those that get the
// same lines and the same reverse-path leave as one.
type outgoing struct {
	room  *Room
	trace *trace
	base  store.Outgoing // what all have in common
	eight bool           // the body has octets above 127
	wide  bool           // the sender asked for SMTPUTF8, and the message needs it

	out   []store.Outgoing
	index map[string]int
}

// bundle is what tells messages that leave apart.
type bundle struct {
	from, via string
	list      *directory.List
	wide      bool // only for its addresses' sake
	own       bool // nothing of what MAIL said of reports goes on with it
}

func (b *bundle) key() string {
	mark := "-"
	if b.wide {
		mark = "w"
	}
	if b.own {
		mark += "o"
	}
	list := ""
	if b.list != nil {
		list = b.list.Address
	}
	return mark + "\x00" + b.from + "\x00" + b.via + "\x00" + list
}

// add puts one address in.
func (g *outgoing) add(ctx context.Context, o *directory.Onward, rc store.Rcpt) error {
	b := bundle{via: o.Via, list: o.List, own: owned(o.List)}
	var err error
	if b.from, err = g.room.leaving(ctx, g.trace.path(o.List), o.Via); err != nil {
		return err
	}
	b.wide = !g.wide && !(narrowRcpt(o) && mail.IsASCII(b.from))
	at, there := g.index[b.key()]
	if !there {
		at = len(g.out)
		if g.index == nil {
			g.index = map[string]int{}
		}
		g.index[b.key()] = at
		g.out = append(g.out, g.begin(&b))
	}
	g.out[at].Rcpts = append(g.out[at].Rcpts, rc)
	return nil
}

// narrowRcpt says that RCPT can name the address in ASCII: its domain goes as an
// A-label.
func narrowRcpt(o *directory.Onward) bool {
	local, _ := directory.Split(o.Address)
	return mail.IsASCII(local) && (o.Domain != "" || mail.IsASCII(o.Address))
}

// begin makes a message that leaves. It has no Return-Path: only who delivers
// writes one (RFC 5321 §4.4).
func (g *outgoing) begin(b *bundle) store.Outgoing {
	o := g.base
	o.From = b.from
	if b.list != nil {
		o.Auth = "" // who wrote to a list vouches for nothing that it sends
	}
	if b.own {
		o.EnvID, o.Ret = "", mail.RetAbsent // RFC 3461 §5.2.7.1(b)
	}
	if b.via != "" && !g.trace.has.delivered {
		o.Prefix = deliveredTo(o.Prefix, b.via)
	}
	if b.list != nil && b.list.Address != b.via && !g.trace.has.delivered { // a member of it sends on
		o.Prefix = deliveredTo(o.Prefix, b.list.Address)
	}
	o.Prefix = append(o.Prefix, g.trace.common...)
	if b.list != nil {
		o.Prefix = append(o.Prefix, g.trace.listLines(b.list)...)
	}
	o.UTF8 = g.wide || b.wide || !mail.IsASCII(string(o.Prefix))
	if g.eight || o.UTF8 {
		o.Body = mail.Body8BitMIME
	}
	return o
}

func deliveredTo(b []byte, address string) []byte {
	return append(append(append(b, "Delivered-To: "...), narrowed(address)...), "\r\n"...)
}

// narrowed is an address as it stands in what we put before a message that leaves:
// in ASCII, or our own line could be all that the next host cannot take.
func narrowed(address string) string {
	if mail.IsASCII(address) {
		return address
	}
	return dsn.Unitext(address)
}

// outgoing is what leaves of this message.
func (l *letter) outgoing(ctx context.Context, t *trace, messageID string, now time.Time) ([]store.Outgoing, error) {
	if len(l.onward) == 0 {
		return nil, nil
	}
	g := outgoing{room: l.room, trace: t, eight: l.body.eight || l.head.eightBit, base: store.Outgoing{
		Queue: t.id, MessageID: messageID, Sender: l.turnOf(), Lab: l.from.Mode == mail.Lab,
		EnvID: l.env.EnvID, Ret: l.env.Ret, Traits: l.body.traits(l.head.utf8), Received: now,
	}}
	var err error
	if g.base.Auth, err = l.submitter(ctx); err != nil {
		return nil, err
	}
	g.wide = l.wide()
	for i := range l.onward {
		o := &l.onward[i]
		if err := g.add(ctx, &o.Onward, l.rcptOf(o, now)); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

// wide says that the sender asked for SMTPUTF8, and that the message needs it (RFC
// 6531 §3.6). One who did not ask has UTF-8 in the header all the same, as many
// programs do, and gets it on by 8BITMIME. Parts may have UTF-8 in their own
// headers, which nobody looks at here.
func (l *letter) wide() bool { return l.env.UTF8 && (l.head.utf8 || l.body.eight) }

// rcptOf is an address elsewhere as the queue has it, with what RFC 3461
// §5.2.7 lets go on with it of what the sender asked for.
func (l *letter) rcptOf(o *onward, now time.Time) store.Rcpt {
	rc := l.room.rcptOf(&o.Onward, now)
	from := &l.rcpts[o.rcpt]
	if o.List != nil {
		rc.Notify, rc.Orcpt = from.wishes(o.List)
		return rc
	}
	rc.Notify, rc.Orcpt = from.Notify, from.Orcpt
	if from.expanded { // §5.2.7.3(c): we say "expanded"
		rc.Notify = withoutSuccess(rc.Notify)
	}
	if rc.Orcpt == "" && o.Via != "" { // §5.2.1
		rc.Orcpt = from.original()
	}
	return rc
}

// owned says that what goes wrong with a list's members is its owner's affair. One
// without an owner leaves the reverse-path as it is, and so is an alias where RFC 3461
// §5.2.7 tells the two apart.
func owned(list *directory.List) bool { return list != nil && list.Owner != "" }

// wishes are what reports are wanted on a list's members, and whom these name as the
// original recipient: of one without an owner those of the sender, who gets them
// (RFC 3461 §5.2.7.3(c)); an owner's are none of his (§5.2.7.1(b)).
func (r *rcpt) wishes(list *directory.List) (n mail.Notify, orcpt string) {
	if owned(list) {
		return 0, ""
	}
	return withoutSuccess(r.Notify), cmp.Or(r.Orcpt, r.original()) // §5.2.1
}

func withoutSuccess(n mail.Notify) mail.Notify {
	if n == mail.NotifySuccess {
		return mail.NotifyNever
	}
	return n &^ mail.NotifySuccess
}

// original is the recipient as the sender gave it, with its type.
func (r *rcpt) original() string {
	if r.To.Domain == "" { // <postmaster>
		return "rfc822;" + r.canonical
	}
	return dsn.Type(r.To)
}

func (r *Room) rcptOf(o *directory.Onward, now time.Time) store.Rcpt {
	rc := store.Rcpt{To: o.Address, Domain: o.Domain, Held: r.cfg.Hold}
	rc.Due, rc.Expires = r.due(o, now)
	return rc
}

// unloop takes away what would send the message on by an address that has sent
// it on before, as the message itself tells, and mailboxes that kept it then. It
// refuses what then goes nowhere and lies nowhere: so whoever brought it back learns
// of the circle (RFC 5321 §6.3).
func (l *letter) unloop() error {
	if len(l.head.deliveredTo) == 0 {
		return nil
	}
	passed := func(address string) bool {
		return address != "" && slices.ContainsFunc(l.head.deliveredTo, func(s string) bool {
			return strings.EqualFold(s, address) || strings.EqualFold(s, narrowed(address))
		})
	}
	again := func(list *directory.List) bool { return list != nil && passed(list.Address) }
	dropped := func(is bool, via, recipient, to string) bool {
		if is {
			l.circles.circle(via, recipient, to)
		}
		return is
	}
	sentBy := func(o *onward) string {
		if again(o.List) {
			return o.List.Address
		}
		return o.Via
	}
	before, filed := len(l.onward)+len(l.large)+len(l.targets), l.filedBefore()
	l.onward = slices.DeleteFunc(l.onward, func(o onward) bool {
		return dropped(passed(sentBy(&o)), sentBy(&o), l.rcpts[o.rcpt].To.String(), o.Address)
	})
	l.large = slices.DeleteFunc(l.large, func(list large) bool {
		return dropped(again(&list.List), list.Address, list.Address, list.Address)
	})
	l.targets = slices.DeleteFunc(slices.Clone(l.targets), func(t target) bool {
		if slices.Contains(filed, t.Address) {
			l.circles.filed(l.rcpts[t.rcpt].To.String(), t.Address)
			return true
		}
		return again(t.List) && dropped(true, t.List.Address, l.rcpts[t.rcpt].To.String(), t.Address)
	})
	switch len(l.onward) + len(l.large) + len(l.targets) {
	case before:
		return nil
	case 0:
		if len(filed) == 0 {
			return mail.Refuse(554, "5.4.6", "Mail loop: the message has been sent on from here before")
		}
		l.done = true
	}
	l.byID, l.onwardBy = nil, nil
	return nil
}

// queued is where the message goes on to, for the session's watchers.
func (l *letter) queued() []mail.Onward {
	if len(l.onward) == 0 {
		return nil
	}
	out := make([]mail.Onward, len(l.onward))
	for i := range l.onward {
		o := &l.onward[i]
		out[i] = mail.Onward{Recipient: l.rcpts[o.rcpt].To.String(), To: o.Address}
	}
	for _, n := range l.served(len(l.onward), func(i int) int { return l.onward[i].rcpt }) {
		if to := l.rcpts[n].onward; to != "" {
			if _, there := l.onwardAt(to); there {
				out = append(out, mail.Onward{Recipient: l.rcpts[n].To.String(), To: to})
			}
		}
	}
	return out
}

// tellQueued tells the watchers of what waits to leave and no session brought.
func (r *Room) tellQueued(id, recipient string, out []store.Outgoing) {
	if len(out) == 0 {
		return
	}
	fact := event.Queued{ID: id}
	for i := range out {
		for _, rc := range out[i].Rcpts {
			fact.To = append(fact.To, event.Onward{Recipient: recipient, To: rc.To})
		}
	}
	r.emit(fact)
	r.cfg.Queued()
}
