package directorytest

import (
	"context"
	"slices"
	"strings"
	"time"

	"posta/directory"
)

type site struct {
	directory.Site
	secret []byte
}

func (s *site) copied() directory.Site {
	out := s.Site
	out.Domains, out.Networks, out.Helo = slices.Clone(s.Domains), slices.Clone(s.Networks), slices.Clone(s.Helo)
	return out
}

func (m *memory) Sites(context.Context) ([]directory.Site, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []directory.Site
	for _, s := range m.sites {
		out = append(out, s.copied())
	}
	slices.SortFunc(out, func(a, b directory.Site) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (m *memory) Site(_ context.Context, name string) (directory.Site, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sites {
		if s.Name == name {
			return s.copied(), nil
		}
	}
	return directory.Site{}, directory.ErrNotFound
}

func (m *memory) SiteSecret(_ context.Context, id int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.sites[id]; s != nil {
		return slices.Clone(s.secret), nil
	}
	return nil, directory.ErrNotFound
}

func (m *memory) AddSite(_ context.Context, s directory.Site, secret []byte) (directory.Site, error) {
	err := m.change(func() error {
		for _, have := range m.sites {
			if have.Name == s.Name {
				return directory.ErrExists
			}
		}
		if err := m.served(s.Domains); err != nil {
			return err
		}
		s.ID, s.Seen = m.id(), time.Time{}
		kept := &site{Site: s}
		kept.Site, kept.secret = kept.copied(), slices.Clone(secret)
		m.sites[s.ID] = kept
		return nil
	})
	return s, err
}

// served wants domains to be here.
func (m *memory) served(domains []string) error {
	for _, one := range domains {
		if _, err := m.domain(one); err != nil {
			return err
		}
	}
	return nil
}

// siteChange runs one writing call about a site.
func (m *memory) siteChange(id int64, f func(*site) error) error {
	return m.change(func() error {
		if m.sites[id] == nil {
			return directory.ErrNotFound
		}
		return f(m.sites[id])
	})
}

func (m *memory) SetSite(_ context.Context, s directory.Site) error {
	return m.siteChange(s.ID, func(have *site) error {
		if err := m.served(s.Domains); err != nil {
			return err
		}
		have.Domains, have.Networks, have.Helo = s.Domains, s.Networks, s.Helo
		have.Site = have.copied()
		return nil
	})
}

func (m *memory) SetSiteSecret(_ context.Context, id int64, secret []byte) error {
	return m.siteChange(id, func(have *site) error { have.secret = slices.Clone(secret); return nil })
}

func (m *memory) SiteSeen(_ context.Context, id int64, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sites[id] == nil {
		return directory.ErrNotFound
	}
	m.sites[id].Seen = at
	return nil
}

func (m *memory) RemoveSite(_ context.Context, id int64) error {
	return m.siteChange(id, func(*site) error { delete(m.sites, id); return nil })
}

func (m *memory) NamedQueues(context.Context) ([]directory.NamedQueue, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []directory.NamedQueue
	for name, domains := range m.queues {
		out = append(out, directory.NamedQueue{Name: name, Domains: slices.Clone(domains)})
	}
	slices.SortFunc(out, func(a, b directory.NamedQueue) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (m *memory) SetNamedQueue(_ context.Context, q directory.NamedQueue) error {
	return m.change(func() error {
		if err := m.served(q.Domains); err != nil {
			return err
		}
		m.queues[q.Name] = slices.Clone(q.Domains)
		return nil
	})
}

func (m *memory) RemoveNamedQueue(_ context.Context, name string) error {
	return m.change(func() error {
		if _, ok := m.queues[name]; !ok {
			return directory.ErrNotFound
		}
		delete(m.queues, name)
		return nil
	})
}

// unbind takes a domain that is gone from sites and queues.
func (m *memory) unbind(domain string) {
	for _, s := range m.sites {
		s.Domains = without(s.Domains, domain)
	}
	for name, domains := range m.queues {
		if m.queues[name] = without(domains, domain); len(m.queues[name]) == 0 {
			delete(m.queues, name)
		}
	}
}
