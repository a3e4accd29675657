package directory

import (
	"context"
	"fmt"
	"strings"

	"posta/mail"
)

// scout looks through a list that is too long to expand before the 250 for a
// member elsewhere: what cannot be delivered has to be refused before the
// promise, not found out after it. It asks for no account, only for aliases
// and lists, of which there are few, so that 100,000 members take a moment.
type scout struct {
	d       *Directory
	ctx     context.Context
	aliases map[name][]string
	lists   map[name]int64
	seen    map[name]bool // aliases, lists and catch-alls gone into
	todo    []int64       // lists to look through
}

// outsider gives an address elsewhere that the list leads to, or "".
func (d *Directory) outsider(ctx context.Context, l List) (string, error) {
	s := &scout{d: d, ctx: ctx, aliases: map[name][]string{}, lists: map[name]int64{}, seen: map[name]bool{}, todo: []int64{l.ID}}
	if err := s.prepare(); err != nil {
		return "", err
	}
	for len(s.todo) > 0 {
		id := s.todo[0]
		s.todo = s.todo[1:]
		found, err := s.look(id)
		if found != "" || err != nil {
			return found, err
		}
	}
	return "", nil
}

func (s *scout) prepare() error {
	aliases, err := s.d.store.Aliases(s.ctx, "")
	if err != nil {
		return fmt.Errorf("aliases: %w", err)
	}
	for _, a := range aliases {
		s.aliases[split(a.Address)] = a.Targets
	}
	lists, err := s.d.store.Lists(s.ctx, "")
	if err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	for _, l := range lists {
		s.lists[split(l.Address)] = l.ID
	}
	return nil
}

func split(address string) (n name) {
	n.local, n.domain = Split(address)
	return n
}

// look goes through the members of one list.
func (s *scout) look(list int64) (string, error) {
	for after := int64(0); ; {
		page, err := s.d.store.ListMembers(s.ctx, list, after, pageSize)
		if err != nil {
			return "", fmt.Errorf("members of list %d: %w", list, err)
		}
		if len(page) == 0 {
			return "", nil
		}
		after = page[len(page)-1].ID
		if found, err := s.any(addressesOf(page)); found != "" || err != nil {
			return found, err
		}
	}
}

func (s *scout) any(addresses []string) (string, error) {
	for _, address := range addresses {
		if found, err := s.visit(address); found != "" || err != nil {
			return found, err
		}
	}
	return "", nil
}

func (s *scout) visit(address string) (string, error) {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return "", fmt.Errorf("malformed address: %w", err)
	}
	n := s.d.canonical(a)
	home, _, err := s.d.home(s.ctx, n.domain)
	if err != nil {
		return "", err
	}
	if home == nil {
		return address, nil
	}
	n.domain = home.Name
	further, err := s.further(n, home)
	if err != nil {
		return "", err
	}
	return s.any(further)
}

// further gives where an address here leads, if not to an account, and notes
// the lists on the way.
func (s *scout) further(n name, home *Domain) ([]string, error) {
	if id, ok := s.lists[n]; ok {
		if s.first(n) {
			s.todo = append(s.todo, id)
		}
		return nil, nil
	}
	base := n
	if home.Plus {
		base.local, _, _ = strings.Cut(n.local, "+")
	}
	for _, at := range []name{n, base} {
		if targets, ok := s.aliases[at]; ok && s.first(at) {
			return targets, nil
		}
	}
	if home.CatchAll == "" {
		return nil, nil
	}
	for _, at := range []name{n, base} {
		if e, err := s.d.entry(s.ctx, at); err != nil || !e.none() {
			return nil, err
		}
	}
	if !s.first(name{"", home.Name}) {
		return nil, nil
	}
	return []string{home.CatchAll}, nil
}

// first says that n was not gone into before.
func (s *scout) first(n name) bool {
	if s.seen[n] {
		return false
	}
	s.seen[n] = true
	return true
}
