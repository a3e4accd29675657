package directorytest

import (
	"testing"

	"posta/directory"
)

func testDomains(t *testing.T, b *bench) {
	none, err := b.Domains(b.ctx())
	b.must(err)
	if len(none) != 0 {
		t.Fatalf("a new store has %d domains", len(none))
	}
	full := directory.Domain{Name: "pepito.es", CatchAll: "pepe@pepito.es", Plus: true,
		MaxAccounts: 3, MaxMessage: 4, MaxBytes: 5, SenderCheck: directory.LogOnly, Created: born()}
	added, err := b.AddDomain(b.ctx(), full)
	b.must(err)
	if added.ID == 0 {
		t.Error("the new domain has no id")
	}
	full.ID = added.ID
	b.same(added, full)
	got, err := b.Domain(b.ctx(), "pepito.es")
	b.must(err)
	got.Created = got.Created.UTC()
	b.same(got, full)

	b.domain("other.es")
	changed := directory.Domain{ID: full.ID, Name: "pepito.es", AliasOf: "other.es", SenderCheck: directory.Off, Created: full.Created}
	b.must(b.SetDomain(b.ctx(), changed))
	got, err = b.Domain(b.ctx(), "pepito.es")
	b.must(err)
	got.Created = got.Created.UTC()
	b.same(got, changed)

	_, err = b.AddDomain(b.ctx(), directory.Domain{Name: "pepito.es"})
	b.want(err, directory.ErrExists)
	b.domain("a.es")
	all, err := b.Domains(b.ctx())
	b.must(err)
	if len(all) != 3 || all[0].Name != "a.es" || all[1].Name != "other.es" || all[2].Name != "pepito.es" {
		t.Errorf("domains %+v", all)
	}
}

func testRemoveDomain(t *testing.T, b *bench) {
	for _, name := range []string{"empty.es", "account.es", "alias.es", "list.es", "stays.es"} {
		b.domain(name)
	}
	kept := b.account("pepe", "stays.es")
	gone := b.account("pepe", "account.es")
	_, err := b.AddAlias(b.ctx(), directory.Alias{Address: "x@alias.es", Targets: []string{"pepe@stays.es"}})
	b.must(err)
	l, err := b.AddList(b.ctx(), directory.List{Address: "l@list.es", Kind: directory.Public})
	b.must(err)
	_, err = b.AddMembers(b.ctx(), l.ID, []string{"pepe@stays.es"})
	b.must(err)

	b.must(b.RemoveDomain(b.ctx(), "empty.es", false))
	for _, name := range []string{"account.es", "alias.es", "list.es"} {
		b.want(b.RemoveDomain(b.ctx(), name, false), directory.ErrInUse)
		b.must(b.RemoveDomain(b.ctx(), name, true))
		_, err := b.Domain(b.ctx(), name)
		b.want(err, directory.ErrNotFound)
	}
	_, err = b.AccountByID(b.ctx(), gone.ID)
	b.want(err, directory.ErrNotFound)
	_, err = b.Credentials(b.ctx(), gone.ID)
	b.want(err, directory.ErrNotFound)
	_, err = b.Alias(b.ctx(), "x", "alias.es")
	b.want(err, directory.ErrNotFound)
	_, err = b.ListByID(b.ctx(), l.ID)
	b.want(err, directory.ErrNotFound)
	_, err = b.AccountByID(b.ctx(), kept.ID)
	b.must(err)
	b.domain("account.es")
	left, err := b.Accounts(b.ctx(), "account.es")
	b.must(err)
	if len(left) != 0 {
		t.Errorf("a domain made anew has accounts: %+v", left)
	}
}

func testAccounts(t *testing.T, b *bench) {
	b.domain("pepito.es")
	b.domain("b.es")
	in := directory.Account{Address: "pepe@pepito.es", Local: "Pepe", Domain: "pepito.es",
		Name: "Pepe Peña", Quota: 1 << 40, Disabled: true, Created: born()}
	added, err := b.AddAccount(b.ctx(), in, credentials(1))
	b.must(err)
	if added.ID == 0 {
		t.Fatal("the new account has no id")
	}
	want := in
	want.ID, want.Version = added.ID, added.Version
	b.same(added, want)
	for _, find := range []func() (directory.Account, error){
		func() (directory.Account, error) { return b.Account(b.ctx(), "pepe", "pepito.es") },
		func() (directory.Account, error) { return b.AccountByID(b.ctx(), added.ID) },
	} {
		got, err := find()
		b.must(err)
		got.Created = got.Created.UTC()
		b.same(got, want)
	}

	want.Name, want.Quota, want.Disabled = "Other", 7, false
	b.must(b.SetAccount(b.ctx(), want))
	got, err := b.AccountByID(b.ctx(), added.ID)
	b.must(err)
	got.Created = got.Created.UTC()
	b.same(got, want)

	b.account("zoe", "b.es")
	b.account("ana", "pepito.es")
	all, err := b.Accounts(b.ctx(), "")
	b.must(err)
	b.same(addresses(all), []string{"zoe@b.es", "ana@pepito.es", "pepe@pepito.es"})
	some, err := b.Accounts(b.ctx(), "pepito.es")
	b.must(err)
	b.same(addresses(some), []string{"ana@pepito.es", "pepe@pepito.es"})

	b.must(b.RemoveAccount(b.ctx(), added.ID))
	_, err = b.Account(b.ctx(), "pepe", "pepito.es")
	b.want(err, directory.ErrNotFound)
	b.account("pepe", "pepito.es")
}

