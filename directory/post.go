package directory

import (
	"context"
	"fmt"

	"posta/mail"
)

// poster is a question that lists ask of each message.
type poster struct {
	list    int64
	address string
}

// mayPost says whether a sender may write to a list. Members write under their
// log-in's address, or, where nobody logs in (mail from other hosts), under the
// reverse-path. That can be forged by anyone: a list of members keeps strangers
// and mistakes out, not an enemy. Announcements need the owner's log-in.
func (d *Directory) mayPost(ctx context.Context, l List, from mail.Address, login mail.Login) (bool, error) {
	if l.Kind == Public {
		return true, nil
	}
	if login.Known() && l.Owner != "" {
		owner, err := mail.ParseAddress(l.Owner)
		if err != nil {
			return false, fmt.Errorf("directory: owner of %s: %w", l.Address, err)
		}
		if owns, err := d.Owns(ctx, login, owner); owns || err != nil {
			return owns, err
		}
	}
	if l.Kind != Members {
		return false, nil
	}
	if login.Known() {
		if is, err := d.isMember(ctx, l.ID, login.Address); is || err != nil {
			return is, err
		}
	}
	if from.IsZero() {
		return false, nil
	}
	spelled, err := d.spelled(ctx, from)
	if err != nil {
		return false, err
	}
	if is, err := d.isMember(ctx, l.ID, spelled); is || err != nil {
		return is, err
	}
	lower := d.canonical(from).String()
	if lower == spelled {
		return false, nil
	}
	return d.isMember(ctx, l.ID, lower)
}

func (d *Directory) isMember(ctx context.Context, list int64, address string) (bool, error) {
	generation := d.store.Generation()
	q := poster{list, address}
	if is, ok := d.posters.find(generation, q); ok {
		return is, nil
	}
	is, err := d.store.IsMember(ctx, list, address)
	if err != nil {
		return false, fmt.Errorf("directory: members of list %d: %w", list, err)
	}
	d.posters.add(generation, q, is, 1)
	return is, nil
}

// IsMember says whether a logged-in user is a member of a list, or its owner:
// EXPN asks.
func (d *Directory) IsMember(ctx context.Context, l List, login mail.Login) (bool, error) {
	if !login.Known() {
		return false, nil
	}
	return d.mayPost(ctx, List{ID: l.ID, Address: l.Address, Owner: l.Owner, Kind: Members}, mail.Address{}, login)
}
