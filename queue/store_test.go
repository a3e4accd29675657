package queue

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing/iotest"
	"time"

	"posta/store"
)

// memory is a store.Queue in memory.
type memory struct {
	mu     sync.Mutex
	ids    int64
	items  map[int64]*entry
	lanes  map[laneID]*fakeLane
	order  laneHeap
	bodies map[int64]string
	ends   map[int64]int64           // the last item of each message
	story  map[int64][]store.Attempt // nil: none is kept
	claims int
	fail   error // what Settle gives next, once
	gone   int64 // settled as done
	most   int   // items leased at a time
	leased int

	renewed int
	one     string // the body of all messages; "": each has its own
	ill     int    // bodies that cannot be read, the next ones
}

type entry struct {
	store.Item
	lane *fakeLane
	at   int // in its lane's heap; -1: leased or held

	breaks int // attempts that ended with their connection
}

// fakeLane is a heap of items, by their due.
type fakeLane struct {
	id    laneID
	items []*entry
	at    int // in the heap of lanes; -1: nothing waits
}

func (l *fakeLane) Len() int           { return len(l.items) }
func (l *fakeLane) Less(i, j int) bool { return earlier(l.items[i], l.items[j]) }
func (l *fakeLane) Swap(i, j int) {
	l.items[i], l.items[j] = l.items[j], l.items[i]
	l.items[i].at, l.items[j].at = i, j
}
func (l *fakeLane) Push(x any) { e := x.(*entry); e.at = len(l.items); l.items = append(l.items, e) }
func (l *fakeLane) Pop() any {
	e := l.items[len(l.items)-1]
	l.items, e.at = l.items[:len(l.items)-1], -1
	return e
}

func dueOf(e *entry) time.Time {
	if e.Expires.Before(e.Due) {
		return e.Expires
	}
	return e.Due
}

func earlier(a, b *entry) bool {
	if x, y := dueOf(a), dueOf(b); !x.Equal(y) {
		return x.Before(y)
	}
	return a.ID < b.ID
}

type laneHeap []*fakeLane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return earlier(h[i].items[0], h[j].items[0]) }
func (h laneHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }
func (h *laneHeap) Push(x any)        { l := x.(*fakeLane); l.at = len(*h); *h = append(*h, l) }
func (h *laneHeap) Pop() any {
	l := (*h)[len(*h)-1]
	*h, l.at = (*h)[:len(*h)-1], -1
	return l
}

func newMemory() *memory {
	return &memory{items: map[int64]*entry{}, lanes: map[laneID]*fakeLane{}, bodies: map[int64]string{}, ends: map[int64]int64{}, story: map[int64][]store.Attempt{}}
}

// file puts a message in.
func (m *memory) file(out store.Outgoing, body string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids++
	out.ID = m.ids
	if out.Size == 0 {
		out.Size = int64(len(body))
	}
	rcpts := out.Rcpts
	out.Rcpts = nil
	if m.one == "" {
		m.bodies[out.ID] = body
	}
	for _, r := range rcpts {
		m.ids++
		e := &entry{Item: store.Item{Rcpt: r, ID: m.ids, Out: &out}, at: -1}
		id := laneID{r.Domain, out.Sender}
		if e.lane = m.lanes[id]; e.lane == nil {
			e.lane = &fakeLane{id: id, at: -1}
			m.lanes[id] = e.lane
		}
		m.items[e.ID] = e
		m.wait(e)
	}
	m.ends[out.ID] = m.ids
}

func (m *memory) wait(e *entry) {
	if e.Held {
		return
	}
	heap.Push(e.lane, e)
	m.touch(e.lane)
}

func (m *memory) unwait(e *entry) {
	if e.at >= 0 {
		heap.Remove(e.lane, e.at)
		m.touch(e.lane)
	}
}

func (m *memory) touch(l *fakeLane) {
	switch {
	case l.at >= 0 && len(l.items) == 0:
		heap.Remove(&m.order, l.at)
	case l.at >= 0:
		heap.Fix(&m.order, l.at)
	case len(l.items) > 0:
		heap.Push(&m.order, l)
	}
}

func (m *memory) Lanes(_ context.Context, now time.Time, skip func(store.Lane) bool, limit int) (all []store.Lane, _ error) {
	var passed []*fakeLane
	defer func() { time.Sleep(time.Duration(len(passed)) * 2 * time.Microsecond) }() // as long as reading takes
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.order) > 0 && len(all) < limit {
		l := m.order[0]
		due := dueOf(l.items[0])
		if due.After(now) {
			break
		}
		heap.Pop(&m.order)
		passed = append(passed, l)
		if lane := (store.Lane{Domain: l.id.domain, Sender: l.id.sender, Due: due}); !skip(lane) {
			all = append(all, lane)
		}
	}
	for _, l := range passed {
		heap.Push(&m.order, l)
	}
	return all, nil
}

func (m *memory) Next(context.Context) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.order) == 0 {
		return time.Time{}, nil
	}
	return dueOf(m.order[0].items[0]), nil
}

