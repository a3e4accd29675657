package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
)

// Addresses of ours whose mail goes on to other hosts.
func TestOnward(t *testing.T) {
	v := newVillage(t, fast(), "here.es")
	_, _, err := v.AddSite(v.ctx(), directory.Site{Name: "s"})
	v.must(err)
	v.domain(directory.Domain{Name: "list.es", Kind: directory.KindRelay, Relay: "in.list.es", Plus: true})
	v.domain(directory.Domain{Name: "also.es", AliasOf: "list.es"})
	v.domain(directory.Domain{Name: "asks.es", Kind: directory.KindRelay, Relay: "in.asks.es", Callout: true})
	v.domain(directory.Domain{Name: "site.es", Kind: directory.KindOnDemand, Site: "s", AnyRecipient: true})
	v.domain(directory.Domain{Name: "mute.es", Kind: directory.KindOnDemand, Site: "s"})
	v.domain(directory.Domain{Name: "told.es", Kind: directory.KindOnDemand, Site: "s"})
	v.domain(directory.Domain{Name: "moves.es", Relay: "old.moves.es:2525", Plus: true})
	v.account("luis@here.es")
	v.account("ana@here.es")
	v.account("new@moves.es")
	v.account("over@list.es")
	v.alias("out@here.es", "Bob@Far.example")
	v.alias("info@here.es", "luis@here.es", "pepe@list.es")
	v.alias("old@here.es", "gone@moves.es")
	for domain, who := range map[string]string{"list.es": "Pepe", "asks.es": "known", "told.es": "eva"} {
		_, err := v.AddRecipients(v.ctx(), domain, []string{who})
		v.must(err)
	}
	v.leads(map[string]string{
		"PePe@List.es":        "elsewhere outside PePe@list.es",
		"pepe@also.es":        "elsewhere outside pepe@list.es",
		"Pepe+x@list.es":      "elsewhere outside Pepe+x@list.es",
		"nobody@list.es":      "unknown",
		"over@list.es":        "local over@list.es",
		"postmaster@list.es":  "elsewhere outside postmaster@list.es instead over@list.es",
		"ABUSE@asks.es":       "elsewhere outside ABUSE@asks.es instead luis@here.es",
		"known@asks.es":       "elsewhere outside known@asks.es",
		"other@asks.es":       "elsewhere outside other@asks.es ask in.asks.es",
		"anybody@site.es":     "elsewhere outside anybody@site.es",
		"anybody@mute.es":     "unknown",
		"postmaster@mute.es":  "elsewhere outside postmaster@mute.es instead luis@here.es",
		"eva@told.es":         "elsewhere outside eva@told.es",
		"adan@told.es":        "unknown",
		"new@moves.es":        "local new@moves.es",
		"new+x@moves.es":      "local new@moves.es",
		"Gone+x@moves.es":     "elsewhere outside Gone+x@moves.es ask old.moves.es:2525",
		"postmaster@moves.es": "local new@moves.es",
		"out@here.es":         "elsewhere outside Bob@far.example",
		"info@here.es":        "local luis@here.es outside pepe@list.es",
		"old@here.es":         "elsewhere outside gone@moves.es ask old.moves.es:2525",
	})
	came := func(to, want string) {
		t.Helper()
		r, err := v.Resolve(v.ctx(), at(to), mail.Address{}, mail.Login{})
		v.must(err)
		o := r.Outside[0]
		home := "-"
		if o.Home != nil {
			home = o.Home.Name
		}
		if got := fmt.Sprintf("%s via %q at %s", o.Domain, o.Via, home); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	came("pepe@also.es", `list.es via "" at list.es`)
	came("info@here.es", `list.es via "info@here.es" at list.es`)
	came("out@here.es", `far.example via "out@here.es" at -`)
	came("x@site.es", `site.es via "" at site.es`)
}

func TestForwarded(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	for _, name := range []string{"luis", "ana", "eva", "dead"} {
		v.account(name + "@a.es")
	}
	forward := func(who string, keep bool, to ...string) {
		t.Helper()
		_, err := v.SetForward(v.ctx(), who, to, keep)
		v.must(err)
	}
	forward("luis@a.es", true, "Luis@Far.example", "ana@a.es")
	forward("eva@a.es", false, "eva@far.example")
	forward("dead@a.es", false, "nobody@a.es")
	v.alias("todos@a.es", "ana@a.es", "luis@a.es", "eva@a.es")
	l := v.list(directory.List{Address: "lista@a.es", Kind: directory.Public, Owner: "ana@a.es"}, "eva@a.es")
	v.leads(map[string]string{
		"luis+x@a.es": "local luis@a.es ana@a.es outside Luis@far.example",
		"eva@a.es":    "elsewhere outside eva@far.example",
		"dead@a.es":   "local dead@a.es",
		"todos@a.es":  "local ana@a.es luis@a.es outside Luis@far.example outside eva@far.example",
		"lista@a.es":  "elsewhere outside eva@far.example",
	})
	r, err := v.Resolve(v.ctx(), at("luis@a.es"), mail.Address{}, mail.Login{})
	v.must(err)
	if o := r.Outside[0]; !o.Kept || o.Via != "luis@a.es" || o.List != nil {
		t.Errorf("%+v", o)
	}
	r, err = v.Resolve(v.ctx(), at("lista@a.es"), mail.Address{}, mail.Login{})
	v.must(err)
	if o := r.Outside[0]; o.Kept || o.Via != "eva@a.es" || o.List == nil || o.List.ID != l.ID {
		t.Errorf("%+v", o)
	}
	// What was collected for an account stays in its mailbox too, and in none behind it.
	forward("dead@a.es", false, "eva@a.es")
	for to, want := range map[string]string{"luis@a.es": "luis@a.es ana@a.es > Luis@far.example", "eva@a.es": "eva@a.es > eva@far.example",
		"dead@a.es": "dead@a.es > eva@far.example", "ana@a.es": "ana@a.es"} {
		r, err := v.ResolveCollected(v.ctx(), at(to))
		v.must(err)
		var got []string
		for _, one := range r.Targets {
			got = append(got, one.Address)
		}
		for _, o := range r.Outside {
			got = append(got, ">", o.Address)
		}
		if strings.Join(got, " ") != want || r.Outcome != directory.Local {
			t.Errorf("collected for %s: %q, %v", to, got, r.Outcome)
		}
	}
	// Whose mail is sent on writes under his own address as before.
	for _, who := range []string{"luis@a.es", "eva@a.es"} {
		if owns, err := v.Owns(v.ctx(), v.login(who), at(who)); !owns || err != nil {
			t.Errorf("%s owns its address: %v, %v", who, owns, err)
		}
	}
	if owns, _ := v.Owns(v.ctx(), v.login("ana@a.es"), at("luis@a.es")); owns {
		t.Error("who gets another's mail owns the other's address")
	}
	// Two that send on to each other, as a store may hold them.
	a, err := v.Account(v.ctx(), "ana@a.es")
	v.must(err)
	v.must(v.store.SetForward(v.ctx(), directory.Forward{Account: a.ID, To: []string{"luis@a.es"}}))
	v.leads(map[string]string{"ana@a.es": "local luis@a.es outside Luis@far.example"})
	circles := func(to string, want ...directory.Circle) {
		t.Helper()
		r, err := v.Resolve(v.ctx(), at(to), mail.Address{}, mail.Login{})
		v.must(err)
		if !slices.Equal(r.Circles, want) {
			t.Errorf("%s: %v", to, r.Circles)
		}
	}
	circles("ana@a.es", directory.Circle{Via: "luis@a.es", To: "ana@a.es"})
	circles("todos@a.es", directory.Circle{Via: "luis@a.es", To: "ana@a.es"}) // that she is named twice is no other
	circles("lista@a.es")
}
