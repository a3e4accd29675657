package directory_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"posta/directory"
	"posta/mail"
)

// fewPages gives up after many look-ups of members.
type fewPages struct {
	directory.Store
	left int
}

func (c *fewPages) ListMembers(ctx context.Context, list, after int64, limit int) ([]directory.Member, error) {
	if c.left--; c.left < 0 {
		return nil, errDisk
	}
	return c.Store.ListMembers(ctx, list, after, limit)
}

// Each address is visited once, or lists that all hold each other would take
// for ever.
func TestWebOfLists(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.account("pepe@a.es")
	var all []string
	for i := range 12 {
		all = append(all, fmt.Sprintf("l%d@a.es", i))
	}
	for i, address := range all {
		others := append(slices.Delete(slices.Clone(all), i, i+1), "pepe@a.es")
		v.list(directory.List{Address: address, Kind: directory.Public}, others...)
	}
	d, err := directory.New(&fewPages{v.store, 100}, fast())
	v.must(err)
	r, err := d.Resolve(v.ctx(), at("l0@a.es"), mail.Address{}, mail.Login{})
	if err != nil || len(r.Targets) != 1 {
		t.Errorf("%d targets, %v", len(r.Targets), err)
	}
}

func TestLists(t *testing.T) {
	v := newVillage(t, fast(), "a.es", "b.es")
	v.domain(directory.Domain{Name: "c.es", AliasOf: "a.es"})
	for _, name := range []string{"ana@a.es", "pepe@a.es", "luz@b.es", "boss@a.es"} {
		v.account(name)
	}
	v.alias("chief@a.es", "boss@a.es")
	v.list(directory.List{Address: "open@a.es", Kind: directory.Public}, "ana@C.es", "PEPE@a.es", "gone@a.es")
	v.list(directory.List{Address: "club@a.es", Kind: directory.Members, Owner: "boss@a.es"}, "ana@a.es", "luz@b.es", "Bob@far.example")
	v.list(directory.List{Address: "news@a.es", Kind: directory.Announcement, Owner: "chief@a.es"}, "ana@a.es", "open@a.es")
	v.list(directory.List{Address: "void@a.es", Kind: directory.Public})
	v.list(directory.List{Address: "owned@a.es", Kind: directory.Public, Owner: "boss@a.es"}, "gone@a.es")
	v.list(directory.List{Address: "outer@a.es", Kind: directory.Public}, "club@a.es", "pepe@a.es")
	v.alias("toclub@a.es", "club@a.es", "pepe@a.es")

	const open, club = "local ana@a.es pepe@a.es", "local ana@a.es luz@b.es outside Bob@far.example"
	for _, tt := range []struct{ to, from, login, want string }{
		{"open@a.es", "x@far.example", "", open},
		{"OPEN@c.es", "x@far.example", "", open},
		{"open+x@a.es", "x@far.example", "", "unknown"},
		{"void@a.es", "x@far.example", "", "unknown"},
		{"owned@a.es", "x@far.example", "", "local boss@a.es"},
		{"club@a.es", "x@far.example", "", "barred"},
		{"club@a.es", "", "", "barred"},
		{"club@a.es", "luz@b.es", "", club},
		{"club@a.es", "Ana@c.es", "", club},
		{"club@a.es", "Bob@FAR.example", "", club},
		{"club@a.es", "boss@a.es", "", "barred"},
		{"club@a.es", "pepe@a.es", "pepe@a.es", "barred"},
		{"club@a.es", "", "ana@a.es", club},
		{"club@a.es", "boss@a.es", "boss@a.es", club},
		{"toclub@a.es", "x@far.example", "", "local pepe@a.es barred club@a.es"},
		{"toclub@a.es", "ana@a.es", "", "local ana@a.es luz@b.es pepe@a.es outside Bob@far.example"},
		{"news@a.es", "boss@a.es", "", "barred"}, // the reverse-path can be forged
		{"news@a.es", "ana@a.es", "ana@a.es", "barred"},
		{"news@a.es", "chief@a.es", "boss@a.es", open},
		{"outer@a.es", "x@far.example", "", "local ana@a.es luz@b.es pepe@a.es outside Bob@far.example"},
	} {
		var login mail.Login
		if tt.login != "" {
			login = v.login(tt.login)
		}
		r, err := v.Resolve(v.ctx(), at(tt.to), at(tt.from), login)
		v.must(err)
		if got := show(r); got != tt.want {
			t.Errorf("%s from %q, login %q: %q, want %q", tt.to, tt.from, tt.login, got, tt.want)
		}
	}
}

