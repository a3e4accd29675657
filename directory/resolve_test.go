package directory_test

import (
	"fmt"
	"sync"
	"testing"

	"posta/directory"
	"posta/mail"
)

func TestResolve(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es", "españa.example")
	strict := directory.NewDomain("noplus.es")
	strict.Plus, strict.CatchAll, strict.MaxMessage = false, "pepe@pepito.es", 500
	v.domain(strict)
	v.domain(directory.Domain{Name: "other.es", AliasOf: "pepito.es", MaxMessage: 700})
	v.domain(directory.Domain{Name: "away.es", CatchAll: "all@far.example"})
	v.account("pepe@pepito.es")
	v.account("ana@pepito.es")
	v.account("a+b@pepito.es")
	v.account("peña@xn--espaa-rta.example")
	v.account("solo@noplus.es")
	v.alias("info@pepito.es", "Pepe@PEPITO.es", "ana@other.es", "pepe@pepito.es")
	v.alias("chain@pepito.es", "info@pepito.es", "solo@noplus.es")
	v.alias("far@pepito.es", "pepe@pepito.es", "Someone@Far.Example")
	v.alias("ghost@pepito.es", "nobody@pepito.es")
	v.alias("half@pepito.es", "nobody@pepito.es", "ana@pepito.es")
	v.leads(map[string]string{
		"pepe@pepito.es":                  "local pepe@pepito.es",
		"PEPE@Pepito.ES":                  "local pepe@pepito.es",
		"pepe+news@pepito.es":             "local pepe@pepito.es",
		"pepe+a+b@pepito.es":              "local pepe@pepito.es",
		"info+x@pepito.es":                "local pepe@pepito.es ana@pepito.es",
		"a+b@pepito.es":                   "local a+b@pepito.es",
		"a+c@pepito.es":                   "unknown",
		"+pepe@pepito.es":                 "unknown",
		"pepe@other.es":                   "local pepe@pepito.es",
		"pepe+x@OTHER.es":                 "local pepe@pepito.es",
		"nobody@pepito.es":                "unknown",
		"nobody@other.es":                 "unknown",
		"solo+x@noplus.es":                "local pepe@pepito.es",
		"solo@noplus.es":                  "local solo@noplus.es",
		"anything@noplus.es":              "local pepe@pepito.es",
		"anything@away.es":                "elsewhere outside all@far.example",
		"info@pepito.es":                  "local pepe@pepito.es ana@pepito.es",
		"chain@pepito.es":                 "local pepe@pepito.es ana@pepito.es solo@noplus.es",
		"far@pepito.es":                   "local pepe@pepito.es outside Someone@far.example",
		"ghost@pepito.es":                 "unknown",
		"half@pepito.es":                  "local ana@pepito.es",
		"pepe@far.example":                "nonlocal",
		"pepe@[192.0.2.1]":                "nonlocal",
		"PEÑA@ESPAÑA.example":             "local peña@xn--espaa-rta.example",
		"pen\u0303a@espan\u0303a.example": "local peña@xn--espaa-rta.example",
		"peña@XN--ESPAA-RTA.example":      "local peña@xn--espaa-rta.example",
		"pepe@bad..\u00ff.example\xff":    "nonlocal",
	})

	via := map[string]string{"pepe@pepito.es": "pepe@pepito.es", "Pepe+X@other.es": "pepe+x@other.es",
		"info@pepito.es": "info@pepito.es", "chain@pepito.es": "info@pepito.es", "Any@noplus.es": "any@noplus.es"}
	for to, want := range via {
		r, err := v.Resolve(v.ctx(), at(to), mail.Address{}, mail.Login{})
		v.must(err)
		if r.Targets[0].Via != want {
			t.Errorf("%s came via %s, want %s", to, r.Targets[0].Via, want)
		}
	}
	limits := map[string]int64{"pepe@pepito.es": 0, "pepe@other.es": 700, "solo@noplus.es": 500, "chain@pepito.es": 500}
	for to, want := range limits {
		r, err := v.Resolve(v.ctx(), at(to), mail.Address{}, mail.Login{})
		v.must(err)
		if r.MaxMessage != want {
			t.Errorf("%s takes messages of %d octets, want %d", to, r.MaxMessage, want)
		}
	}
}

// A change is seen by the next question.
func TestResolveAfterChange(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	steps := []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, "unknown"},
		{func() error {
			_, err := v.AddAccount(v.ctx(), "pepe", "x", directory.AccountOptions{})
			return err
		}, "local pepe@pepito.es"},
		{func() error {
			_, err := v.SetAccount(v.ctx(), "pepe", directory.AccountOptions{Disabled: true})
			return err
		}, "local pepe@pepito.es"}, // may not log in, still gets mail
		{func() error { return v.RemoveAccount(v.ctx(), "pepe") }, "unknown"},
		{func() error { return v.RemoveDomain(v.ctx(), "pepito.es", false) }, "nonlocal"},
	}
	for i, s := range steps {
		v.must(s.do())
		if got := v.resolve("pepe@pepito.es"); got != s.want {
			t.Errorf("step %d: %q, want %q", i, got, s.want)
		}
	}
}

