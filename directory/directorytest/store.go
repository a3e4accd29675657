package directorytest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"posta/directory"
)

// New gives an empty Store in memory.
func New() directory.Store {
	return &memory{
		accounts: map[int64]*person{}, aliases: map[int64]*directory.Alias{}, lists: map[int64]*list{},
		settings: map[string][]byte{}, sites: map[int64]*site{}, queues: map[string][]string{},
		recipients: map[string][]string{}, ways: map[int64]*way{},
	}
}

type memory struct {
	generation atomic.Uint64
	mu         sync.Mutex
	last       int64 // id given last, of whatever kind
	domains    []directory.Domain
	accounts   map[int64]*person
	aliases    map[int64]*directory.Alias
	lists      map[int64]*list
	settings   map[string][]byte
	sites      map[int64]*site
	queues     map[string][]string
	recipients map[string][]string // by domain, in order
	ways       map[int64]*way
}

type person struct {
	directory.Account
	credentials directory.Credentials
	secret      []byte
	grants      []string // in order
	forward     directory.Forward
}

type list struct {
	directory.List
	members []directory.Member
	in      map[string]bool
}

func (m *memory) Generation() uint64 { return m.generation.Load() }

// change runs one writing call.
func (m *memory) change(f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := f()
	if err == nil {
		m.generation.Add(1)
	}
	return err
}

func (m *memory) id() int64 {
	m.last++
	return m.last
}

func (m *memory) domain(name string) (*directory.Domain, error) {
	for i := range m.domains {
		if m.domains[i].Name == name {
			return &m.domains[i], nil
		}
	}
	return nil, directory.ErrNotFound
}

// free says that an address can be given away: its domain is there, and no
// account, alias or list has it.
func (m *memory) free(address string) error {
	_, domain := directory.Split(address)
	if _, err := m.domain(domain); err != nil {
		return err
	}
	for _, a := range m.accounts {
		if a.Address == address {
			return directory.ErrExists
		}
	}
	for _, a := range m.aliases {
		if a.Address == address {
			return directory.ErrExists
		}
	}
	for _, l := range m.lists {
		if l.Address == address {
			return directory.ErrExists
		}
	}
	return nil
}

func (m *memory) Domains(context.Context) ([]directory.Domain, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clone(m.domains)
	slices.SortFunc(out, func(a, b directory.Domain) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func (m *memory) Domain(_ context.Context, name string) (directory.Domain, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.domain(name)
	if err != nil {
		return directory.Domain{}, err
	}
	return *d, nil
}

func (m *memory) AddDomain(_ context.Context, d directory.Domain) (directory.Domain, error) {
	err := m.change(func() error {
		if _, err := m.domain(d.Name); err == nil {
			return directory.ErrExists
		}
		d.ID = m.id()
		m.domains = append(m.domains, d)
		return nil
	})
	return d, err
}

func (m *memory) SetDomain(_ context.Context, d directory.Domain) error {
	return m.change(func() error {
		i := slices.IndexFunc(m.domains, func(have directory.Domain) bool { return have.ID == d.ID })
		if i < 0 {
			return directory.ErrNotFound
		}
		d.Name, d.Created = m.domains[i].Name, m.domains[i].Created
		m.domains[i] = d
		return nil
	})
}

func (m *memory) RemoveDomain(_ context.Context, name string, force bool) error {
	return m.change(func() error {
		if _, err := m.domain(name); err != nil {
			return err
		}
		in := func(address string) bool { return domainOf(address) == name }
		for id, a := range m.accounts {
			if in(a.Address) {
				if !force {
					return directory.ErrInUse
				}
				m.forget(id)
			}
		}
		for id, a := range m.aliases {
			if in(a.Address) {
				if !force {
					return directory.ErrInUse
				}
				m.ungrant(a.Address)
				delete(m.aliases, id)
			}
		}
		for id, l := range m.lists {
			if in(l.Address) {
				if !force {
					return directory.ErrInUse
				}
				m.ungrant(l.Address)
				delete(m.lists, id)
			}
		}
		m.unbind(name)
		delete(m.recipients, name)
		m.domains = slices.DeleteFunc(m.domains, func(d directory.Domain) bool { return d.Name == name })
		return nil
	})
}

func (m *memory) Setting(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.settings[name]
	if !ok {
		return nil, directory.ErrNotFound
	}
	return slices.Clone(v), nil
}

func (m *memory) SetSetting(_ context.Context, name string, value []byte) error {
	return m.change(func() error {
		m.settings[name] = slices.Clone(value)
		return nil
	})
}

func domainOf(address string) string {
	_, domain := directory.Split(address)
	return domain
}

// byAddress orders by domain, then local key.
func byAddress(a, b string) int {
	la, da := directory.Split(a)
	lb, db := directory.Split(b)
	return cmp.Or(strings.Compare(da, db), strings.Compare(la, lb))
}
