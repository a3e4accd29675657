package directorytest

import (
	"context"
	"slices"

	"posta/directory"
)

func (m *memory) Aliases(_ context.Context, domain string) ([]directory.Alias, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []directory.Alias
	for _, a := range m.aliases {
		if domain == "" || domainOf(a.Address) == domain {
			out = append(out, copied(*a))
		}
	}
	slices.SortFunc(out, func(a, b directory.Alias) int { return byAddress(a.Address, b.Address) })
	return out, nil
}

func copied(a directory.Alias) directory.Alias {
	a.Targets = slices.Clone(a.Targets)
	return a
}

func (m *memory) Alias(_ context.Context, localKey, domain string) (directory.Alias, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.aliases {
		if l, d := directory.Split(a.Address); l == localKey && d == domain {
			return copied(*a), nil
		}
	}
	return directory.Alias{}, directory.ErrNotFound
}

func (m *memory) AddAlias(_ context.Context, a directory.Alias) (directory.Alias, error) {
	err := m.change(func() error {
		if err := m.free(a.Address); err != nil {
			return err
		}
		a.ID = m.id()
		kept := copied(a)
		m.aliases[a.ID] = &kept
		return nil
	})
	return a, err
}

func (m *memory) SetAlias(_ context.Context, a directory.Alias) error {
	return m.change(func() error {
		have, ok := m.aliases[a.ID]
		if !ok {
			return directory.ErrNotFound
		}
		have.Targets = slices.Clone(a.Targets)
		return nil
	})
}

func (m *memory) RemoveAlias(_ context.Context, id int64) error {
	return m.change(func() error {
		a, ok := m.aliases[id]
		if !ok {
			return directory.ErrNotFound
		}
		m.ungrant(a.Address)
		delete(m.aliases, id)
		return nil
	})
}

func (m *memory) Lists(_ context.Context, domain string) ([]directory.List, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []directory.List
	for _, l := range m.lists {
		if domain == "" || domainOf(l.Address) == domain {
			out = append(out, l.counted())
		}
	}
	slices.SortFunc(out, func(a, b directory.List) int { return byAddress(a.Address, b.Address) })
	return out, nil
}

func (l *list) counted() directory.List {
	out := l.List
	out.Members = int64(len(l.members))
	return out
}

func (l *list) drop(address string) bool {
	if !l.in[address] {
		return false
	}
	delete(l.in, address)
	l.members = slices.DeleteFunc(l.members, func(m directory.Member) bool { return m.Address == address })
	return true
}

func (m *memory) List(_ context.Context, localKey, domain string) (directory.List, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lists {
		if key, d := directory.Split(l.Address); key == localKey && d == domain {
			return l.counted(), nil
		}
	}
	return directory.List{}, directory.ErrNotFound
}

func (m *memory) ListByID(_ context.Context, id int64) (directory.List, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.lists[id]
	if !ok {
		return directory.List{}, directory.ErrNotFound
	}
	return l.counted(), nil
}

func (m *memory) AddList(_ context.Context, l directory.List) (directory.List, error) {
	err := m.change(func() error {
		if err := m.free(l.Address); err != nil {
			return err
		}
		l.ID, l.Members = m.id(), 0
		m.lists[l.ID] = &list{List: l, in: map[string]bool{}}
		return nil
	})
	return l, err
}

func (m *memory) SetList(_ context.Context, l directory.List) error {
	return m.change(func() error {
		have, ok := m.lists[l.ID]
		if !ok {
			return directory.ErrNotFound
		}
		have.Kind, have.Owner, have.Name = l.Kind, l.Owner, l.Name
		return nil
	})
}

func (m *memory) RemoveList(_ context.Context, id int64) error {
	return m.change(func() error {
		l, ok := m.lists[id]
		if !ok {
			return directory.ErrNotFound
		}
		m.ungrant(l.Address)
		delete(m.lists, id)
		return nil
	})
}

func (m *memory) ListMembers(_ context.Context, list, after int64, limit int) ([]directory.Member, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.lists[list]
	if !ok {
		return nil, nil
	}
	from, _ := slices.BinarySearchFunc(l.members, after+1, func(m directory.Member, id int64) int {
		return int(m.ID - id)
	})
	return slices.Clone(l.members[from:min(len(l.members), from+limit)]), nil
}

func (m *memory) IsMember(_ context.Context, list int64, address string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.lists[list]
	return ok && l.in[address], nil
}

func (m *memory) AddMembers(_ context.Context, list int64, addresses []string) (added int, err error) {
	err = m.change(func() error {
		l, ok := m.lists[list]
		if !ok {
			return directory.ErrNotFound
		}
		for _, address := range addresses {
			if l.in[address] {
				continue
			}
			l.in[address] = true
			l.members = append(l.members, directory.Member{ID: m.id(), Address: address})
			added++
		}
		return nil
	})
	return added, err
}

func (m *memory) RemoveMembers(_ context.Context, list int64, addresses []string) (removed int, err error) {
	err = m.change(func() error {
		l, ok := m.lists[list]
		if !ok {
			return directory.ErrNotFound
		}
		for _, address := range addresses {
			if l.drop(address) {
				removed++
			}
		}
		return nil
	})
	return removed, err
}
