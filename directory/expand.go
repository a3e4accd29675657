package directory

import (
	"context"
	"fmt"

	"posta/mail"
)

// Batch is a piece of a list that is expanded after the 250.
type Batch struct {
	Targets []Target
	Outside []Onward
	Nowhere []Onward // as Resolution's
	After   int64    // go on from here
	Done    bool     // there is no more
}

// Expand follows the next limit members of a list, from after on. A list inside
// it is expanded in the batch where it stands, however long it is, so that a
// circle of lists comes to an end. Somebody who is on both may be in two
// batches. A list that was removed meanwhile is ErrNotFound.
func (d *Directory) Expand(ctx context.Context, list, after int64, limit int) (Batch, error) {
	l, err := d.ListByID(ctx, list)
	if err != nil {
		return Batch{}, err
	}
	if limit <= 0 {
		limit = d.o.ExpandNow
	}
	page, err := d.store.ListMembers(ctx, l.ID, after, limit)
	if err != nil {
		return Batch{}, fmt.Errorf("directory: members of %s: %w", l.Address, err)
	}
	w := newWalk(ctx, d)
	w.inline = true
	at := name{}
	at.local, at.domain = Split(l.Address)
	w.seen[at] = true
	if err := w.each(addressesOf(page), hop{via: l.Address, list: &l, depth: 1, inList: true}); err != nil {
		return Batch{}, fmt.Errorf("directory: expand %s: %w", l.Address, err)
	}
	b := Batch{Targets: w.targets, Outside: w.outside, Nowhere: w.nowhere, After: after, Done: len(page) < limit}
	if len(page) > 0 {
		b.After = page[len(page)-1].ID
	}
	return b, nil
}

// Listing gives at most limit members of a list with their names, for EXPN
// (RFC 5321 §3.5.2).
func (d *Directory) Listing(ctx context.Context, l List, limit int) ([]mail.Verified, error) {
	page, err := d.store.ListMembers(ctx, l.ID, 0, limit)
	if err != nil {
		return nil, fmt.Errorf("directory: members of %s: %w", l.Address, err)
	}
	all, err := d.people(ctx, addressesOf(page))
	if err != nil {
		return nil, fmt.Errorf("directory: members of %s: %w", l.Address, err)
	}
	return all, nil
}

// AliasListing gives the targets of an alias with their names, as Listing does, and
// says whether who is logged in is one of them.
func (d *Directory) AliasListing(ctx context.Context, a Alias, login mail.Login) (all []mail.Verified, among bool, err error) {
	if all, err = d.people(ctx, a.Targets); err != nil {
		return nil, false, fmt.Errorf("directory: targets of %s: %w", a.Address, err)
	}
	for i := range all {
		if among, err = d.Owns(ctx, login, all[i].Address); among || err != nil {
			break
		}
	}
	return all, among, err
}

// people gives the names of those who have the addresses.
func (d *Directory) people(ctx context.Context, addresses []string) ([]mail.Verified, error) {
	out := make([]mail.Verified, 0, len(addresses))
	for _, address := range addresses {
		a, err := mail.ParseAddress(address)
		if err != nil {
			return nil, err
		}
		e, err := d.entry(ctx, d.canonical(a))
		if err != nil {
			return nil, err
		}
		out = append(out, mail.Verified{Name: e.fullName(), Address: a})
	}
	return out, nil
}

// fullName is the name of a person or list, "" where there is none.
func (e entry) fullName() string {
	switch {
	case e.account != nil:
		return e.account.Name
	case e.list != nil:
		return e.list.Name
	}
	return ""
}
