package directory

import (
	"context"
	"slices"

	"posta/mail"
	"posta/words"
)

// maxTargets bounds an alias; what leads to more people is a list.
const maxTargets = 1000

// Aliases lists a domain's aliases, or all with "".
func (d *Directory) Aliases(ctx context.Context, domain string) ([]Alias, error) {
	label, err := d.served(ctx, domain)
	if err != nil {
		return nil, err
	}
	all, err := d.store.Aliases(ctx, label)
	return all, listing(err)
}

// Alias gives the alias of an address.
func (d *Directory) Alias(ctx context.Context, address string) (Alias, error) {
	n, _, err := d.place(ctx, address)
	if err != nil {
		return Alias{}, err
	}
	a, err := d.store.Alias(ctx, n.local, n.domain)
	return a, because(err, theAlias(n.String()))
}

// AddAlias makes an alias.
func (d *Directory) AddAlias(ctx context.Context, address string, targets []string) (Alias, error) {
	n, _, err := d.place(ctx, address)
	if err != nil {
		return Alias{}, err
	}
	if err := d.free(ctx, n, theAlias(n.String())); err != nil {
		return Alias{}, err
	}
	kept, err := d.checkTargets(ctx, n, targets)
	if err != nil {
		return Alias{}, err
	}
	added, err := d.store.AddAlias(ctx, Alias{Address: n.String(), Targets: kept})
	return added, because(err, theAlias(n.String()))
}

// SetAlias gives an alias other targets.
func (d *Directory) SetAlias(ctx context.Context, address string, targets []string) (Alias, error) {
	a, err := d.Alias(ctx, address)
	if err != nil {
		return Alias{}, err
	}
	n := name{}
	n.local, n.domain = Split(a.Address)
	if a.Targets, err = d.checkTargets(ctx, n, targets); err != nil {
		return Alias{}, err
	}
	return a, because(d.store.SetAlias(ctx, a), theAlias(a.Address))
}

// RemoveAlias takes an alias away.
func (d *Directory) RemoveAlias(ctx context.Context, address string) error {
	a, err := d.Alias(ctx, address)
	if err != nil {
		return err
	}
	return because(d.store.RemoveAlias(ctx, a.ID), theAlias(a.Address))
}

// checkTargets gives the targets as they are kept, each once.
func (d *Directory) checkTargets(ctx context.Context, at name, targets []string) ([]string, error) {
	if len(targets) == 0 || len(targets) > maxTargets {
		return nil, refuse(ErrInvalid, "directory.alias_targets",
			words.Args{"Alias": at.String(), "Targets": len(targets), "Most": maxTargets})
	}
	var kept []string
	for _, written := range targets {
		spelled, err := d.address(ctx, written)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(kept, spelled) {
			kept = append(kept, spelled)
		}
	}
	circle, err := d.returns(ctx, kept, at)
	if err == nil && circle {
		err = refuse(ErrUnfit, "directory.alias_circle", words.Args{"Alias": at.String()})
	}
	return kept, err
}

// returns says whether aliases and forwards lead from addresses to the place at.
func (d *Directory) returns(ctx context.Context, from []string, at name) (bool, error) {
	seen := map[name]bool{}
	for len(from) > 0 && len(seen) < 10*maxTargets {
		a, err := mail.ParseAddress(from[0])
		if err != nil {
			return false, invalid(err)
		}
		n := d.canonical(a)
		from = from[1:]
		if n == at {
			return true, nil
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		e, err := d.entry(ctx, n)
		if err != nil {
			return false, err
		}
		switch {
		case e.alias != nil:
			from = append(slices.Clone(from), e.alias.Targets...)
		case e.forward != nil:
			from = append(slices.Clone(from), e.forward.To...)
		}
	}
	return false, nil
}
