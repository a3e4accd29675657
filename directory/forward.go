package directory

import (
	"context"
	"errors"
	"slices"

	"posta/words"
)

// Forward gives where an account's mail is sent on to; no To: nowhere.
func (d *Directory) Forward(ctx context.Context, address string) (Forward, error) {
	a, err := d.Account(ctx, address)
	if err != nil {
		return Forward{}, err
	}
	f, err := d.store.Forward(ctx, a.ID)
	if errors.Is(err, ErrNotFound) {
		return Forward{Account: a.ID}, nil
	}
	return f, because(err, theAccount(a.Address))
}

// SetForward sends what comes for an account on to other addresses, with keep
// into its mailbox too. Without any address it ends that.
func (d *Directory) SetForward(ctx context.Context, address string, to []string, keep bool) (Forward, error) {
	a, err := d.Account(ctx, address)
	if err != nil {
		return Forward{}, err
	}
	f := Forward{Account: a.ID, Keep: keep && len(to) > 0}
	if len(to) > maxTargets {
		return Forward{}, refuse(ErrInvalid, "directory.forward_targets", words.Args{"Account": a.Address, "Targets": len(to), "Most": maxTargets})
	}
	for _, written := range to {
		spelled, err := d.address(ctx, written)
		if err != nil {
			return Forward{}, err
		}
		if !slices.Contains(f.To, spelled) {
			f.To = append(f.To, spelled)
		}
	}
	n := name{}
	n.local, n.domain = Split(a.Address)
	circle, err := d.returns(ctx, f.To, n)
	if err == nil && circle {
		err = refuse(ErrUnfit, "directory.forward_circle", words.Args{"Account": a.Address})
	}
	if err != nil {
		return Forward{}, err
	}
	return f, because(d.store.SetForward(ctx, f), theAccount(a.Address))
}
