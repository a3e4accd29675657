package directorytest

import (
	"cmp"
	"context"
	"slices"

	"posta/directory"
)

func (m *memory) Forward(_ context.Context, account int64) (directory.Forward, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[account]
	if !ok || len(a.forward.To) == 0 {
		return directory.Forward{}, directory.ErrNotFound
	}
	f := a.forward
	f.To = slices.Clone(f.To)
	return f, nil
}

func (m *memory) SetForward(_ context.Context, f directory.Forward) error {
	return m.change(func() error {
		a, ok := m.accounts[f.Account]
		if !ok {
			return directory.ErrNotFound
		}
		f.To = slices.Clone(f.To)
		a.forward = f
		return nil
	})
}

func (m *memory) Recipients(_ context.Context, domain, after string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.recipients[domain]
	from, there := slices.BinarySearch(all, after)
	if there {
		from++
	}
	return slices.Clone(all[from:min(len(all), from+limit)]), nil
}

func (m *memory) IsRecipient(_ context.Context, domain, localKey string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, there := slices.BinarySearch(m.recipients[domain], localKey)
	return there, nil
}

func (m *memory) AddRecipients(_ context.Context, domain string, localKeys []string) (added int, err error) {
	err = m.change(func() error {
		if _, err := m.domain(domain); err != nil {
			return err
		}
		for _, key := range localKeys {
			if at, there := slices.BinarySearch(m.recipients[domain], key); !there {
				m.recipients[domain] = slices.Insert(m.recipients[domain], at, key)
				added++
			}
		}
		return nil
	})
	return added, err
}

func (m *memory) RemoveRecipients(_ context.Context, domain string, localKeys []string) (removed int, err error) {
	err = m.change(func() error {
		if _, err := m.domain(domain); err != nil {
			return err
		}
		for _, key := range localKeys {
			if at, there := slices.BinarySearch(m.recipients[domain], key); there {
				m.recipients[domain] = slices.Delete(m.recipients[domain], at, at+1)
				removed++
			}
		}
		return nil
	})
	return removed, err
}

// way is a route with its password.
type way struct {
	directory.Route
	secret []byte
}

func (w *way) shown() directory.Route {
	r := w.Route
	r.Hosts, r.Password = slices.Clone(r.Hosts), ""
	return r
}

func (m *memory) Routes(context.Context) ([]directory.Route, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []directory.Route
	for _, w := range m.ways {
		out = append(out, w.shown())
	}
	slices.SortFunc(out, func(a, b directory.Route) int { return cmp.Compare(a.Domain, b.Domain) })
	return out, nil
}

func (m *memory) Route(_ context.Context, domain string) (directory.Route, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.ways {
		if w.Domain == domain {
			return w.shown(), nil
		}
	}
	return directory.Route{}, directory.ErrNotFound
}

func (m *memory) RouteSecret(_ context.Context, id int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.ways[id]
	if !ok || len(w.secret) == 0 {
		return nil, directory.ErrNotFound
	}
	return slices.Clone(w.secret), nil
}

func (m *memory) AddRoute(_ context.Context, r directory.Route, secret []byte) (directory.Route, error) {
	err := m.change(func() error {
		for _, w := range m.ways {
			if w.Domain == r.Domain {
				return directory.ErrExists
			}
		}
		r.ID = m.id()
		m.ways[r.ID] = &way{r, slices.Clone(secret)}
		r = m.ways[r.ID].shown()
		return nil
	})
	return r, err
}

func (m *memory) SetRoute(_ context.Context, r directory.Route, secret []byte) error {
	return m.change(func() error {
		have, ok := m.ways[r.ID]
		if !ok {
			return directory.ErrNotFound
		}
		r.Domain, r.Created = have.Domain, have.Created
		r.Hosts = slices.Clone(r.Hosts)
		have.Route = r
		if secret != nil {
			have.secret = slices.Clone(secret)
		}
		return nil
	})
}

func (m *memory) RemoveRoute(_ context.Context, id int64) error {
	return m.change(func() error {
		if _, ok := m.ways[id]; !ok {
			return directory.ErrNotFound
		}
		delete(m.ways, id)
		return nil
	})
}
