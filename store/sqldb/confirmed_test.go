package sqldb_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"posta/directory"
	"posta/store"
	"posta/store/sqldb"
)

// What was confirmed goes with its domain, and when that is sent another way.
func TestConfirmedOfDomain(t *testing.T) {
	db := open(t, sqldb.Options{})
	now := time.Now().Truncate(time.Microsecond).UTC()
	relay := directory.Domain{Kind: directory.KindRelay, Relay: "in.example", Callout: true}
	all := map[string]directory.Domain{}
	for _, name := range []string{"kind", "relay", "callout", "gone", "kept"} {
		d := relay
		d.Name = name + ".example"
		d, err := db.Directory().AddDomain(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = d
		if err := db.Confirm(t.Context(), store.Confirmation{Domain: d.Name, Local: "ana", Way: "w", At: now}); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(*directory.Domain){
		"kind":    func(d *directory.Domain) { d.Kind, d.Callout = directory.KindLocal, false },
		"relay":   func(d *directory.Domain) { d.Relay = "other.example" },
		"callout": func(d *directory.Domain) { d.Callout = false },
		"kept":    func(d *directory.Domain) { d.MaxMessage = 7 },
	} {
		d := all[name]
		change(&d)
		if err := db.Directory().SetDomain(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Directory().RemoveDomain(t.Context(), "gone.example", false); err != nil {
		t.Fatal(err)
	}
	var left []string
	for name := range all {
		at, err := db.Confirmed(t.Context(), name+".example", "ana", "w")
		if err != nil {
			t.Error(err)
		}
		if at.Equal(now) {
			left = append(left, name)
		}
	}
	if !slices.Equal(left, []string{"kept"}) {
		t.Errorf("left: %q", left)
	}
}

// What was confirmed is in a backup, and comes through a rescue.
func TestConfirmedIsKept(t *testing.T) {
	dir, _ := house(t, `INSERT INTO confirmed_recipient (domain, local_key, way, at)
		SELECT name, 'eva', 'in.example', 1700000000000000 FROM domain`)
	there := func(dir string) {
		t.Helper()
		db := openIn(t, dir, sqldb.Options{})
		defer db.Close()
		if n, err := db.Number(t.Context(), `SELECT at FROM confirmed_recipient WHERE local_key = 'eva' AND way = 'in.example'`); err != nil || n != 1700000000000000 {
			t.Errorf("confirmed %d, %v", n, err)
		}
	}
	copied := t.TempDir()
	k := keeper(t, dir)
	if _, err := k.Backup(t.Context(), filepath.Join(copied, sqldb.File), nil); err != nil {
		t.Fatal(err)
	}
	there(copied)
	file := filepath.Join(dir, sqldb.File)
	leaves := pagesOf(t, file, 13)
	spoil(t, file, leaves[len(leaves)/2]*page, make([]byte, page))
	if r, err := k.Repair(t.Context(), nil); err != nil || r.Kept == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	there(dir)
}
