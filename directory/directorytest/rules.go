package directorytest

import (
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
)

func testTaken(t *testing.T, b *bench) {
	b.domain("pepito.es")
	b.account("account", "pepito.es")
	_, err := b.AddAlias(b.ctx(), directory.Alias{Address: "alias@pepito.es", Targets: []string{"account@pepito.es"}})
	b.must(err)
	_, err = b.AddList(b.ctx(), directory.List{Address: "list@pepito.es", Kind: directory.Public})
	b.must(err)
	for _, name := range []string{"account", "alias", "list"} {
		address := name + "@pepito.es"
		_, err := b.AddAccount(b.ctx(), newAccount(strings.ToUpper(name), "pepito.es"), credentials(1))
		b.want(err, directory.ErrExists)
		_, err = b.AddAlias(b.ctx(), directory.Alias{Address: address, Targets: []string{"account@pepito.es"}})
		b.want(err, directory.ErrExists)
		_, err = b.AddList(b.ctx(), directory.List{Address: address, Kind: directory.Public})
		b.want(err, directory.ErrExists)
	}
	b.domain("other.es")
	b.account("alias", "other.es")
}

// An id that came back would open an old log-in, or an old list's expansion,
// to somebody new.
func testIDs(t *testing.T, b *bench) {
	b.domain("pepito.es")
	var seen []int64
	for range 3 {
		a := b.account("pepe", "pepito.es")
		if slices.Contains(seen, a.ID) {
			t.Fatalf("account id %d was given before", a.ID)
		}
		seen = append(seen, a.ID)
		b.must(b.RemoveAccount(b.ctx(), a.ID))
	}
	l, err := b.AddList(b.ctx(), directory.List{Address: "l@pepito.es", Kind: directory.Public})
	b.must(err)
	last := int64(0)
	for range 3 {
		_, err := b.AddMembers(b.ctx(), l.ID, []string{"x@y.z"})
		b.must(err)
		ms, err := b.ListMembers(b.ctx(), l.ID, last, 10)
		b.must(err)
		if len(ms) != 1 {
			t.Fatalf("%d members after id %d, want 1: member ids must grow", len(ms), last)
		}
		last = ms[0].ID
		_, err = b.RemoveMembers(b.ctx(), l.ID, []string{"x@y.z"})
		b.must(err)
	}
	b.must(b.RemoveList(b.ctx(), l.ID))
	again, err := b.AddList(b.ctx(), directory.List{Address: "l@pepito.es", Kind: directory.Public})
	b.must(err)
	if again.ID == l.ID {
		t.Errorf("list id %d was given twice", l.ID)
	}
}

func testSettings(_ *testing.T, b *bench) {
	_, err := b.Setting(b.ctx(), "key")
	b.want(err, directory.ErrNotFound)
	b.must(b.SetSetting(b.ctx(), "key", []byte{0, 1, 255}))
	b.must(b.SetSetting(b.ctx(), "other", []byte("x")))
	got, err := b.Setting(b.ctx(), "key")
	b.must(err)
	b.same(got, []byte{0, 1, 255})
	b.must(b.SetSetting(b.ctx(), "key", []byte("new")))
	got, err = b.Setting(b.ctx(), "key")
	b.must(err)
	b.same(got, []byte("new"))
}