func TestCircles(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.account("pepe@a.es")
	// The operations refuse circles of aliases; a store may hold them all the same.
	add := func(address string, targets ...string) {
		_, err := v.store.AddAlias(v.ctx(), directory.Alias{Address: address, Targets: targets})
		v.must(err)
	}
	add("self@a.es", "self@a.es")
	add("x@a.es", "y@a.es")
	add("y@a.es", "x@a.es", "pepe@a.es")
	for i := range 40 {
		add(fmt.Sprintf("n%d@a.es", i), fmt.Sprintf("n%d@a.es", i+1))
	}
	add("n40@a.es", "pepe@a.es")
	v.list(directory.List{Address: "l1@a.es", Kind: directory.Public}, "l2@a.es", "pepe@a.es")
	v.list(directory.List{Address: "l2@a.es", Kind: directory.Public}, "l1@a.es", "x@a.es")
	d, err := v.store.Domain(v.ctx(), "a.es")
	v.must(err)
	v.leads(map[string]string{"self@a.es": "unknown", "x@a.es": "local pepe@a.es", "l1@a.es": "local pepe@a.es",
		"l2@a.es": "local pepe@a.es", "n0@a.es": "unknown", "n30@a.es": "local pepe@a.es"})
	d.CatchAll = "nobody@a.es"
	v.must(v.store.SetDomain(v.ctx(), d))
	v.leads(map[string]string{"what@a.es": "unknown"})
	_, err = v.store.AddDomain(v.ctx(), directory.Domain{Name: "b.es", AliasOf: "c.es"})
	v.must(err)
	_, err = v.store.AddDomain(v.ctx(), directory.Domain{Name: "c.es", AliasOf: "b.es"})
	v.must(err)
	v.leads(map[string]string{"pepe@b.es": "nonlocal"})
}

// postmaster and abuse always reach somebody, who is said to be whom in house.go.
func TestReserved(t *testing.T) {
	o := fast()
	v := newVillage(t, o)
	v.leads(map[string]string{"postmaster": "unknown", "postmaster@x.es": "nonlocal"})
	for _, name := range []string{"main.es", "empty.es", "own.es", "caught.es", "dead.es", "list.es", "far.es"} {
		v.domain(directory.NewDomain(name))
	}
	v.domain(directory.Domain{Name: "also.es", AliasOf: "own.es"})
	v.leads(map[string]string{"postmaster": "unknown"}) // nobody lives here yet
	first := v.account("first@main.es")
	v.account("second@main.es")
	v.account("a@own.es")
	v.account("boss@own.es")
	v.account("a@caught.es")
	v.account("b@caught.es")
	v.account("a@dead.es")
	v.account("a@list.es")
	v.account("a@far.es")
	v.alias("postmaster@own.es", "boss@own.es")
	v.alias("postmaster@dead.es", "nobody@dead.es")
	v.alias("postmaster@far.es", "x@far.example")
	v.list(directory.List{Address: "postmaster@list.es", Kind: directory.Announcement, Owner: "a@list.es"}, "a@list.es", "first@main.es")
	caught, err := v.Domain(v.ctx(), "caught.es")
	v.must(err)
	caught.CatchAll = "b@caught.es"
	_, err = v.SetDomain(v.ctx(), caught)
	v.must(err)
	v.alias("webmaster@main.es", "postmaster@main.es")
	v.leads(map[string]string{
		"postmaster":            "local first@main.es",
		"PostMaster":            "local first@main.es",
		"postMASTER@main.es":    "local first@main.es",
		"abuse@main.es":         "local first@main.es",
		"webmaster@main.es":     "local first@main.es",
		"postmaster@empty.es":   "local first@main.es",
		"abuse@empty.es":        "local first@main.es",
		"postmaster@own.es":     "local boss@own.es",
		"abuse@own.es":          "local boss@own.es",
		"abuse@also.es":         "local boss@own.es",
		"postmaster@caught.es":  "local b@caught.es",
		"postmaster@dead.es":    "local a@dead.es",
		"abuse@dead.es":         "local a@dead.es",
		"postmaster@list.es":    "local a@list.es first@main.es",
		"postmaster@far.es":     "elsewhere outside x@far.example instead a@far.es",
		"postmaster@not.ours":   "nonlocal",
		"hostmaster@main.es":    "unknown",
		"postmaster+x@empty.es": "unknown",
	})
	_, err = v.SetAccount(v.ctx(), first.Address, directory.AccountOptions{Disabled: true})
	v.must(err)
	v.leads(map[string]string{"postmaster@main.es": "local second@main.es"})

	o.Postmaster, o.DefaultDomain = "boss@OWN.es", "caught.es"
	d, err := directory.New(v.store, o)
	v.must(err)
	v.Directory = d
	v.leads(map[string]string{"postmaster": "local boss@own.es", "abuse@main.es": "local boss@own.es",
		"postmaster@list.es": "local a@list.es first@main.es"})
}

