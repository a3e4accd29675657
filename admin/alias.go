package admin

import (
	"context"

	"posta/directory"
	"posta/mail"
)

// Alias is an address that stands for others.
type Alias struct {
	Address string   `json:"address"`
	Targets []string `json:"targets"`

	Unreachable []string `json:"unreachable,omitempty"` // of the targets: nobody here has it, or it is elsewhere; not of alias.list
	Barred      []string `json:"barred,omitempty"`      // of the targets: elsewhere, where this server sends nothing; not of alias.list
}

func (h House) aliases() []Operation {
	d := h.Directory
	return []Operation{
		op("alias.list", false, func(ctx context.Context, in ByDomain) ([]Alias, error) {
			all, err := d.Aliases(ctx, in.Domain)
			return each(all, showAlias), err
		}),
		op("alias.show", false, func(ctx context.Context, in ByAddress) (Alias, error) {
			a, err := d.Alias(ctx, in.Address)
			return h.reachAlias(ctx, a, err)
		}),
		op("alias.add", true, func(ctx context.Context, in Alias) (Alias, error) {
			a, err := d.AddAlias(ctx, in.Address, in.Targets)
			return h.reachAlias(ctx, a, err)
		}),
		op("alias.set", true, func(ctx context.Context, in Alias) (Alias, error) {
			a, err := d.SetAlias(ctx, in.Address, in.Targets)
			return h.reachAlias(ctx, a, err)
		}),
		op("alias.remove", true, func(ctx context.Context, in ByAddress) (None, error) {
			return None{}, d.RemoveAlias(ctx, in.Address)
		}),
	}
}

func showAlias(a directory.Alias) Alias { return Alias{Address: a.Address, Targets: a.Targets} }

// reachAlias shows an alias with those of its targets that no mail reaches now.
func (h House) reachAlias(ctx context.Context, a directory.Alias, err error) (Alias, error) {
	out := showAlias(a)
	if err != nil {
		return out, err
	}
	out.Barred = h.barred(ctx, a.Targets)
	out.Unreachable, err = unreachable(ctx, h.Directory, a.Targets)
	return out, err
}

// barred names those of some addresses that are elsewhere and that no mail leaves for:
// it all comes by a lab that does not send there, or only goes where a route leads. It
// asks nobody, and what it cannot tell it passes over.
func (h House) barred(ctx context.Context, targets []string) (none []string) {
	for _, target := range targets {
		way, err := h.wayTo(ctx, ByAddress{target})
		if err != nil || way.Local || way.Here || way.Site != "" {
			continue
		}
		closed := len(way.Hosts) == 0 && (h.labOnly() || way.Route == "" && h.Outgoing == off)
		if way.NoLab || closed {
			none = append(none, target)
		}
	}
	return none
}

// unreachable names those of some addresses that no mail reaches now.
func unreachable(ctx context.Context, d *directory.Directory, targets []string) (none []string, err error) {
	for _, target := range targets {
		reached, err := reaches(ctx, d, target)
		if err != nil {
			return none, err
		}
		if !reached {
			none = append(none, target)
		}
	}
	return none, nil
}

// reaches says whether mail to an address would reach anybody now.
func reaches(ctx context.Context, d *directory.Directory, address string) (bool, error) {
	to, err := mail.ParseAddress(address)
	if err != nil {
		return false, err
	}
	r, err := d.Resolve(ctx, to, mail.Address{}, mail.Login{})
	return r.Outcome != directory.Unknown, err
}