func testNotFound(t *testing.T, b *bench) {
	b.domain("pepito.es")
	ctx := b.ctx()
	const id = 4711
	calls := map[string]func() error{
		"Domain":                func() error { _, err := b.Domain(ctx, "x.es"); return err },
		"SetDomain":             func() error { return b.SetDomain(ctx, directory.Domain{ID: id, Name: "x.es"}) },
		"RemoveDomain":          func() error { return b.RemoveDomain(ctx, "x.es", false) },
		"RemoveDomain by force": func() error { return b.RemoveDomain(ctx, "x.es", true) },
		"Account":               func() error { _, err := b.Account(ctx, "pepe", "pepito.es"); return err },
		"Account elsewhere":     func() error { _, err := b.Account(ctx, "pepe", "x.es"); return err },
		"AccountByID":           func() error { _, err := b.AccountByID(ctx, id); return err },
		"Credentials":           func() error { _, err := b.Credentials(ctx, id); return err },
		"AddAccount": func() error {
			_, err := b.AddAccount(ctx, newAccount("a", "x.es"), credentials(1))
			return err
		},
		"SetAccount":     func() error { return b.SetAccount(ctx, directory.Account{ID: id}) },
		"SetCredentials": func() error { return b.SetCredentials(ctx, id, credentials(1)) },
		"RemoveAccount":  func() error { return b.RemoveAccount(ctx, id) },
		"APOPSecret":     func() error { _, err := b.APOPSecret(ctx, id); return err },
		"SetAPOPSecret":  func() error { return b.SetAPOPSecret(ctx, id, []byte("x")) },
		"Alias":          func() error { _, err := b.Alias(ctx, "pepe", "pepito.es"); return err },
		"AddAlias": func() error {
			_, err := b.AddAlias(ctx, directory.Alias{Address: "a@x.es", Targets: []string{"b@x.es"}})
			return err
		},
		"SetAlias":    func() error { return b.SetAlias(ctx, directory.Alias{ID: id, Targets: []string{"a@b.c"}}) },
		"RemoveAlias": func() error { return b.RemoveAlias(ctx, id) },
		"List":        func() error { _, err := b.List(ctx, "pepe", "pepito.es"); return err },
		"ListByID":    func() error { _, err := b.ListByID(ctx, id); return err },
		"AddList": func() error {
			_, err := b.AddList(ctx, directory.List{Address: "a@x.es", Kind: directory.Public})
			return err
		},
		"SetList":    func() error { return b.SetList(ctx, directory.List{ID: id, Kind: directory.Public}) },
		"RemoveList": func() error { return b.RemoveList(ctx, id) },
		"AddMembers": func() error { _, err := b.AddMembers(ctx, id, []string{"a@b.c"}); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { (&bench{T: t, Store: b.Store}).want(call(), directory.ErrNotFound) })
	}
}

func testGeneration(t *testing.T, b *bench) {
	last := b.Generation()
	grew := func(what string, err error) {
		t.Helper()
		b.must(err)
		if now := b.Generation(); now <= last {
			t.Errorf("generation %d after %s, %d before", now, what, last)
		} else {
			last = now
		}
	}
	ctx := b.ctx()
	d, err := b.AddDomain(ctx, directory.Domain{Name: "pepito.es"})
	grew("AddDomain", err)
	grew("SetDomain", b.SetDomain(ctx, d))
	a, err := b.AddAccount(ctx, newAccount("pepe", "pepito.es"), credentials(1))
	grew("AddAccount", err)
	grew("SetAccount", b.SetAccount(ctx, a))
	grew("SetCredentials", b.SetCredentials(ctx, a.ID, credentials(2)))
	grew("SetAPOPSecret", b.SetAPOPSecret(ctx, a.ID, []byte("x")))
	al, err := b.AddAlias(ctx, directory.Alias{Address: "x@pepito.es", Targets: []string{"pepe@pepito.es"}})
	grew("AddAlias", err)
	grew("SetAlias", b.SetAlias(ctx, al))
	grew("RemoveAlias", b.RemoveAlias(ctx, al.ID))
	l, err := b.AddList(ctx, directory.List{Address: "l@pepito.es", Kind: directory.Public})
	grew("AddList", err)
	grew("SetList", b.SetList(ctx, l))
	_, err = b.AddMembers(ctx, l.ID, []string{"a@b.c"})
	grew("AddMembers", err)
	_, err = b.RemoveMembers(ctx, l.ID, []string{"a@b.c"})
	grew("RemoveMembers", err)
	grew("RemoveList", b.RemoveList(ctx, l.ID))
	grew("RemoveAccount", b.RemoveAccount(ctx, a.ID))
	grew("RemoveDomain", b.RemoveDomain(ctx, "pepito.es", false))
}

// Names with quotes, UTF-8 and SQL's own letters are names like others.
func testOddNames(t *testing.T, b *bench) {
	b.domain("xn--espaa-rta.example")
	names := []string{"o'hara", "100%", "a_b", "Peña", "a*b", "semi;colon--", "x@y \"z\"\\"}
	for _, local := range names {
		key := directory.Key(local)
		in := directory.Account{Address: mail.Address{Local: key, Domain: "xn--espaa-rta.example"}.String(), Local: local,
			Domain: "xn--espaa-rta.example", Name: "'; DROP TABLE account; --", Created: born()}
		added, err := b.AddAccount(b.ctx(), in, credentials(3))
		b.must(err)
		got, err := b.Account(b.ctx(), key, "xn--espaa-rta.example")
		b.must(err)
		if got.ID != added.ID || got.Local != local || got.Name != in.Name || got.Address != in.Address {
			t.Errorf("%q came back as %+v", local, got)
		}
	}
	l, err := b.AddAlias(b.ctx(), directory.Alias{Address: `"a b"@xn--espaa-rta.example`, Targets: []string{`"c,d e"@x.es`}})
	b.must(err)
	got, err := b.Alias(b.ctx(), "a b", "xn--espaa-rta.example")
	b.must(err)
	b.same(got, l)
}
