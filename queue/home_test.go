package queue

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/store"
)

// hearth is a Home: who is here by now, and what was filed for whom.
type hearth struct {
	w      *world
	here   map[string]bool
	since  time.Time // when they came
	refuse map[string]*mail.Error
	fails  []error // of the next filings
	filed  []string
}

func (h *hearth) Here(_ context.Context, address string) (bool, error) {
	return h.here[address] && !time.Now().Before(h.since), nil
}

func (h *hearth) TakeBack(ctx context.Context, items []store.Item, content io.Reader, settle []store.Settlement) (map[int64]*mail.Error, error) {
	if len(h.fails) > 0 {
		err := h.fails[0]
		h.fails = h.fails[1:]
		return nil, err
	}
	octets, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	refused := map[int64]*mail.Error{}
	var taken []store.Settlement
	var to []string
	for i, item := range items {
		if why := h.refuse[item.To]; why != nil {
			refused[item.ID] = why
			continue
		}
		to, taken = append(to, item.To), append(taken, settle[i])
	}
	if len(taken) == 0 {
		return refused, nil
	}
	h.filed = append(h.filed, fmt.Sprintf("%s %d", strings.Join(to, " "), len(octets)))
	return refused, h.w.store.Settle(ctx, taken...)
}

func newHearth(t *testing.T, here ...string) *hearth {
	h := &hearth{w: newWorld(t), here: map[string]bool{}, refuse: map[string]*mail.Error{}}
	for _, address := range here {
		h.here[address] = true
	}
	h.w.q.cfg.Home = h
	return h
}

// Whose address was made here since is filed here at his next try, whether his host
// answers or not; the others go on. Nobody is asked for him any more.
func TestHomeInstead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHearth(t, "b@x.example", "d@x.example")
		h.since = time.Now().Add(time.Minute)
		w := h.w
		w.host("x.example", "mx.x.example", 10, "192.0.2.1") // where nobody listens
		w.send("b@x.example", "c@x.example", "d@x.example")
		w.run(8 * time.Minute)
		if !slices.Equal(h.filed, []string{"b@x.example d@x.example 19"}) || w.store.left() != 1 {
			t.Errorf("filed %q, %d left", h.filed, w.store.left())
		}
		want := "b@x.example filed : The address is served here by now\nd@x.example filed : The address is served here by now\n"
		if got := w.story(); !strings.Contains(got, want) || strings.Count(got, "c@x.example delayed") != 2 || strings.Count(got, "delayed") != 4 {
			t.Error(got)
		}
	})
}

// What the house refuses is put off or given up as another host's refusal is, and what
// it cannot file just now stays.
func TestHomeRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHearth(t, "full@x.example", "barred@x.example", "b@x.example", "c@x.example")
		h.refuse["full@x.example"] = mail.Refuse(452, "4.2.2", "The mailbox is full")
		h.refuse["barred@x.example"] = mail.Refuse(550, "5.7.1", "You may not")
		h.fails = []error{mail.Refuse(451, "4.3.1", "No room")}
		w := h.w
		w.send("full@x.example", "barred@x.example", "b@x.example", "c@x.example")
		w.run(2 * time.Minute)
		if got := w.story(); strings.Count(got, "delayed : No room\n") != 4 || len(h.filed) != 0 {
			t.Error(got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHearth(t, "full@x.example", "barred@x.example", "b@x.example")
		h.refuse["full@x.example"] = mail.Refuse(452, "4.2.2", "The mailbox is full")
		h.refuse["barred@x.example"] = mail.Refuse(550, "5.7.1", "You may not")
		w := h.w
		w.send("full@x.example", "barred@x.example", "b@x.example")
		w.run(2 * time.Minute)
		got := w.story()
		for _, want := range []string{"full@x.example delayed : 4.2.2 The mailbox is full\n", "barred@x.example failed : 5.7.1 You may not\n", "b@x.example filed "} {
			if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(got, ": The mailbox", ": 4.2.2 The mailbox"), ": You may", ": 5.7.1 You may"), want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
		if w.store.left() != 1 || len(w.reports) != 1 {
			t.Errorf("%d left, %d reports", w.store.left(), len(w.reports))
		}
	})
}

// A site that asks for its mail gets what cannot be filed here just now.
func TestHomeOrSite(t *testing.T) {
	h := newHearth(t, "full@x.example", "b@x.example")
	h.refuse["full@x.example"] = mail.Refuse(452, "4.2.2", "The mailbox is full")
	h.w.send("full@x.example", "b@x.example", "c@x.example")
	items, err := h.w.q.claim(t.Context(), store.Claim{Lane: store.Lane{Domain: "x.example"}, All: true, Limit: 10})
	if err != nil || len(items) != 2 || items[0].To != "c@x.example" || items[1].To != "full@x.example" || len(h.filed) != 1 {
		t.Errorf("%v, filed %q: %+v", err, h.filed, items)
	}
}

// One that is no longer ours keeps no other from being filed.
func TestHomeLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHearth(t, "b@x.example", "c@x.example")
		h.fails = []error{store.ErrLost, store.ErrNotFound} // of both, and of the first alone
		h.w.send("b@x.example", "c@x.example")
		h.w.run(time.Second)
		if !slices.Equal(h.filed, []string{"c@x.example 19"}) || len(h.w.q.ledger.held) != 0 {
			t.Errorf("filed %q", h.filed)
		}
	})
}