// What a list does not take from a sender goes to the others to whom the address
// leads; a list that it is a member of may lead to it all the same.
func TestPartlyBarred(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.domain(directory.Domain{Name: "c.es", AliasOf: "a.es"})
	for _, name := range []string{"ana@a.es", "pepe@a.es", "boss@a.es", "keeps@a.es", "sends@a.es", "both@a.es"} {
		v.account(name)
	}
	v.list(directory.List{Address: "news@a.es", Kind: directory.Announcement, Owner: "boss@a.es"}, "pepe@a.es")
	v.list(directory.List{Address: "club@a.es", Kind: directory.Members, Owner: "boss@a.es"}, "ana@a.es", "news@a.es")
	v.list(directory.List{Address: "open@a.es", Kind: directory.Public}, "club@c.es")
	v.alias("only@a.es", "club@a.es")
	v.alias("gone@a.es", "nobody@a.es", "club@a.es")
	v.alias("member@a.es", "club@a.es", "ana@a.es")
	v.alias("two@a.es", "club@a.es", "news@a.es", "boss@a.es")
	v.alias("out@a.es", "club@a.es", "x@far.example")
	v.alias("ways@a.es", "club@c.es", "only@a.es", "open@a.es")
	v.alias("sender@a.es", "sends@a.es", "ana@a.es")
	for from, to := range map[string][]string{"keeps@a.es": {"club@a.es"}, "sends@a.es": {"only@a.es"}, "both@a.es": {"club@a.es", "ana@a.es"}} {
		_, err := v.SetForward(v.ctx(), from, to, from == "keeps@a.es")
		v.must(err)
	}
	v.leads(map[string]string{
		"only@a.es":   "barred",
		"gone@a.es":   "barred",
		"member@a.es": "local ana@a.es barred club@a.es",
		"two@a.es":    "local boss@a.es barred club@a.es barred news@a.es",
		"out@a.es":    "elsewhere outside x@far.example barred club@a.es",
		"ways@a.es":   "local ana@a.es pepe@a.es",
		"sender@a.es": "local ana@a.es barred club@a.es",
		"keeps@a.es":  "local keeps@a.es barred club@a.es",
		"sends@a.es":  "barred",
		"both@a.es":   "local ana@a.es barred club@a.es",
	})
}

func TestLargeLists(t *testing.T) {
	o := fast()
	o.ExpandNow = 20
	v := newVillage(t, o, "a.es")
	var all []string
	for i := range 50 {
		all = append(all, v.account(fmt.Sprintf("m%d@a.es", i)).Address)
	}
	big := v.list(directory.List{Address: "big@a.es", Kind: directory.Public}, append(all[:30:30], "inner@a.es")...)
	inner := v.list(directory.List{Address: "inner@a.es", Kind: directory.Members}, append(all[25:50:50], "big@a.es")...)
	v.list(directory.List{Address: "all@a.es", Kind: directory.Public}, "m1@a.es", "big@a.es")
	v.list(directory.List{Address: "edge@a.es", Kind: directory.Public}, all[:20]...)
	v.leads(map[string]string{"big@a.es": "local large big@a.es", "all@a.es": "local m1@a.es large big@a.es"})
	r, err := v.Resolve(v.ctx(), at("edge@a.es"), mail.Address{}, mail.Login{})
	v.must(err)
	if len(r.Targets) != 20 || len(r.Large) != 0 {
		t.Errorf("a list of just ExpandNow members: %d targets, %d large", len(r.Targets), len(r.Large))
	}

	if _, err := v.AddMembers(v.ctx(), inner.Address, []string{"x@far.example", "gone@a.es"}); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	outside, nowhere := 0, 0
	after, done := int64(0), false
	for rounds := 0; !done; rounds++ {
		b, err := v.Expand(v.ctx(), big.ID, after, 7)
		v.must(err)
		for _, target := range b.Targets {
			got[target.Address]++
		}
		for _, o := range b.Outside {
			if outside++; o.Address != "x@far.example" || o.Via != "inner@a.es" || o.List.Address != "inner@a.es" {
				t.Errorf("%+v", o)
			}
		}
		for _, o := range b.Nowhere {
			if nowhere++; o.Address != "gone@a.es" || o.List.Address != "inner@a.es" {
				t.Errorf("%+v", o)
			}
		}
		after, done = b.After, b.Done
		if rounds > 10 {
			t.Fatal("the expansion does not end")
		}
	}
	if len(got) != 50 || outside != 1 || nowhere != 1 {
		t.Errorf("expanded to %d accounts, %d outside and %d nowhere, want 50, 1 and 1", len(got), outside, nowhere)
	}
	v.must(v.RemoveList(v.ctx(), "big@a.es"))
	if _, err := v.Expand(v.ctx(), big.ID, after, 7); kind(err) != directory.ErrNotFound {
		t.Errorf("a list that went: %v", err)
	}
}