func (m *memory) Claim(_ context.Context, c store.Claim) (all []store.Item, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claims++
	messages := map[int64]bool{}
	for _, l := range m.wanted(c) {
		var early []*entry
		for len(l.items) > 0 && len(all) < c.Limit && (c.Messages == 0 || len(messages) < c.Messages) {
			e := l.items[0]
			if !c.Now.IsZero() && dueOf(e).After(c.Now) {
				break
			}
			if messages[e.Out.ID] {
				heap.Pop(l)
				early = append(early, e)
				continue
			}
			messages[e.Out.ID] = true
			all = m.message(l, e, c, all)
		}
		for _, e := range early {
			heap.Push(l, e)
		}
		m.touch(l)
	}
	m.leased += len(all)
	m.most = max(m.most, m.leased)
	return all, nil
}

func (m *memory) wanted(c store.Claim) (all []*fakeLane) {
	if !c.All {
		if l := m.lanes[laneID{c.Lane.Domain, c.Lane.Sender}]; l != nil {
			all = append(all, l)
		}
		return all
	}
	for id, l := range m.lanes {
		if id.domain == c.Lane.Domain {
			all = append(all, l)
		}
	}
	return all
}

// message claims what the claim wants of e's message. Items of one message have
// ids in a row.
func (m *memory) message(l *fakeLane, first *entry, c store.Claim, all []store.Item) []store.Item {
	for id := first.Out.ID + 1; len(all) < c.Limit && id <= m.ends[first.Out.ID]; id++ {
		e := m.items[id]
		if e == nil {
			continue
		}
		mine := e.lane == l || c.Also != nil && e.lane.id.sender == l.id.sender && c.Also(e.Domain)
		if !mine || e.at < 0 || !c.Now.IsZero() && dueOf(e).After(c.Now) {
			continue
		}
		other := e.lane
		heap.Remove(other, e.at)
		if other != l {
			m.touch(other)
		}
		e.Token++
		e.Leased = true
		all = append(all, e.Item)
	}
	return all
}

func (m *memory) Renew(_ context.Context, _ time.Time, items ...store.Item) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range items {
		if e := m.items[item.ID]; e == nil || !e.Leased || e.Token != item.Token {
			return store.ErrLost
		}
	}
	m.renewed += len(items)
	return nil
}

func (m *memory) Unclaim(_ context.Context, items ...store.Item) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range items {
		if e := m.items[item.ID]; e != nil && e.Leased && e.Token == item.Token {
			e.Leased = false
			m.leased--
			m.wait(e)
		}
	}
	return nil
}

func (m *memory) Settle(_ context.Context, all ...store.Settlement) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail; err != nil {
		m.fail = nil
		return err
	}
	for _, s := range all {
		if e := m.items[s.Item]; e == nil {
			return store.ErrNotFound
		} else if s.Token != 0 && (!e.Leased || e.Token != s.Token) {
			return store.ErrLost
		}
	}
	for _, s := range all {
		m.settle(s)
	}
	return nil
}

func (m *memory) settle(s store.Settlement) {
	e := m.items[s.Item]
	if e.Leased {
		e.Leased = false
		m.leased--
	}
	m.unwait(e)
	if s.Attempt != nil {
		e.Attempts++
		if e.Last = *s.Attempt; e.Last.Broke() {
			e.breaks++
		}
		if m.story != nil {
			m.story[s.Item] = append(m.story[s.Item], *s.Attempt)
		}
	}
	if s.Done {
		m.gone++
		delete(m.items, s.Item)
		return
	}
	e.Due, e.Warned = s.Due, s.Warned
	m.wait(e)
}

func (m *memory) Content(_ context.Context, out *store.Outgoing) io.ReadCloser {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ill > 0 {
		m.ill--
		return io.NopCloser(iotest.ErrReader(errors.New("the disk is ill")))
	}
	if m.one != "" {
		return io.NopCloser(strings.NewReader(m.one))
	}
	return io.NopCloser(strings.NewReader(m.bodies[out.ID]))
}

func (m *memory) Hurry(_ context.Context, domain string, now time.Time) (n int64, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, l := range m.lanes {
		if id.domain != domain {
			continue
		}
		for _, e := range l.items {
			e.Due = now.Add(time.Duration(e.breaks) * time.Microsecond)
			n++
		}
		heap.Init(l)
		m.touch(l)
	}
	return n, nil
}

func (m *memory) Items(_ context.Context, p store.Pick) (all []store.Item, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := int64(1); id <= m.ids; id++ {
		if e := m.items[id]; e != nil && id > p.After && (p.Domain == "" || p.Domain == e.Domain) {
			all = append(all, e.Item)
		}
	}
	return all, nil
}

func (m *memory) Story(_ context.Context, item int64) ([]store.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.story[item], nil
}

func (m *memory) Change(context.Context, store.Pick, store.Change, time.Time) (int64, error) {
	return 0, fmt.Errorf("not here")
}

func (m *memory) Depth(context.Context) (store.Depth, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return store.Depth{Items: int64(len(m.items)), Leased: int64(m.leased)}, nil
}

func (m *memory) left() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items)
}
