package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"posta/mail"
)

// walk follows one address, or one page of a list, to mailboxes. Each address
// is visited once, so that circles end and nobody gets a message twice.
type walk struct {
	d   *Directory
	ctx context.Context

	inline bool // expand lists however long they are
	here   bool // who is looked for must live here
	keep   bool // an account keeps what it sends on, whatever it usually does
	own    bool // only accounts and aliases so far: the address is somebody's own
	limit  int64

	reached []int64 // accounts, whether their mail is sent on or not

	seen     map[name]bool
	path     []name // from the address that was asked for to where the walk is
	circles  []Circle
	accounts map[int64]bool
	targets  []Target
	large    []List
	outside  []Onward
	nowhere  []Onward
	unlisted *Onward // what was asked for, where a domain was not told of it
	guards   []List

	closed []int64  // lists that the sender may not post to
	barred []Onward // where the way ended at one
}

// hop is one step of a walk.
type hop struct {
	to     name
	via    string // where it came from, in Target.Via
	spelt  string // as the alias or list writes it, for outside
	list   *List  // the list it came through last, in Target.List
	depth  int
	inList bool // the list it came through has been posted to already
	first  bool // it is the address that was asked for
	sent   bool // an account sends its mail on to it
	kept   bool // and keeps it too
}

func newWalk(ctx context.Context, d *Directory) *walk {
	return &walk{d: d, ctx: ctx, own: true, seen: map[name]bool{}, accounts: map[int64]bool{}}
}

// arrived says that a mailbox here, now or after the 250, gets the message.
func (w *walk) arrived() bool { return len(w.targets)+len(w.large) > 0 }

// found says that somebody was found.
func (w *walk) found() bool { return w.arrived() || !w.here && len(w.outside) > 0 }

func (w *walk) follow(h hop) error {
	if h.depth > maxHops {
		return nil
	}
	home, limit, err := w.d.home(w.ctx, h.to.domain)
	if err != nil {
		return err
	}
	if home == nil { // its case is its own host's affair
		if written, err := mail.ParseAddress(h.spelt); err == nil {
			h.to.local = written.Local
		}
	}
	if w.seen[h.to] {
		w.circle(h)
		return nil
	}
	asked := h.to
	w.seen[asked] = true
	w.path = append(w.path, h.to)
	defer func(n int) { w.path = w.path[:n] }(len(w.path) - 1)
	if home == nil {
		w.onward(h, nil, "")
		return nil
	}
	w.limit = strictest(w.limit, limit)
	if at := (name{h.to.local, home.Name}); at != h.to {
		if w.seen[at] {
			h.to = at
			w.circle(h)
			return nil
		}
		w.seen[at], h.to = true, at
		w.path = append(w.path, at)
	}
	e, err := w.d.entry(w.ctx, h.to)
	if err == nil && e.none() && home.Plus {
		e, err = w.d.base(w.ctx, h.to)
	}
	if err != nil {
		return err
	}
	if e.none() {
		return w.nobody(h, home)
	}
	if e.list != nil && !h.inList && slices.Contains(w.closed, e.list.ID) {
		delete(w.seen, asked) // a list that it is a member of may lead there yet
		delete(w.seen, h.to)
		o := ending(h, e.list.Address)
		o.Posts = e.list.Kind
		w.barred = append(w.barred, o)
		return nil
	}
	return w.enter(h, e)
}

// mostCircles bounds those that are told.
const mostCircles = 8

// circle notes a way back to where the walk came from. A member of a list is no
// such: lists within each other are as they should be.
func (w *walk) circle(h hop) {
	member := h.list != nil && h.via == h.list.Address
	if !member && len(w.circles) < mostCircles && slices.Contains(w.path, h.to) {
		w.circles = append(w.circles, Circle{Via: h.via, To: h.to.String()})
	}
}

// onward notes an address elsewhere. What is asked for itself came through
// nobody.
func (w *walk) onward(h hop, home *Domain, ask string) {
	a := mail.Address{Local: h.to.local, Domain: h.to.domain}
	if written, err := mail.ParseAddress(h.spelt); err == nil {
		a.Local = written.Local
	}
	o := Onward{Address: a.String(), Domain: a.Domain, Via: h.via, List: h.list, Kept: h.kept, Home: home, Ask: ask}
	if h.first {
		o.Via = ""
	}
	w.outside = append(w.outside, o)
	w.notOwn(h)
}

// deadEnd notes an address of ours that nobody has, though another leads to it.
func (w *walk) deadEnd(h hop) {
	if !h.first {
		w.nowhere = append(w.nowhere, ending(h, h.to.String()))
	}
}

// ending is an address here at which a way ends.
func ending(h hop, address string) Onward {
	return Onward{Address: address, Domain: h.to.domain, Via: h.via, List: h.list, Kept: h.kept}
}

// notPosted are the lists that no way led to for this sender, each once.
func (w *walk) notPosted() (all []Onward) {
	for _, o := range w.barred {
		at := name{domain: o.Domain}
		at.local, _ = Split(o.Address)
		again := func(other Onward) bool { return other.Address == o.Address }
		if !w.seen[at] && !slices.ContainsFunc(all, again) {
			all = append(all, o)
		}
	}
	return all
}

// notOwn says that the address is not one person's alone. What a person's own
// mail is sent on to changes nothing.
func (w *walk) notOwn(h hop) { w.own = w.own && h.sent }

