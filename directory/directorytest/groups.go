package directorytest

import (
	"fmt"
	"testing"

	"posta/directory"
)

func testAliases(t *testing.T, b *bench) {
	b.domain("pepito.es")
	b.domain("b.es")
	in := directory.Alias{Address: "info@pepito.es", Targets: []string{"z@pepito.es", "a@outside.example", "m@b.es"}}
	added, err := b.AddAlias(b.ctx(), in)
	b.must(err)
	if added.ID == 0 {
		t.Error("the new alias has no id")
	}
	in.ID = added.ID
	b.same(added, in)
	got, err := b.Alias(b.ctx(), "info", "pepito.es")
	b.must(err)
	b.same(got, in)

	in.Targets = []string{"only@b.es"}
	b.must(b.SetAlias(b.ctx(), in))
	got, err = b.Alias(b.ctx(), "info", "pepito.es")
	b.must(err)
	b.same(got, in)

	other, err := b.AddAlias(b.ctx(), directory.Alias{Address: "zz@b.es", Targets: []string{"y@b.es", "x@b.es"}})
	b.must(err)
	all, err := b.Aliases(b.ctx(), "")
	b.must(err)
	b.same(all, []directory.Alias{other, in})
	some, err := b.Aliases(b.ctx(), "pepito.es")
	b.must(err)
	b.same(some, []directory.Alias{in})

	b.must(b.RemoveAlias(b.ctx(), in.ID))
	_, err = b.Alias(b.ctx(), "info", "pepito.es")
	b.want(err, directory.ErrNotFound)
	_, err = b.AddAlias(b.ctx(), directory.Alias{Address: "info@pepito.es", Targets: []string{"a@b.es"}})
	b.must(err)
}

func testLists(t *testing.T, b *bench) {
	b.domain("pepito.es")
	b.domain("b.es")
	in := directory.List{Address: "class@pepito.es", Kind: directory.Announcement, Owner: "ana@b.es", Name: "The class"}
	added, err := b.AddList(b.ctx(), in)
	b.must(err)
	if added.ID == 0 {
		t.Error("the new list has no id")
	}
	in.ID = added.ID
	b.same(added, in)
	in.Kind, in.Owner, in.Name = directory.Members, "", "Other"
	b.must(b.SetList(b.ctx(), in))
	n, err := b.AddMembers(b.ctx(), in.ID, []string{"x@b.es", "y@b.es"})
	b.must(err)
	if n != 2 {
		t.Errorf("%d members added, want 2", n)
	}
	in.Members = 2
	got, err := b.List(b.ctx(), "class", "pepito.es")
	b.must(err)
	b.same(got, in)
	got, err = b.ListByID(b.ctx(), in.ID)
	b.must(err)
	b.same(got, in)

	other, err := b.AddList(b.ctx(), directory.List{Address: "zz@b.es", Kind: directory.Public})
	b.must(err)
	all, err := b.Lists(b.ctx(), "")
	b.must(err)
	b.same(all, []directory.List{other, in})
	some, err := b.Lists(b.ctx(), "b.es")
	b.must(err)
	b.same(some, []directory.List{other})

	b.must(b.RemoveList(b.ctx(), in.ID))
	_, err = b.List(b.ctx(), "class", "pepito.es")
	b.want(err, directory.ErrNotFound)
	left, err := b.ListMembers(b.ctx(), in.ID, 0, 10)
	if err == nil && len(left) != 0 {
		t.Errorf("members outlived their list: %+v", left)
	}
}

func testMembers(t *testing.T, b *bench) {
	b.domain("pepito.es")
	account := b.account("m7", "pepito.es")
	l, err := b.AddList(b.ctx(), directory.List{Address: "all@pepito.es", Kind: directory.Public})
	b.must(err)
	other, err := b.AddList(b.ctx(), directory.List{Address: "other@pepito.es", Kind: directory.Public})
	b.must(err)
	var in []string
	for i := range 2500 {
		in = append(in, fmt.Sprintf("m%d@pepito.es", i))
	}
	for _, id := range []int64{l.ID, other.ID} {
		n, err := b.AddMembers(b.ctx(), id, in)
		b.must(err)
		if n != len(in) {
			t.Fatalf("%d members added, want %d", n, len(in))
		}
	}
	n, err := b.AddMembers(b.ctx(), l.ID, []string{"m1@pepito.es", "new@pepito.es", "new@pepito.es"})
	b.must(err)
	if n != 1 {
		t.Errorf("%d members added, want only the new one", n)
	}
	b.same(b.page(l.ID, 999), append(in, "new@pepito.es"))

	n, err = b.RemoveMembers(b.ctx(), l.ID, []string{"m0@pepito.es", "m2499@pepito.es", "nobody@pepito.es"})
	b.must(err)
	if n != 2 {
		t.Errorf("%d members removed, want 2", n)
	}
	for address, want := range map[string]bool{"m0@pepito.es": false, "m1@pepito.es": true, "x@y.z": false} {
		is, err := b.IsMember(b.ctx(), l.ID, address)
		b.must(err)
		if is != want {
			t.Errorf("IsMember(%s) = %v", address, is)
		}
	}
	b.must(b.RemoveAccount(b.ctx(), account.ID))
	for _, id := range []int64{l.ID, other.ID} {
		is, err := b.IsMember(b.ctx(), id, "m7@pepito.es")
		b.must(err)
		if is {
			t.Error("a membership outlived its account")
		}
	}
	got, err := b.ListByID(b.ctx(), l.ID)
	b.must(err)
	if want := int64(len(in) + 1 - 2 - 1); got.Members != want {
		t.Errorf("the list counts %d members, want %d", got.Members, want)
	}
}

// page reads all members in pages, and checks that ids grow.
func (b *bench) page(list int64, size int) []string {
	b.Helper()
	var out []string
	after := int64(0)
	for {
		ms, err := b.ListMembers(b.ctx(), list, after, size)
		b.must(err)
		if len(ms) > size {
			b.Fatalf("a page of %d members, limit %d", len(ms), size)
		}
		for _, m := range ms {
			if m.ID <= after {
				b.Fatalf("member id %d follows %d", m.ID, after)
			}
			after = m.ID
			out = append(out, m.Address)
		}
		if len(ms) == 0 {
			return out
		}
	}
}
