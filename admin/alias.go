package admin

import (
	"context"

	"posta/directory"
)

// Alias is an address that stands for others.
type Alias struct {
	Address string   `json:"address"`
	Targets []string `json:"targets"`
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
			return showAlias(a), err
		}),
		op("alias.add", true, func(ctx context.Context, in Alias) (Alias, error) {
			a, err := d.AddAlias(ctx, in.Address, in.Targets)
			return showAlias(a), err
		}),
		op("alias.set", true, func(ctx context.Context, in Alias) (Alias, error) {
			a, err := d.SetAlias(ctx, in.Address, in.Targets)
			return showAlias(a), err
		}),
		op("alias.remove", true, func(ctx context.Context, in ByAddress) (None, error) {
			return None{}, d.RemoveAlias(ctx, in.Address)
		}),
	}
}

func showAlias(a directory.Alias) Alias { return Alias{Address: a.Address, Targets: a.Targets} }