func testCredentials(t *testing.T, b *bench) {
	b.domain("pepito.es")
	a := b.account("pepe", "pepito.es")
	other := b.account("ana", "pepito.es")
	got, err := b.Credentials(b.ctx(), a.ID)
	b.must(err)
	b.same(got, credentials(1))
	b.must(b.SetCredentials(b.ctx(), a.ID, credentials(2)))
	got, err = b.Credentials(b.ctx(), a.ID)
	b.must(err)
	b.same(got, credentials(2))
	after, err := b.AccountByID(b.ctx(), a.ID)
	b.must(err)
	if after.Version <= a.Version {
		t.Errorf("version %d after %d: a change of credentials must make it grow", after.Version, a.Version)
	}
	b.must(b.SetAccount(b.ctx(), directory.Account{ID: a.ID, Address: a.Address, Local: a.Local, Domain: a.Domain}))
	again, err := b.AccountByID(b.ctx(), a.ID)
	b.must(err)
	if again.Version < after.Version {
		t.Errorf("SetAccount took the version from %d back to %d", after.Version, again.Version)
	}
	got, err = b.Credentials(b.ctx(), other.ID)
	b.must(err)
	b.same(got, credentials(1))
}

func testLimits(t *testing.T, b *bench) {
	_, err := b.AddDomain(b.ctx(), directory.Domain{Name: "few.es", MaxAccounts: 2})
	b.must(err)
	b.account("a", "few.es")
	second := b.account("b", "few.es")
	_, err = b.AddAccount(b.ctx(), newAccount("c", "few.es"), credentials(1))
	b.want(err, directory.ErrLimit)
	b.must(b.RemoveAccount(b.ctx(), second.ID))
	b.account("c", "few.es")

	_, err = b.AddDomain(b.ctx(), directory.Domain{Name: "small.es", MaxBytes: 100})
	b.must(err)
	a := newAccount("a", "small.es")
	_, err = b.AddAccount(b.ctx(), a, credentials(1))
	b.want(err, directory.ErrLimit)
	a.Quota = 60
	a, err = b.AddAccount(b.ctx(), a, credentials(1))
	b.must(err)
	next := newAccount("b", "small.es")
	next.Quota = 41
	_, err = b.AddAccount(b.ctx(), next, credentials(1))
	b.want(err, directory.ErrLimit)
	_, err = b.Account(b.ctx(), "b", "small.es")
	b.want(err, directory.ErrNotFound)
	next.Quota = 40
	_, err = b.AddAccount(b.ctx(), next, credentials(1))
	b.must(err)
	for _, quota := range []int64{61, 0} {
		a.Quota = quota
		b.want(b.SetAccount(b.ctx(), a), directory.ErrLimit)
	}
	got, err := b.AccountByID(b.ctx(), a.ID)
	b.must(err)
	if got.Quota != 60 {
		t.Errorf("quota %d after a change that was refused", got.Quota)
	}
	a.Quota, a.Disabled = 60, true
	b.must(b.SetAccount(b.ctx(), a))
}

func testAPOP(t *testing.T, b *bench) {
	b.domain("pepito.es")
	a := b.account("pepe", "pepito.es")
	check := func(want bool) directory.Account {
		t.Helper()
		has, err := b.HasAPOPSecrets(b.ctx())
		b.must(err)
		got, err := b.AccountByID(b.ctx(), a.ID)
		b.must(err)
		if has != want || got.APOP != want {
			t.Errorf("HasAPOPSecrets %v, Account.APOP %v, want %v", has, got.APOP, want)
		}
		return got
	}
	before := check(false)
	_, err := b.APOPSecret(b.ctx(), a.ID)
	b.want(err, directory.ErrNotFound)

	b.must(b.SetAPOPSecret(b.ctx(), a.ID, []byte("tan\x00staaf\xff")))
	with := check(true)
	b.must(b.SetAPOPSecret(b.ctx(), a.ID, []byte("second")))
	secret, err := b.APOPSecret(b.ctx(), a.ID)
	b.must(err)
	b.same(secret, []byte("second"))

	b.must(b.SetAPOPSecret(b.ctx(), a.ID, nil))
	without := check(false)
	if before.Version >= with.Version || with.Version >= without.Version {
		t.Errorf("versions %d, %d, %d do not grow", before.Version, with.Version, without.Version)
	}
	b.must(b.SetAPOPSecret(b.ctx(), a.ID, nil))

	b.must(b.SetAPOPSecret(b.ctx(), a.ID, []byte("x")))
	b.must(b.RemoveAccount(b.ctx(), a.ID))
	has, err := b.HasAPOPSecrets(b.ctx())
	b.must(err)
	if has {
		t.Error("a secret outlived its account")
	}
}
