package admin

import (
	"context"

	"posta/directory"
)

// List is a distribution list.
type List struct {
	Address string   `json:"address"`
	Kind    string   `json:"kind"` // public, members, announcement
	Owner   string   `json:"owner"`
	Name    string   `json:"name,omitempty"`
	Count   int64    `json:"count"`
	Members []string `json:"members,omitempty"` // only list.show gives them

	Absent      []string `json:"absent,omitempty"`      // addresses to be removed that were not on it; only of mailing-list.set
	Unreachable string   `json:"unreachable,omitempty"` // its owner: nobody here has it; not of mailing-list.list
	Unreached   []string `json:"unreached,omitempty"`   // of the members, or of those added: nobody here has it; not of mailing-list.list
}

// ListChange adds or changes a list; what is nil keeps its value.
type ListChange struct {
	Address string   `json:"address"`
	Kind    *string  `json:"kind,omitempty"`
	Owner   *string  `json:"owner,omitempty"`
	Name    *string  `json:"name,omitempty"`
	Add     []string `json:"add,omitempty"`    // members
	Remove  []string `json:"remove,omitempty"` // members
}

func (h House) lists() []Operation {
	d := h.Directory
	return []Operation{
		op("mailing-list.list", false, func(ctx context.Context, in ByDomain) ([]List, error) {
			all, err := d.Lists(ctx, in.Domain)
			return each(all, showList), err
		}),
		op("mailing-list.show", false, h.showMembers),
		op("mailing-list.add", true, func(ctx context.Context, in ListChange) (List, error) {
			l := directory.List{Address: in.Address, Kind: directory.Public}
			in.apply(&l)
			kept, err := d.CheckMembers(ctx, in.Address, in.Add)
			if err != nil { // else the list would stay behind
				return List{}, err
			}
			if _, err := d.AddList(ctx, l); err != nil {
				return List{}, err
			}
			return h.changeMembers(ctx, in, kept)
		}),
		op("mailing-list.set", true, func(ctx context.Context, in ListChange) (List, error) {
			l, err := d.List(ctx, in.Address)
			if err != nil {
				return List{}, err
			}
			in.apply(&l)
			kept, err := d.CheckMembers(ctx, in.Address, in.Add)
			if err != nil {
				return List{}, err
			}
			if _, err := d.SetList(ctx, l); err != nil {
				return List{}, err
			}
			return h.changeMembers(ctx, in, kept)
		}),
		op("mailing-list.remove", true, func(ctx context.Context, in ByAddress) (None, error) {
			return None{}, d.RemoveList(ctx, in.Address)
		}),
	}
}

// changeMembers adds and removes members; added are those to be added as they are kept.
func (h House) changeMembers(ctx context.Context, in ListChange, added []string) (List, error) {
	if len(in.Add) > 0 {
		if _, err := h.Directory.AddMembers(ctx, in.Address, in.Add); err != nil {
			return List{}, err
		}
	}
	var absent []string
	if len(in.Remove) > 0 {
		var err error
		if _, absent, err = h.Directory.RemoveMembers(ctx, in.Address, in.Remove); err != nil {
			return List{}, err
		}
	}
	l, err := h.Directory.List(ctx, in.Address)
	if err != nil {
		return List{}, err
	}
	out, err := h.reachList(ctx, l, added)
	out.Absent = absent
	return out, err
}

// reachList shows a list with those whom no mail reaches now, of its owner and of
// some members.
func (h House) reachList(ctx context.Context, l directory.List, members []string) (out List, err error) {
	out = showList(l)
	if l.Owner != "" {
		reached, err := reaches(ctx, h.Directory, l.Owner)
		if err != nil {
			return out, err
		}
		if !reached {
			out.Unreachable = l.Owner
		}
	}
	out.Unreached, err = unreachable(ctx, h.Directory, members)
	return out, err
}

// showMembers gives a list with all its members, read page by page.
func (h House) showMembers(ctx context.Context, in ByAddress) (List, error) {
	const page = 1000
	l, err := h.Directory.List(ctx, in.Address)
	if err != nil {
		return List{}, err
	}
	var all []string
	for after := int64(0); ; {
		members, err := h.Directory.Members(ctx, in.Address, after, page)
		if err != nil {
			return List{}, err
		}
		for _, m := range members {
			all = append(all, m.Address)
			after = m.ID
		}
		if len(members) < page {
			break
		}
	}
	out, err := h.reachList(ctx, l, all)
	out.Members = all
	return out, err
}

func (c ListChange) apply(l *directory.List) {
	if c.Kind != nil {
		l.Kind = directory.ListKind(*c.Kind)
	}
	put(&l.Owner, c.Owner)
	put(&l.Name, c.Name)
}

func showList(l directory.List) List {
	return List{Address: l.Address, Kind: string(l.Kind), Owner: l.Owner, Name: l.Name, Count: l.Members}
}
