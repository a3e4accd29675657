package mailroom

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posta/directory"
	"posta/event"
	"posta/mail"
	"posta/store"
)

// big makes a list that is expanded after the 250.
func (h *house) big(n int) (members []string) {
	for i := range n {
		a := fmt.Sprintf("m%04d@pepito.es", i)
		h.account(a, 0)
		members = append(members, a)
	}
	h.list("grande@pepito.es", directory.Public, "ana@pepito.es", members...)
	return members
}

// A long list is expanded behind the 250, which does not wait for it.
// rfc: 5321-6.1-8
func TestExpandLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told heard
		h := newHouse(t, func(c *Config) { c.Sink = &told })
		members := h.big(1203)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.room.Run(ctx) }()
		synctest.Wait()
		r, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, ".A: b\r\n\r\nx\r\n", 0, rcpts("grande@pepito.es", "pepe@pepito.es")...)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(h.store.expansions) != 0 || len(h.store.boxes) != 1204 {
			t.Fatalf("%d expansions, %d deliveries", len(h.store.expansions), len(h.store.boxes))
		}
		if h.store.files != 4 {
			t.Errorf("%d transactions, want 1 and 3 steps", h.store.files)
		}
		for _, m := range members {
			got := h.got(m)
			if len(got) != 1 || !strings.HasPrefix(got[0], "Return-Path: <ana@pepito.es>\r\nDelivered-To: grande@pepito.es\r\nReceived: from client.example.net") ||
				!strings.HasSuffix(got[0], "\r\n.A: b\r\n\r\nx\r\n") {
				t.Fatalf("%s got %q", m, got)
			}
		}
		mailboxes := map[string]int{}
		for _, f := range told.facts {
			d := f.(event.Delivered)
			for _, to := range d.To {
				if d.ID != r.ID || to.Recipient != "" || to.Account != h.ids[to.Mailbox] || to.UID == 0 {
					t.Errorf("told %+v", d)
				}
				mailboxes[to.Mailbox]++
			}
		}
		if len(told.facts) != 3 || len(mailboxes) != len(members) || len(r.To) != 1 || r.To[0].Mailbox != "pepe@pepito.es" {
			t.Errorf("told %d times of %d mailboxes; at once %+v", len(told.facts), len(mailboxes), r.To)
		}
		last := h.store.boxes[len(h.store.boxes)-1]
		if last.queue != r.ID || !last.traits.Stuffed {
			t.Errorf("%+v", last)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// What a process before left half done is finished, what fails is tried again,
// and a list that has gone is forgotten.
func TestExpandRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var trouble atomic.Int32
		h := newHouse(t, func(c *Config) { c.Trouble = func(error) { trouble.Add(1) } })
		members := h.big(40)
		gone := h.list("ida@pepito.es", directory.Public, "ana@pepito.es", "pepe@pepito.es")
		if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, "A: b\r\n\r\n", 0, rcpts("grande@pepito.es")...); err != nil {
			t.Fatal(err)
		}
		page, err := h.rows.ListMembers(t.Context(), h.store.expansions[0].List, 0, 30)
		if err != nil {
			t.Fatal(err)
		}
		h.store.expansions[0].After = page[29].ID
		h.store.expansions = append(h.store.expansions, store.Expansion{ID: 99, List: gone, Blob: 1})
		if err := h.rows.RemoveList(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		h.store.fail = errors.New("disk")
		ctx, cancel := context.WithCancel(t.Context())
		go h.room.Run(ctx)
		synctest.Wait()
		if trouble.Load() == 0 || len(h.store.boxes) != 0 {
			t.Errorf("trouble %d, %d deliveries", trouble.Load(), len(h.store.boxes))
		}
		h.store.mu.Lock()
		h.store.fail = nil
		h.store.mu.Unlock()
		time.Sleep(retryAfter + time.Second)
		synctest.Wait()
		if len(h.store.boxes) != 10 || len(h.store.expansions) != 0 || len(h.got(members[29])) != 0 || len(h.got(members[30])) != 1 {
			t.Errorf("%d deliveries, expansions %+v", len(h.store.boxes), h.store.expansions)
		}
		cancel()
	})
}

// A step and the report to the owner on whom it missed are one transaction: where
// that fails, neither is there, and the next try makes each true once. An owner whose
// mailbox takes no report does not stop the list.
func TestExpandReportsOnce(t *testing.T) {
	for name, takes := range map[string]bool{"owner takes it": true, "owner is full": false} {
		trouble := 0
		h := newHouse(t, func(c *Config) { c.Trouble = func(error) { trouble++ } })
		members := h.big(40)
		if err := h.rows.SetAccount(t.Context(), directory.Account{ID: h.ids[members[5]], Quota: 500}); err != nil {
			t.Fatal(err)
		}
		h.store.quota[h.ids[members[5]]], h.store.used[h.ids[members[5]]] = 500, 500
		if !takes { // which only the store knows
			h.store.quota[h.ids["ana@pepito.es"]], h.store.used[h.ids["ana@pepito.es"]] = 500, 490
		}
		if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, "A: b\r\n\r\nx", 0, rcpts("grande@pepito.es")...); err != nil {
			t.Fatal(err)
		}
		for _, nth := range []int{1, 2} { // of the transactions
			before := h.store.files
			h.store.failAt = before + nth
			err := h.room.expandAll(t.Context())
			h.store.failAt = 0
			missed, got := len(h.got("ana@pepito.es")), len(h.got(members[6]))
			if nth == 1 && (err == nil || missed+got != 0) || takes && missed != got {
				t.Errorf("%s: transaction %d failed (%v): the owner has %d, a member %d", name, nth, err, missed, got)
			}
		}
		if err := h.room.expandAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		reports := map[bool]int{true: 1}[takes]
		if n := len(h.store.boxes); n != 39+reports || len(h.got("ana@pepito.es")) != reports || len(h.store.expansions) != 0 || takes != (trouble == 0) {
			t.Errorf("%s: %d deliveries, %d reports, %d expansions left, trouble %d", name, n, len(h.got("ana@pepito.es")), len(h.store.expansions), trouble)
		}
		h.ended()
	}
}

// Full mailboxes on a large list are passed over and told to the owner.
func TestExpandFull(t *testing.T) {
	h := newHouse(t)
	members := h.big(700)
	full := members[321]
	if err := h.rows.SetAccount(t.Context(), directory.Account{ID: h.ids[full], Quota: 4000}); err != nil {
		t.Fatal(err)
	}
	h.store.quota[h.ids[full]] = 4000 // the body alone is larger: seen only by the store
	over := members[5]
	if err := h.rows.SetAccount(t.Context(), directory.Account{ID: h.ids[over], Quota: 500}); err != nil {
		t.Fatal(err)
	}
	h.store.quota[h.ids[over]], h.store.used[h.ids[over]] = 500, 500
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, "A: b\r\n\r\n"+strings.Repeat("x", 5000), 0, rcpts("grande@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	if err := h.room.expandAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	reports := 0
	for _, m := range h.got("ana@pepito.es") {
		if strings.Contains(m, "Action: failed") {
			reports++
		}
	}
	if n := len(h.store.boxes); n != 698+2 || reports != 2 || len(h.got(full))+len(h.got(over)) != 0 || len(h.store.expansions) != 0 {
		t.Errorf("%d deliveries, %d reports, %d expansions", n, reports, len(h.store.expansions))
	}
	h.ended()
}
