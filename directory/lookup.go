package directory

import (
	"context"
	"errors"
	"fmt"
)

// entry is what stands at an address itself; all nil where nothing does.
type entry struct {
	account *Account
	forward *Forward // of the account
	alias   *Alias
	list    *List
}

func (e entry) none() bool { return e.account == nil && e.alias == nil && e.list == nil }

// domain gives a domain served here, or nil.
func (d *Directory) domain(ctx context.Context, label string) (*Domain, error) {
	generation := d.store.Generation()
	if found, ok := d.domains.find(generation, label); ok {
		return found, nil
	}
	row, err := d.store.Domain(ctx, label)
	found := &row
	if errors.Is(err, ErrNotFound) {
		found, err = nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("directory: domain %s: %w", label, err)
	}
	d.domains.add(generation, label, found, 1)
	return found, nil
}

// maxHops bounds every way that aliases, lists and domain aliases can make.
const maxHops = 16

// home follows domain aliases to the domain that has the rows, and gives the
// strictest MaxMessage on the way. nil: not served here.
func (d *Directory) home(ctx context.Context, label string) (home *Domain, limit int64, err error) {
	for range maxHops {
		home, err = d.domain(ctx, label)
		if err != nil || home == nil {
			return nil, 0, err
		}
		limit = strictest(limit, home.MaxMessage)
		if home.AliasOf == "" {
			return home, limit, nil
		}
		label = home.AliasOf
	}
	return nil, 0, nil
}

// strictest takes the smaller of two limits, where 0 is none.
func strictest(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// entry looks up what stands at n, whose domain is no alias.
func (d *Directory) entry(ctx context.Context, n name) (entry, error) {
	generation := d.store.Generation()
	if e, ok := d.entries.find(generation, n); ok {
		return e, nil
	}
	e, err := d.read(ctx, n)
	if err != nil {
		return entry{}, fmt.Errorf("directory: address %s: %w", n, err)
	}
	cost := 1
	if e.alias != nil {
		cost += len(e.alias.Targets)
	}
	if e.forward != nil {
		cost += len(e.forward.To)
	}
	d.entries.add(generation, n, e, cost)
	return e, nil
}

func (d *Directory) read(ctx context.Context, n name) (entry, error) {
	a, err := d.store.Account(ctx, n.local, n.domain)
	if err == nil {
		return d.withForward(ctx, &a)
	}
	if !errors.Is(err, ErrNotFound) {
		return entry{}, err
	}
	al, err := d.store.Alias(ctx, n.local, n.domain)
	if err == nil {
		return entry{alias: &al}, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return entry{}, err
	}
	l, err := d.store.List(ctx, n.local, n.domain)
	if err == nil {
		return entry{list: &l}, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return entry{}, err
	}
	return entry{}, nil
}

func (d *Directory) withForward(ctx context.Context, a *Account) (entry, error) {
	f, err := d.store.Forward(ctx, a.ID)
	if errors.Is(err, ErrNotFound) {
		return entry{account: a}, nil
	}
	return entry{account: a, forward: &f}, err
}
