package admin

import (
	"errors"
	"testing"

	"posta/directory"
	"posta/store"
)

// Who makes a domain for which mail waits to leave is told of it.
func TestDomainMadeOverWaitingMail(t *testing.T) {
	w := &waitingRoom{items: []store.Item{item(1, "q1", "x@new.es", nil), item(2, "q1", "y@new.es", nil), item(3, "q1", "x@relayed.es", nil)}}
	table := newTable(nil, House{Directory: people(t), Queue: w, Sender: &carrierOf{}}.domains())
	host := "in.relayed.es"
	for in, want := range map[*DomainChange]int64{{Name: "new.es"}: 2, {Name: "empty.es"}: 0, {Name: "relayed.es", Relay: &host}: 0} {
		if d := called[Domain](t, table, "domain.add", *in); d.Waiting != want {
			t.Errorf("%s: %d wait", in.Name, d.Waiting)
		}
	}
}

// Mail that is kept for a site is not left behind by a domain that goes or
// changes: nobody would ask for it, and from a domain that is served here it does not
// leave. Where another host takes it, it is told.
func TestDomainKeepsItsMail(t *testing.T) {
	kept := func(i *store.Item) { i.Due = store.Never() }
	w := &waitingRoom{items: []store.Item{item(1, "q1", "x@site.es", kept), item(2, "q1", "y@site.es", kept),
		item(3, "q1", "z@site.es", nil), item(4, "q2", "x@relay.es", kept)}}
	d := people(t)
	if _, _, err := d.AddSite(t.Context(), directory.Site{Name: "second"}); err != nil {
		t.Fatal(err)
	}
	table := newTable(nil, House{Directory: d, Queue: w, Sender: &carrierOf{}}.domains())
	none, host, other, branch := "", "in.site.es", "other.site.es", "branch"
	second := "second"
	refuses := func(operation string, in any, id string, count int64) {
		t.Helper()
		err := table.Call(t.Context(), operation, in, nil)
		var said *Error
		if !errors.As(err, &said) || said.Code != "in_use" || said.Said.ID != id || said.Said.Args["Count"] != count {
			t.Errorf("%s %+v: %v", operation, in, err)
		}
	}
	refuses("domain.remove", DomainName{Name: "Site.es", Force: true}, "admin.domain_kept", 2)
	refuses("domain.set", DomainChange{Name: "site.es", Site: &none}, "admin.domain_kept", 3)
	if d := called[Domain](t, table, "domain.show", DomainName{Name: "site.es"}); d.Site != "branch" {
		t.Errorf("%+v", d)
	}
	for _, tt := range []struct {
		in   DomainChange
		left int64
	}{
		{DomainChange{Name: "site.es", Site: &branch}, 0},
		{DomainChange{Name: "site.es", Site: &second}, 2},
		{DomainChange{Name: "site.es", Site: &branch}, 2},
		{DomainChange{Name: "site.es", Relay: &host}, 2},
		{DomainChange{Name: "site.es", Site: &branch}, 0},
		{DomainChange{Name: "site.es", Fallback: &host}, 2},
		{DomainChange{Name: "site.es", Relay: &other}, 2},
		{DomainChange{Name: "site.es", Relay: &other}, 0},
	} {
		if d := called[Domain](t, table, "domain.set", tt.in); d.LeftKept != tt.left {
			t.Errorf("%+v: %d left", d, d.LeftKept)
		}
	}
	refuses("domain.set", DomainChange{Name: "site.es", Relay: &none}, "admin.domain_waits", 3) // its site is forgotten, its mail is not
	called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Fallback: &host})
	refuses("domain.set", DomainChange{Name: "site.es", Fallback: &none}, "admin.domain_waits", 3)
	refuses("domain.remove", DomainName{Name: "site.es", Force: true}, "admin.domain_waits", 2)
	refuses("domain.remove", DomainName{Name: "site.es"}, "admin.domain_waits", 3)
	refuses("domain.set", DomainChange{Name: "relay.es", Relay: &none}, "admin.domain_waits", 1)
	called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Site: &branch})
	w.items[0].Held = true // a retry is not about it, and it goes to the new host when it is released
	if d := called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Relay: &host}); d.LeftKept != 1 {
		t.Errorf("%d left besides what is held", d.LeftKept)
	}
	called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Site: &branch})
	refuses("domain.set", DomainChange{Name: "site.es", Site: &none}, "admin.domain_kept", 3)
	w.items = w.items[2:3]
	refuses("domain.remove", DomainName{Name: "site.es"}, "admin.domain_kept", 1)
	if got := called[DomainRemoved](t, table, "domain.remove", DomainName{Name: "site.es", Force: true}); got != (DomainRemoved{OK: true, Left: 1}) {
		t.Errorf("%+v", got)
	}
	w.err = errors.New("broken")
	called[DomainRemoved](t, table, "domain.remove", DomainName{Name: "here.es"}) // for which nothing leaves
}

// Who lives in a domain whose mail goes elsewhere still gets it here, and it is said.
func TestDomainWithPeopleOfARelay(t *testing.T) {
	d := people(t)
	table := newTable(nil, House{Directory: d}.domains(), House{Directory: d}.aliases())
	if _, err := d.AddAccount(t.Context(), "ana@here.es", "ceda-4729", directory.AccountOptions{}); err != nil {
		t.Fatal(err)
	}
	called[Alias](t, table, "alias.add", Alias{Address: "a@here.es", Targets: []string{"ana@here.es"}})
	host, none := "127.0.0.3", ""
	for _, tt := range []struct {
		relay *string
		here  int64
	}{{nil, 0}, {&host, 2}, {nil, 2}, {&none, 0}} {
		if d := called[Domain](t, table, "domain.set", DomainChange{Name: "here.es", Relay: tt.relay}); d.Here != tt.here {
			t.Errorf("%+v: %d here", d, d.Here)
		}
		if d := called[Domain](t, table, "domain.show", DomainName{Name: "here.es"}); d.Here != tt.here {
			t.Errorf("%+v: %d here", d, d.Here)
		}
	}
}

// Only a domain that has a site loses one: a relay domain does not become a local one by it.
func TestDomainWithoutASite(t *testing.T) {
	table := newTable(nil, House{Directory: people(t), Sender: &carrierOf{}}.domains())
	none := ""
	for _, name := range []string{"relay.es", "moves.es", "here.es"} {
		refused(t, table.Call(t.Context(), "domain.set", DomainChange{Name: name, Site: &none}, nil), "refused")
	}
	refused(t, table.Call(t.Context(), "domain.add", DomainChange{Name: "new.es", Site: &none}, nil), "refused")
	if d := called[Domain](t, table, "domain.show", DomainName{Name: "relay.es"}); d.Kind != "relay" {
		t.Errorf("%+v", d)
	}
	if d := called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Site: &none}); d.Kind != "local" {
		t.Errorf("%+v", d)
	}
}
