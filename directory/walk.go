package directory

import (
	"context"
	"fmt"
	"strings"

	"posta/mail"
)

// walk follows one address, or one page of a list, to mailboxes. Each address
// is visited once, so that circles end and nobody gets a message twice.
type walk struct {
	d   *Directory
	ctx context.Context

	inline bool // expand lists however long they are
	own    bool // only accounts and aliases so far: the address is somebody's own
	limit  int64

	seen     map[name]bool
	accounts map[int64]bool
	targets  []Target
	large    []List
	outside  []string
	guards   []List
}

// hop is one step of a walk.
type hop struct {
	to     name
	via    string // where it came from, in Target.Via
	spelt  string // as the alias or list writes it, for outside
	list   *List  // the list it came through last, in Target.List
	depth  int
	inList bool // the list it came through has been posted to already
}

func newWalk(ctx context.Context, d *Directory) *walk {
	return &walk{d: d, ctx: ctx, own: true, seen: map[name]bool{}, accounts: map[int64]bool{}}
}

// arrived says that a mailbox here, now or after the 250, gets the message.
func (w *walk) arrived() bool { return len(w.targets)+len(w.large) > 0 }

func (w *walk) follow(h hop) error {
	if h.depth > maxHops || w.seen[h.to] {
		return nil
	}
	w.seen[h.to] = true
	home, limit, err := w.d.home(w.ctx, h.to.domain)
	if err != nil {
		return err
	}
	if home == nil {
		w.outside = append(w.outside, h.spelt)
		return nil
	}
	w.limit = strictest(w.limit, limit)
	if at := (name{h.to.local, home.Name}); at != h.to {
		if w.seen[at] {
			return nil
		}
		w.seen[at], h.to = true, at
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
	return w.enter(h, e)
}

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
		w.deliver(h, e.account)
		return nil
	case e.alias != nil:
		return w.each(e.alias.Targets, hop{via: e.alias.Address, list: h.list, depth: h.depth + 1, inList: h.inList})
	}
	return w.list(h, *e.list)
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
	w.own = false
	if !h.inList && l.Kind != Public {
		w.guards = append(w.guards, l)
	}
	if !w.inline && l.Members+int64(len(w.targets)) > int64(w.d.o.ExpandNow) {
		return w.postpone(l)
	}
	next := hop{via: l.Address, list: &l, depth: h.depth + 1, inList: true}
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
	if !w.arrived() && len(w.outside) == 0 && l.Owner != "" {
		return w.each([]string{l.Owner}, next) // nobody else would read it
	}
	return nil
}

// postpone leaves a list for after the 250, and finds out now whether it leads
// outside.
func (w *walk) postpone(l List) error {
	w.large = append(w.large, l)
	found, err := w.d.outsider(w.ctx, l)
	if found != "" {
		w.outside = append(w.outside, found)
	}
	return err
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
	if reserved(h.to.local) {
		return w.house(h, home)
	}
	if home.CatchAll == "" {
		return nil
	}
	w.own = false
	return w.each([]string{home.CatchAll}, hop{via: h.via, list: h.list, depth: h.depth + 1, inList: h.inList})
}