// base looks up pepe for pepe+x. Lists are left out: list+x has meanings of
// its own in many places.
func (d *Directory) base(ctx context.Context, n name) (entry, error) {
	base, _, ok := strings.Cut(n.local, "+")
	if !ok || base == "" {
		return entry{}, nil
	}
	e, err := d.entry(ctx, name{base, n.domain})
	e.list = nil
	return e, err
}

func (w *walk) enter(h hop, e entry) error {
	switch {
	case e.account != nil:
		if !h.sent {
			w.reached = append(w.reached, e.account.ID)
		}
		if e.forward == nil {
			w.deliver(h, e.account)
			return nil
		}
		return w.forward(h, e.account, e.forward)
	case e.alias != nil:
		return w.each(e.alias.Targets, h.next(e.alias.Address))
	}
	return w.list(h, *e.list)
}

// next is the step behind an alias or what works like one.
func (h hop) next(via string) hop {
	return hop{via: via, list: h.list, depth: h.depth + 1, inList: h.inList, sent: h.sent, kept: h.kept}
}

// forward sends an account's mail on. What would reach nobody stays in the
// mailbox; what a list does not take from this sender does not.
func (w *walk) forward(h hop, a *Account, f *Forward) error {
	if f.Keep || w.keep && !h.sent {
		w.deliver(h, a)
	}
	next := h.next(a.Address)
	next.sent, next.kept = true, f.Keep
	ways := func() int { return len(w.targets) + len(w.large) + len(w.outside) + len(w.barred) }
	before, known := ways(), false
	for _, address := range f.To {
		if to, err := mail.ParseAddress(address); err == nil {
			known = known || w.seen[w.d.canonical(to)]
		}
	}
	if err := w.each(f.To, next); err != nil {
		return err
	}
	if before == ways() && !known {
		w.deliver(h, a)
	}
	return nil
}

func (w *walk) deliver(h hop, a *Account) {
	if w.accounts[a.ID] {
		return
	}
	w.accounts[a.ID] = true
	w.targets = append(w.targets, Target{Account: a.ID, Address: a.Address, Quota: a.Quota, Via: h.via, List: h.list})
}

// each follows addresses as they are kept in an alias or a list.
func (w *walk) each(addresses []string, next hop) error {
	for _, address := range addresses {
		a, err := mail.ParseAddress(address)
		if err != nil {
			return fmt.Errorf("%s holds a malformed address: %w", next.via, err)
		}
		next.to, next.spelt = w.d.canonical(a), address
		if err := w.follow(next); err != nil {
			return err
		}
	}
	return nil
}

// list follows the members. Who may post is asked of the lists that the sender
// wrote to; a list inside a list gets what the outer one got.
func (w *walk) list(h hop, l List) error {
	w.notOwn(h)
	if !h.inList && l.Kind != Public {
		w.guards = append(w.guards, l)
	}
	if !w.inline && l.Members+int64(len(w.targets)) > int64(w.d.o.ExpandNow) {
		w.large = append(w.large, l)
		return nil
	}
	next := hop{via: l.Address, list: &l, depth: h.depth + 1, inList: true, sent: h.sent}
	for after := int64(0); ; {
		page, err := w.d.store.ListMembers(w.ctx, l.ID, after, pageSize)
		if err != nil {
			return fmt.Errorf("members of %s: %w", l.Address, err)
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		if err := w.each(addressesOf(page), next); err != nil {
			return err
		}
	}
	if !w.found() && l.Owner != "" {
		return w.each([]string{l.Owner}, next) // nobody else would read it
	}
	return nil
}

// pageSize is how many members are read at once.
const pageSize = 1000

func addressesOf(page []Member) []string {
	out := make([]string, len(page))
	for i, m := range page {
		out[i] = m.Address
	}
	return out
}

// nobody is where an address ends up that no row has.
func (w *walk) nobody(h hop, home *Domain) error {
	if home.Kind != KindLocal {
		return w.handOn(h, home)
	}
	switch {
	case reserved(h.to.local):
		return w.house(h, home)
	case home.Relay != "":
		w.onward(h, home, home.Relay)
		return nil
	case home.CatchAll == "":
		w.deadEnd(h)
		return nil
	}
	w.notOwn(h)
	return w.each([]string{home.CatchAll}, h.next(h.via))
}

// handOn is where an address at a relay or on-demand domain goes, if it is
// known there. The postmaster is (RFC 5321 §4.5.1).
func (w *walk) handOn(h hop, home *Domain) error {
	known, err := w.d.listed(w.ctx, h.to, home)
	switch {
	case err != nil:
		return err
	case known || reserved(h.to.local):
		w.onward(h, home, "")
	case home.Callout:
		w.onward(h, home, home.Relay)
	default:
		if h.first {
			w.unlisted = &Onward{Address: h.to.String(), Domain: h.to.domain, Home: home}
		}
		w.deadEnd(h)
	}
	return nil
}

// listed says whether a relay or on-demand domain was told to have a recipient.
func (d *Directory) listed(ctx context.Context, n name, home *Domain) (bool, error) {
	if home.AnyRecipient {
		return true, nil
	}
	known, err := d.store.IsRecipient(ctx, home.Name, n.local)
	if base, _, plus := strings.Cut(n.local, "+"); !known && err == nil && plus && base != "" && home.Plus {
		known, err = d.store.IsRecipient(ctx, home.Name, base)
	}
	return known, err
}
