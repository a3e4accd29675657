package collecttest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"posta/collect"
)

func born() time.Time { return time.Date(2026, 11, 27, 4, 5, 6, 0, time.UTC) }

// Run holds a Store against its contract. open gives a new and empty one.
func Run(t *testing.T, open func(*testing.T) collect.Store) {
	t.Run("entries", func(t *testing.T) { testEntries(t, open(t)) })
	t.Run("unique-ids", func(t *testing.T) { testSeen(t, open(t)) })
	t.Run("changes", func(t *testing.T) { testChange(t, open(t)) })
	t.Run("nothing there", func(t *testing.T) { testNothing(t, open(t)) })
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testEntries(t *testing.T, s collect.Store) {
	ctx := t.Context()
	atrn := collect.Entry{Way: collect.ATRN, Host: "provider.example:366", TLS: collect.Required, User: "north", Password: "geheim",
		Domains: []string{"north.example", "a.north.example"}, CA: "-----BEGIN CERTIFICATE-----\n", Every: time.Hour, Created: born(), Next: born().Add(time.Hour)}
	pop := collect.Entry{Way: collect.POP3, Host: "mail.example.net", TLS: collect.Implicit, User: "pepe", Password: "x", Account: "pepe@north.example",
		Keep: true, Created: born()}
	first, err := s.AddEntry(ctx, atrn)
	must(t, err)
	second, err := s.AddEntry(ctx, pop)
	must(t, err)
	atrn.ID, pop.ID = first.ID, second.ID
	got, err := s.Entry(ctx, first.ID)
	must(t, err)
	same(t, got, atrn)
	got, err = s.Entry(ctx, second.ID)
	must(t, err)
	same(t, got, pop)

	last := collect.Result{At: born().Add(time.Minute), Took: 3 * time.Second, Messages: 4, Again: 2, Left: 1, Session: 1 << 40, Failure: "450 later", Erased: 3, Apart: 15 * time.Minute,
		Stayed: []collect.Stay{{UIDL: "b", Octets: 1 << 40, From: "a@x.example", Why: "full"}, {UIDL: "a", Why: "loop"}, {UIDL: "b"}}}
	must(t, s.Settle(ctx, first.ID, last, born().Add(2*time.Hour)))
	atrn.Last, atrn.Next, atrn.Total = last, born().Add(2*time.Hour), 4
	got, err = s.Entry(ctx, first.ID)
	must(t, err)
	same(t, got, atrn)
	atrn.Last.Stayed = nil
	all, err := s.Entries(ctx)
	must(t, err)
	atrn.Password, pop.Password = "", ""
	same(t, all, []collect.Entry{atrn, pop})

	must(t, s.Settle(ctx, first.ID, collect.Result{At: born(), Nothing: true}, time.Time{}))
	if got, err = s.Entry(ctx, first.ID); err != nil || len(got.Last.Stayed) != 0 || !got.Last.Nothing {
		t.Errorf("what came at last is said to stay, or that nothing waits is forgotten: %+v, %v", got.Last, err)
	}
	must(t, s.RemoveEntry(ctx, second.ID))
	again, err := s.AddEntry(ctx, pop)
	must(t, err)
	if again.ID == second.ID {
		t.Error("an id was given twice")
	}
	if seen, err := s.Seen(ctx, again.ID); err != nil || len(seen) != 0 {
		t.Error(seen, err)
	}
}

func testSeen(t *testing.T, s collect.Store) {
	ctx := t.Context()
	a, err := s.AddEntry(ctx, collect.Entry{Way: collect.POP3, Created: born()})
	must(t, err)
	b, err := s.AddEntry(ctx, collect.Entry{Way: collect.POP3, Created: born()})
	must(t, err)
	long := strings.Repeat("~", 70)
	must(t, s.Saw(ctx, a.ID, "x", "a", long))
	must(t, s.Saw(ctx, a.ID, "a"))
	must(t, s.Came(ctx, a.ID, "b 1"))
	must(t, s.Settle(ctx, a.ID, collect.Result{At: born(), Messages: 1}, time.Time{})) // Came has counted it
	got, err := s.Entry(ctx, a.ID)
	if must(t, err); got.Total != 1 {
		t.Errorf("%d came", got.Total)
	}
	must(t, s.Saw(ctx, b.ID, "a"))
	seen, err := s.Seen(ctx, a.ID)
	must(t, err)
	same(t, seen, []string{"a", "b 1", "x", long})
	must(t, s.Forget(ctx, a.ID, "a", "never"))
	seen, err = s.Seen(ctx, a.ID)
	must(t, err)
	same(t, seen, []string{"b 1", "x", long})
	must(t, s.RemoveEntry(ctx, a.ID))
	seen, err = s.Seen(ctx, b.ID)
	must(t, err)
	same(t, seen, []string{"a"})
}

func testChange(t *testing.T, s collect.Store) {
	ctx := t.Context()
	e, err := s.AddEntry(ctx, collect.Entry{Way: collect.POP3, Host: "a.example", TLS: collect.Required, CA: "x", User: "u", Password: "geheim",
		Account: "pepe@north.example", Keep: true, Every: time.Hour, Created: born(), Next: born()})
	must(t, err)
	other, err := s.AddEntry(ctx, collect.Entry{Way: collect.POP3, Host: "other.example", Password: "theirs", Created: born()})
	must(t, err)
	must(t, s.Came(ctx, e.ID, "a"))
	must(t, s.Settle(ctx, e.ID, collect.Result{At: born(), Took: time.Second, Messages: 1, Again: 4, Left: 2, Session: 3, Failure: "no", Nothing: true,
		Stayed: []collect.Stay{{UIDL: "b"}}}, born()))
	want := collect.Entry{ID: e.ID, Way: collect.POP3, Host: "b.example", TLS: collect.Implicit, CA: "y", User: "v", Password: "new",
		Domains: []string{"c.example", "d.example"}, Account: "ana@north.example", Every: time.Minute, Created: born(), Next: born().Add(time.Hour)}
	changed := want
	changed.Total = 99
	changed.Way, changed.Created, changed.Last = collect.ETRN, born().Add(time.Hour), collect.Result{At: born(), Failure: "no"}
	last := collect.Result{At: born(), Took: time.Second, Messages: 2, Again: 4, Left: 2, Session: 3, Failure: "no", Erased: 1, Apart: time.Hour,
		Stayed: []collect.Stay{{UIDL: "b", Octets: 7, Why: "full"}, {UIDL: "a"}}}
	must(t, s.Settle(ctx, e.ID, last, born()))
	for _, tt := range []struct {
		begins collect.Anew
		last   collect.Result
		total  int64
		seen   int
	}{
		{collect.NothingAnew, last, 1, 1},
		{collect.ResultAnew, collect.Result{Apart: time.Hour}, 1, 1},
		{collect.AllAnew, collect.Result{}, 0, 0},
	} {
		want.Last, want.Total = tt.last, tt.total
		must(t, s.ChangeEntry(ctx, changed, tt.begins))
		got, err := s.Entry(ctx, e.ID)
		must(t, err)
		same(t, got, want)
		if seen, err := s.Seen(ctx, e.ID); err != nil || len(seen) != tt.seen {
			t.Errorf("%d begins anew: it knows %q, %v", tt.begins, seen, err)
		}
	}
	got, err := s.Entry(ctx, other.ID)
	must(t, err)
	same(t, got, other)
}

func testNothing(t *testing.T, s collect.Store) {
	ctx := t.Context()
	const id = 4711
	for name, call := range map[string]func() error{
		"Entry":       func() error { _, err := s.Entry(ctx, id); return err },
		"ChangeEntry": func() error { return s.ChangeEntry(ctx, collect.Entry{ID: id}, collect.AllAnew) },
		"RemoveEntry": func() error { return s.RemoveEntry(ctx, id) },
		"Settle":      func() error { return s.Settle(ctx, id, collect.Result{}, time.Time{}) },
		"Saw":         func() error { return s.Saw(ctx, id, "a") },
		"Came":        func() error { return s.Came(ctx, id, "a") },
	} {
		if err := call(); !errors.Is(err, collect.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
