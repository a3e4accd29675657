package directory

import (
	"context"
	"fmt"
	"slices"

	"posta/mail"
)

// Outcome is what an address turned out to be.
type Outcome uint8

const (
	Unknown   Outcome = iota // the domain is ours, the name is not: 550 5.1.1
	Local                    // delivered here, and perhaps sent on to others
	Elsewhere                // an address of ours whose mail goes to other hosts only
	NonLocal                 // the domain is not ours
	Barred                   // it leads to nothing but lists that this sender may not post to: 550 5.7.1
)

// Target is one mailbox an address leads to.
type Target struct {
	Account int64
	Address string // canonical address of the account
	Quota   int64
	Via     string // the alias, list or address it came through, for Delivered-To
	List    *List  // the list it came through last, whose owner gets the errors (RFC 5321 §3.9.2); nil: none
}

// Onward is an address elsewhere to which mail for an address of ours goes on.
type Onward struct {
	Address string   // as RCPT will say it; its domain is Domain
	Domain  string   // lower-case A-labels, or an address literal
	Via     string   // the alias, list or account that it came through last; "": what was asked for itself
	List    *List    // the list it came through last; nil: none
	Kept    bool     // Via is an account that sends on and keeps its mail too
	Home    *Domain  // the relay or on-demand domain, or the local one with a fall-back, where it is; nil: none of ours
	Ask     string   // the host to be asked whether the address exists before it is promised; "": it does, or nobody says
	Posts   ListKind // of a list that the sender may not post to: who may
}

// Circle is a way that no mail goes, because it comes from there.
type Circle struct {
	Via string // the alias or account that sends on
	To  string // to this address
}

// Resolution is the answer to Resolve. Its slices are shared with other
// callers and only to be read.
type Resolution struct {
	Outcome    Outcome
	Targets    []Target
	Large      []List   // lists of more than Options.ExpandNow members: expanded after the 250
	Outside    []Onward // addresses elsewhere; not those of a Large list, and none of what is NonLocal
	Nowhere    []Onward // addresses of ours that others lead to, and nobody has
	Barred     []Onward // lists that the address leads to, and this sender may not post to
	Unlisted   *Onward  // of Unknown: where it would go, if the relay or on-demand domain had been told of it; nil: nowhere
	Circles    []Circle // ways that nothing goes, some of them where there are many
	MaxMessage int64    // the strictest limit of the domains on the way; 0: none
	Canonical  string   // the address in canonical spelling

	// A postmaster or abuse of ours: its mail is taken (RFC 5321 §4.5.1) though
	// not all of it could leave. Instead reads what leads nowhere but outside.
	Reserved bool
	Instead  []Target
}

// Resolve follows an address through domain aliases, aliases, plus addressing,
// forwards, lists and catch-alls to mailboxes and to addresses elsewhere. Those
// of relay and on-demand domains are elsewhere, too; what nobody told us of is
// Unknown there, unless somebody can be asked. postmaster and abuse of a local domain,
// and <postmaster> without domain, always lead somewhere (RFC 5321 §4.5.1).
// from is the reverse-path's address, login who has authenticated: lists ask.
// The error is only for what failed inside.
func (d *Directory) Resolve(ctx context.Context, to mail.Address, from mail.Address, login mail.Login) (Resolution, error) {
	r, err := d.route(ctx, to)
	if err != nil {
		return Resolution{}, err
	}
	return d.open(ctx, r, to, who{from: from, login: login})
}

// ResolveCollected is Resolve for what was collected for an account elsewhere. Its
// mailbox keeps that also where all its mail is sent on: nobody is told of what then
// cannot be, so what was deleted there would lie nowhere.
func (d *Directory) ResolveCollected(ctx context.Context, to mail.Address) (Resolution, error) {
	n, err := d.asked(ctx, to)
	if err != nil {
		return Resolution{}, err
	}
	r, err := d.draw(ctx, n, nil, true)
	if err != nil {
		return Resolution{}, err
	}
	return d.open(ctx, r, to, who{keep: true})
}

// who is for whom an address is looked up.
type who struct {
	from  mail.Address
	login mail.Login
	keep  bool // it is for what was collected
}

// open gives what of a route is open to somebody: lists ask.
func (d *Directory) open(ctx context.Context, r *route, to mail.Address, by who) (Resolution, error) {
	var closed []int64
	for { // without a list the walk may come to others
		more, err := d.closedTo(ctx, r.guards, by.from, by.login)
		if err != nil {
			return Resolution{}, err
		}
		if len(more) == 0 {
			return r.spelt(to), nil
		}
		closed = append(closed, more...)
		n, err := d.asked(ctx, to)
		if err == nil {
			r, err = d.draw(ctx, n, closed, by.keep)
		}
		if err != nil {
			return Resolution{}, err
		}
	}
}