func TestOwns(t *testing.T) {
	v := newVillage(t, fast(), "a.es", "b.es")
	v.domain(directory.Domain{Name: "c.es", AliasOf: "a.es"})
	caught, err := v.Domain(v.ctx(), "b.es")
	v.must(err)
	v.account("pepe@a.es")
	v.account("ana@a.es")
	caught.CatchAll = "pepe@a.es"
	_, err = v.SetDomain(v.ctx(), caught)
	v.must(err)
	v.alias("sales@a.es", "pepe@a.es")
	v.alias("deep@a.es", "sales@a.es")
	v.alias("both@a.es", "pepe@a.es", "ana@a.es")
	v.alias("far@a.es", "pepe@a.es", "x@far.example")
	v.list(directory.List{Address: "list@a.es", Kind: directory.Public, Owner: "pepe@a.es"}, "pepe@a.es")
	v.alias("vialist@a.es", "list@a.es")
	pepe := v.login("pepe@a.es")
	for address, want := range map[string]bool{
		"pepe@a.es": true, "PEPE@A.es": true, "pepe+x@a.es": true, "pepe@c.es": true, "pepe+x@c.es": true,
		"sales@a.es": true, "sales@c.es": true, "deep@a.es": true,
		"ana@a.es": false, "both@a.es": false, "far@a.es": false, "list@a.es": false, "vialist@a.es": false,
		"nobody@a.es": false, "any@b.es": false, "postmaster@a.es": false, "x@far.example": false, "": false,
	} {
		got, err := v.Owns(v.ctx(), pepe, at(address))
		v.must(err)
		if got != want {
			t.Errorf("pepe owns %q: %v", address, got)
		}
		if got, _ := v.Owns(v.ctx(), mail.Login{}, at(address)); got {
			t.Errorf("nobody owns %q", address)
		}
	}
}

// Many ask while somebody changes things: each answer is one of before or after.
func TestConcurrent(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.account("pepe@a.es")
	var all sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := v.resolve("pepe@a.es"); got != "local pepe@a.es" {
					t.Errorf("pepe is %q", got)
					return
				}
				if got := v.resolve("x@a.es"); got != "unknown" && got != "local pepe@a.es" {
					t.Errorf("x is %q", got)
					return
				}
				if _, err := v.Password(v.ctx(), "pepe", "secret of pepe@a.es"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 200 {
		v.alias("x@a.es", "pepe@a.es")
		if got := v.resolve("x@a.es"); got != "local pepe@a.es" {
			t.Errorf("after adding: %q", got)
		}
		v.must(v.RemoveAlias(v.ctx(), "x@a.es"))
		if got := v.resolve("x@a.es"); got != "unknown" {
			t.Errorf("after removing: %q", got)
		}
	}
	close(stop)
	all.Wait()
}

// No address whatever is an error, and the canonical spelling of one leads
// where it leads.
func FuzzResolve(f *testing.F) {
	v := newVillage(&testing.T{}, fast(), "a.es", "xn--espaa-rta.example")
	v.account("pepe@a.es")
	v.account("peña@españa.example")
	for _, s := range []string{"pepe@a.es", "Pepe+x@A.es", "PEÑA@ESPAÑA.example", `"a b"@a.es`, "x@[192.0.2.1]", "abuse@a.es"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return
		}
		r, err := v.Resolve(t.Context(), a, mail.Address{}, mail.Login{})
		if err != nil {
			t.Fatal(err)
		}
		again, err := mail.ParseAddress(r.Canonical)
		if err != nil {
			return // an address that grew past a limit, or a domain that IDNA spells otherwise
		}
		second, err := v.Resolve(t.Context(), again, mail.Address{}, mail.Login{})
		if err != nil || show(second) != show(r) || second.Canonical != r.Canonical {
			t.Fatalf("%q is %q: %s; and that is %q: %s, %v", s, r.Canonical, show(r), second.Canonical, show(second), err)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	v := newVillage(&testing.T{}, fast(), "pepito.es")
	v.account("pepe@pepito.es")
	to, from := at("pepe@pepito.es"), at("x@far.example")
	b.ReportAllocs()
	for b.Loop() {
		if r, err := v.Resolve(v.ctx(), to, from, mail.Login{}); err != nil || r.Outcome != directory.Local {
			b.Fatal(r, err)
		}
	}
}
