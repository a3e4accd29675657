package queue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/store"
)

// What left the queue while an administrator took it out is not said to be
// removed, and keeps nothing else from being.
func TestRemoveWhatHasLeft(t *testing.T) {
	for _, c := range []store.Change{store.Bounce, store.Delete} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.send("b@x.example", "c@x.example", "d@x.example")
			items, err := w.store.Items(t.Context(), store.Pick{})
			if err != nil || len(items) != 3 {
				t.Fatal(items, err)
			}
			if err := w.store.Settle(t.Context(), store.Settlement{Item: items[1].ID, Done: true}); err != nil {
				t.Fatal(err)
			}
			var n Removed
			if err := w.q.remove(items, c, &n); err != nil || n.Items != 2 || (n.Reported == 2) != (c == store.Bounce) {
				t.Errorf("%+v %v", n, err)
			}
			if got := w.story(); w.store.left() != 0 || len(w.facts) != 2 || strings.Contains(got, items[1].To) {
				t.Errorf("%d left\n%s", w.store.left(), got)
			}
		})
	}
}

// stuck is a store that takes nothing back.
type stuck struct{ *memory }

func (stuck) Unclaim(context.Context, ...store.Item) error { return errors.New("no store") }

// What could not be given back is not renewed for ever: its lease ends.
func TestNotGivenBack(t *testing.T) {
	w := newWorld(t)
	w.send("b@x.example")
	w.q.cfg.Store = stuck{w.store}
	items, err := w.q.claim(t.Context(), store.Claim{Lane: store.Lane{Domain: "x.example", Sender: "a"}, Now: time.Now(), Limit: 1})
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	w.q.giveBack(items)
	if n := len(w.q.ledger.held); n != 0 || len(w.problems) != 1 {
		t.Errorf("%d held, %v", n, w.problems)
	}
}
