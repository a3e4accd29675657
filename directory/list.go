package directory

import (
	"context"
	"slices"

	"posta/words"
)

// MaxMembers bounds a list.
const MaxMembers = 100_000

// Lists gives a domain's lists, or all with "".
func (d *Directory) Lists(ctx context.Context, domain string) ([]List, error) {
	label, err := d.served(ctx, domain)
	if err != nil {
		return nil, err
	}
	all, err := d.store.Lists(ctx, label)
	return all, listing(err)
}

// List gives the mailing list of an address.
func (d *Directory) List(ctx context.Context, address string) (List, error) {
	n, _, err := d.place(ctx, address)
	if err != nil {
		return List{}, err
	}
	l, err := d.store.List(ctx, n.local, n.domain)
	return l, because(err, theList(n.String()))
}

// ListByID gives a list by what Resolution.Large carries.
func (d *Directory) ListByID(ctx context.Context, id int64) (List, error) {
	l, err := d.store.ListByID(ctx, id)
	if err != nil {
		return l, because(err, listNumber(id))
	}
	return l, nil
}

// AddList makes a list without members.
func (d *Directory) AddList(ctx context.Context, l List) (List, error) {
	n, _, err := d.place(ctx, l.Address)
	if err != nil {
		return List{}, err
	}
	l.ID, l.Address, l.Members = 0, n.String(), 0
	if err := d.checkList(ctx, &l); err != nil {
		return List{}, err
	}
	added, err := d.store.AddList(ctx, l)
	return added, because(err, theList(l.Address))
}

// SetList changes kind, owner and name of the list with l's address.
func (d *Directory) SetList(ctx context.Context, l List) (List, error) {
	have, err := d.List(ctx, l.Address)
	if err != nil {
		return List{}, err
	}
	l.ID, l.Address, l.Members = have.ID, have.Address, have.Members
	if err := d.checkList(ctx, &l); err != nil {
		return List{}, err
	}
	return l, because(d.store.SetList(ctx, l), theList(l.Address))
}

// RemoveList takes a list away; its members keep their accounts.
func (d *Directory) RemoveList(ctx context.Context, address string) error {
	l, err := d.List(ctx, address)
	if err != nil {
		return err
	}
	return because(d.store.RemoveList(ctx, l.ID), theList(l.Address))
}

// AddMembers puts addresses, here or elsewhere, on a list: all of them, or
// none if one is malformed. Those already on it are passed over.
func (d *Directory) AddMembers(ctx context.Context, list string, addresses []string) (added int, err error) {
	l, err := d.List(ctx, list)
	if err != nil {
		return 0, err
	}
	kept, err := d.members(ctx, &l, addresses)
	if err != nil {
		return 0, err
	}
	added, err = d.store.AddMembers(ctx, l.ID, kept)
	return added, because(err, theList(l.Address))
}

// CheckMembers says whether AddMembers would take the addresses on a list,
// which need not be there yet, and gives them as they would be kept.
func (d *Directory) CheckMembers(ctx context.Context, list string, addresses []string) (kept []string, err error) {
	n, _, err := d.place(ctx, list)
	if err != nil {
		return nil, err
	}
	return d.members(ctx, &List{Address: n.String()}, addresses)
}

// members spells addresses that are to go on a list, and holds them against it.
func (d *Directory) members(ctx context.Context, l *List, addresses []string) ([]string, error) {
	if l.Members+int64(len(addresses)) > MaxMembers {
		return nil, refuse(ErrLimit, "directory.list_full", words.Args{"List": l.Address, "Most": MaxMembers})
	}
	kept, err := d.addresses(ctx, addresses)
	if err == nil && slices.Contains(kept, l.Address) {
		err = refuse(ErrInvalid, "directory.list_itself", words.Args{"List": l.Address})
	}
	return kept, err
}

// RemoveMembers takes addresses off a list, and gives those among them that are
// not on it.
func (d *Directory) RemoveMembers(ctx context.Context, list string, addresses []string) (removed int, absent []string, err error) {
	l, err := d.List(ctx, list)
	if err != nil {
		return 0, nil, err
	}
	kept, err := d.addresses(ctx, addresses)
	if err != nil {
		return 0, nil, err
	}
	for _, address := range kept {
		there, err := d.store.IsMember(ctx, l.ID, address)
		if err != nil {
			return 0, nil, because(err, theList(l.Address))
		}
		if !there {
			absent = append(absent, address)
		}
	}
	removed, err = d.store.RemoveMembers(ctx, l.ID, kept)
	return removed, absent, because(err, theList(l.Address))
}

// Members gives at most limit members of a list with ids above after, in order.
func (d *Directory) Members(ctx context.Context, list string, after int64, limit int) ([]Member, error) {
	l, err := d.List(ctx, list)
	if err != nil {
		return nil, err
	}
	page, err := d.store.ListMembers(ctx, l.ID, after, limit)
	return page, because(err, theList(l.Address))
}

func (d *Directory) addresses(ctx context.Context, written []string) ([]string, error) {
	kept := make([]string, 0, len(written))
	for _, one := range written {
		spelled, err := d.address(ctx, one)
		if err != nil {
			return nil, err
		}
		kept = append(kept, spelled)
	}
	return kept, nil
}

func (d *Directory) checkList(ctx context.Context, l *List) error {
	switch l.Kind {
	case Public, Members, Announcement:
	case "":
		l.Kind = Members
	default:
		return refuse(ErrInvalid, "directory.list_kind", words.Args{"Kind": string(l.Kind)})
	}
	if l.Owner == "" && l.Kind == Announcement {
		return refuse(ErrInvalid, "directory.list_owner", nil)
	}
	if l.Owner != "" {
		spelled, err := d.address(ctx, l.Owner)
		if err != nil {
			return err
		}
		if l.Owner = spelled; l.Owner == l.Address {
			return refuse(ErrInvalid, "directory.list_own_owner", words.Args{"List": l.Address})
		}
	}
	return checkName(l.Name)
}