// closedTo gives the ids of those of some lists that a sender may not post to.
func (d *Directory) closedTo(ctx context.Context, lists []List, from mail.Address, login mail.Login) (closed []int64, err error) {
	for _, l := range lists {
		ok, err := d.mayPost(ctx, l, from, login)
		if err != nil {
			return nil, err
		}
		if !ok {
			closed = append(closed, l.ID)
		}
	}
	return closed, nil
}

// spelt gives what was asked for in its own spelling where it goes on as it is:
// only its own host may interpret the case of a local part (RFC 5321 §2.4).
func (r *route) spelt(to mail.Address) Resolution {
	out := r.Resolution
	if len(out.Outside) == 1 && out.Outside[0].Via == "" {
		out.Outside = slices.Clone(out.Outside)
		out.Outside[0].Address = mail.Address{Local: to.Local, Domain: out.Outside[0].Domain}.String()
	}
	return out
}

// Owns says whether a logged-in user may send as an address: as the account's
// own in any spelling, with a plus, under a domain alias, or by an alias that
// leads to this account and nowhere else.
func (d *Directory) Owns(ctx context.Context, login mail.Login, a mail.Address) (bool, error) {
	if !login.Known() || a.IsZero() {
		return false, nil
	}
	r, err := d.route(ctx, a)
	return err == nil && r.owner == login.Account, err
}

// route is what an address leads to whoever asks.
type route struct {
	Resolution
	guards []List // lists that ask who posts
	owner  int64  // the account whose own address this is, 0 if nobody's
}

func (d *Directory) route(ctx context.Context, a mail.Address) (*route, error) {
	generation := d.store.Generation()
	n, err := d.asked(ctx, a)
	if err != nil {
		return nil, err
	}
	if r, ok := d.routes.find(generation, n); ok {
		return r, nil
	}
	r, err := d.draw(ctx, n, nil, false)
	if err != nil {
		return nil, err
	}
	d.routes.add(generation, n, r, 1+len(r.Targets)+len(r.Outside))
	return r, nil
}

// asked is the name under which an address is looked up.
func (d *Directory) asked(ctx context.Context, a mail.Address) (n name, err error) {
	if n = d.canonical(a); n.domain == "" {
		n.domain, err = d.DefaultDomain(ctx)
	}
	return n, err
}

// draw finds the route of an address that is not kept yet, or for somebody to whom
// lists are closed. With keep the account that is asked for keeps what it sends on.
func (d *Directory) draw(ctx context.Context, n name, closed []int64, keep bool) (r *route, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("directory: resolve %s: %w", n, err)
		}
	}()
	r = &route{Resolution: Resolution{Canonical: n.String()}}
	if n.domain == "" {
		return r, nil // no domain is served at all: nobody is known
	}
	home, _, err := d.home(ctx, n.domain)
	if err != nil {
		return nil, err
	}
	if home == nil {
		r.Outcome = NonLocal
		return r, nil
	}
	w := newWalk(ctx, d)
	w.closed, w.keep = closed, keep
	if err := w.follow(hop{to: n, via: r.Canonical, first: true}); err != nil {
		return nil, err
	}
	r.Reserved = reserved(n.local)
	if r.Reserved && !w.found() {
		w = newWalk(ctx, d)
		if err := w.house(hop{to: n, via: r.Canonical}, home); err != nil {
			return nil, err
		}
	}
	if r.Reserved && !w.arrived() {
		here := newWalk(ctx, d)
		here.here = true
		if err := here.house(hop{to: n, via: r.Canonical}, home); err != nil {
			return nil, err
		}
		r.Instead = here.targets
	}
	w.fill(r)
	return r, nil
}

// fill says what came of a walk. Reserved names take mail from anybody.
func (w *walk) fill(r *route) {
	r.Targets, r.Large, r.Outside, r.Nowhere, r.MaxMessage, r.Circles = w.targets, w.large, w.outside, w.nowhere, w.limit, w.circles
	r.Unlisted = w.unlisted
	r.Barred = w.notPosted()
	switch {
	case w.arrived():
		r.Outcome = Local
	case len(w.outside) > 0:
		r.Outcome = Elsewhere
	case len(r.Barred) > 0:
		r.Outcome = Barred
	}
	if !r.Reserved {
		r.guards = w.guards
	}
	if w.own && len(w.reached) == 1 {
		r.owner = w.reached[0]
	}
}
