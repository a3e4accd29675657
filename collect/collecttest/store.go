// Package collecttest holds the suite that every collect.Store passes, and a
// Store in memory for the tests of other rooms. It knows no engine.
//
// Start reading at Run; the Store is New.
package collecttest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"posta/collect"
)

// New gives an empty Store in memory.
func New() collect.Store { return &memory{entries: map[int64]*entry{}} }

type memory struct {
	mu      sync.Mutex
	last    int64
	entries map[int64]*entry
}

type entry struct {
	collect.Entry
	seen []string // in order
}

// with runs f on an entry.
func (m *memory) with(id int64, f func(*entry)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[id]
	if e == nil {
		return collect.ErrNotFound
	}
	f(e)
	return nil
}

func (m *memory) Entries(context.Context) ([]collect.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []collect.Entry
	for _, e := range m.entries {
		one := e.Entry
		one.Password, one.Domains, one.Last.Stayed = "", slices.Clone(e.Domains), nil
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b collect.Entry) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (m *memory) Entry(_ context.Context, id int64) (out collect.Entry, err error) {
	err = m.with(id, func(e *entry) {
		out = e.Entry
		out.Domains, out.Last.Stayed = slices.Clone(e.Domains), slices.Clone(e.Last.Stayed)
	})
	return out, err
}

func (m *memory) AddEntry(_ context.Context, e collect.Entry) (collect.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	e.ID, e.Last, e.Total = m.last, collect.Result{}, 0
	kept := e
	kept.Domains = slices.Clone(e.Domains)
	m.entries[e.ID] = &entry{Entry: kept}
	return e, nil
}

func (m *memory) ChangeEntry(_ context.Context, e collect.Entry, begins collect.Anew) error {
	return m.with(e.ID, func(at *entry) {
		e.Way, e.Created, e.Last, e.Domains, e.Total = at.Way, at.Created, at.Last, slices.Clone(e.Domains), at.Total
		at.Entry = e
		switch begins {
		case collect.ResultAnew:
			at.Last = collect.Result{Apart: at.Last.Apart}
		case collect.AllAnew:
			at.Last, at.Total, at.seen = collect.Result{}, 0, nil
		}
	})
}

func (m *memory) RemoveEntry(_ context.Context, id int64) error {
	return m.with(id, func(*entry) { delete(m.entries, id) })
}

func (m *memory) Settle(_ context.Context, id int64, last collect.Result, next time.Time) error {
	return m.with(id, func(e *entry) {
		e.Last, e.Next = last, next
		e.Last.Stayed = slices.Clone(last.Stayed)
		if e.Way != collect.POP3 {
			e.Total += int64(last.Messages)
		}
	})
}

func (m *memory) Seen(_ context.Context, id int64) (out []string, err error) {
	err = m.with(id, func(e *entry) { out = slices.Clone(e.seen) })
	return out, err
}

func (m *memory) Saw(_ context.Context, id int64, uidls ...string) error {
	return m.with(id, func(e *entry) {
		e.seen = append(e.seen, uidls...)
		slices.Sort(e.seen)
		e.seen = slices.Compact(e.seen)
	})
}

func (m *memory) Came(ctx context.Context, id int64, uidl string) error {
	if err := m.Saw(ctx, id, uidl); err != nil {
		return err
	}
	return m.with(id, func(e *entry) { e.Total++ })
}

func (m *memory) Forget(_ context.Context, id int64, uidls ...string) error {
	return m.with(id, func(e *entry) {
		e.seen = slices.DeleteFunc(e.seen, func(one string) bool { return slices.Contains(uidls, one) })
	})
}
