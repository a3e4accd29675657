package sqldb_test

import (
	"errors"
	"testing"
	"time"

	"posta/directory"
	"posta/sign"
	"posta/store/sqldb"
)

func TestSigningKeys(t *testing.T) {
	dir := t.TempDir()
	db, err := sqldb.Open(t.Context(), dir, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b.example", "a.example"} {
		if _, err := db.Directory().AddDomain(t.Context(), directory.NewDomain(name)); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	key := func(domain, selector string) sign.Key {
		return sign.Key{Domain: domain, Selector: selector, Algorithm: sign.RSA, Private: []byte{1, 2, 0, 3}, State: sign.Next, Created: at, Changed: at}
	}
	generation := db.Generation()
	if err := db.ChangeKeys(t.Context(), sign.KeyChange{Add: []sign.Key{key("b.example", "s"), key("a.example", "s"), key("a.example", "t")}}); err != nil {
		t.Fatal(err)
	}
	if db.Generation() == generation {
		t.Error("the generation has not grown")
	}
	for what, c := range map[string]struct {
		change sign.KeyChange
		want   error
	}{
		"the same selector": {sign.KeyChange{Add: []sign.Key{key("a.example", "u"), key("a.example", "t")}}, sign.ErrExists},
		"nobody's domain":   {sign.KeyChange{Add: []sign.Key{key("c.example", "s")}}, sign.ErrNotFound},
		"no such key":       {sign.KeyChange{Remove: []int64{1, 99}}, sign.ErrNotFound},
		"none to set":       {sign.KeyChange{Set: []sign.Key{{ID: 99}}}, sign.ErrNotFound},
	} {
		if err := db.ChangeKeys(t.Context(), c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	all, err := db.SigningKeys(t.Context(), "")
	if err != nil || len(all) != 3 || all[0].Domain != "a.example" || all[1].Selector != "t" || all[2].Domain != "b.example" {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	old := all[0]
	old.State, old.Changed = sign.Old, at.Add(time.Hour)
	if err := db.ChangeKeys(t.Context(), sign.KeyChange{Set: []sign.Key{old}, Remove: []int64{all[1].ID}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openIn(t, dir, sqldb.Options{})
	some, err := db.SigningKeys(t.Context(), "a.example")
	if err != nil || len(some) != 1 || some[0].State != sign.Old || !some[0].Changed.Equal(old.Changed) || string(some[0].Private) != "\x01\x02\x00\x03" {
		t.Fatalf("%d keys, %v", len(some), err)
	}
	if err := db.Directory().RemoveDomain(t.Context(), "a.example", false); err != nil {
		t.Fatal(err)
	}
	if all, err = db.SigningKeys(t.Context(), ""); err != nil || len(all) != 1 || all[0].Domain != "b.example" {
		t.Errorf("after the domain has gone: %d keys, %v", len(all), err)
	}
}
