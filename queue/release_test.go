package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// What is released for a site that comes for its mail waits until it comes, though
// a route leads there, and whether it was held at once or while it was due.
func TestReleaseForSite(t *testing.T) {
	db, err := sqldb.Open(t.Context(), t.TempDir(), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := newWorld(t)
	w.routes["site.example"] = Route{OnDemand: true, Hosts: []string{"192.0.2.7"}}
	w.q.cfg.Store = db.Queue()
	now := time.Now()
	f := store.Filing{ID: "q", From: "a@us.example", Draft: db.Draft(0), Received: now}
	_, _ = f.Draft.Write([]byte("Subject: Hi\r\n\r\nHi\r\n"))
	out := store.Outgoing{Queue: f.ID, From: f.From, Sender: "s", Received: now}
	add := func(domain string, due time.Time, held bool) {
		out.Rcpts = append(out.Rcpts, store.Rcpt{To: fmt.Sprintf("b%d@%s", len(out.Rcpts), domain), Domain: domain, Due: due, Expires: now.Add(time.Hour), Held: held})
	}
	add("site.example", store.Never(), true)
	add("x.example", now, true)
	add("site.example", now, true)
	add("gone.example", store.Never(), true) // its site, before
	add("site.example", now, false)          // it has asked
	f.Out = []store.Outgoing{out}
	if err := db.File(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	held := true
	if n, _, err := w.q.Change(t.Context(), store.Pick{Queue: "q", Held: &held}, store.Release); n != 4 || err != nil {
		t.Error(n, err)
	}
	free := slices.Clone(w.remarks)
	if want := []string{"b0@site.example released", "b1@x.example released", "b2@site.example released", "b3@gone.example released"}; !slices.Equal(free, want) {
		t.Errorf("told %q", free)
	}
	items, err := db.Queue().Items(t.Context(), store.Pick{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range items {
		if i.Held {
			t.Errorf("%s is held", i.To)
		}
		if i.Due.Before(store.Never()) {
			got = append(got, i.To)
		}
	}
	if want := []string{"b1@x.example", "b3@gone.example", "b4@site.example"}; !slices.Equal(got, want) {
		t.Errorf("due are %q, want %q", got, want)
	}

	// Held again, each is told of once.
	w.remarks = nil
	for _, p := range []store.Pick{{To: "b1@x.example"}, {Queue: "q", Limit: 3}, {}} {
		if _, _, err := w.q.Change(t.Context(), p, store.Hold); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Join(w.remarks, ", "), "b1@x.example held, b0@site.example held, b2@site.example held, b3@gone.example held, b4@site.example held"; got != want {
		t.Errorf("told %q", got)
	}
}
