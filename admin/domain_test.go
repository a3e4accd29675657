package admin

import (
	"errors"
	"testing"

	"posta/directory"
	"posta/store"
)

// Mail that is kept for a site is not left behind by a domain that goes or
// changes: nobody would ask for it. Where another host takes it, it is told.
func TestDomainKeepsItsMail(t *testing.T) {
	kept := func(i *store.Item) { i.Due = store.Never() }
	w := &waitingRoom{items: []store.Item{item(1, "q1", "x@site.es", kept), item(2, "q1", "y@site.es", kept),
		item(3, "q1", "z@site.es", nil), item(4, "q2", "x@relay.es", kept)}}
	table := newTable(nil, House{Directory: people(t), Queue: w, Sender: &carrierOf{}}.domains())
	none, host, branch := "", "in.site.es", "branch"
	for operation, in := range map[string]any{
		"domain.remove": DomainName{Name: "Site.es", Force: true},
		"domain.set":    DomainChange{Name: "site.es", Site: &none},
	} {
		err := table.Call(t.Context(), operation, in, nil)
		var said *Error
		if !errors.As(err, &said) || said.Code != "in_use" || said.Said.ID != "admin.domain_kept" || said.Said.Args["Count"] != int64(2) {
			t.Errorf("%s: %v", operation, err)
		}
	}
	if d := called[Domain](t, table, "domain.show", DomainName{Name: "site.es"}); d.Site != "branch" {
		t.Errorf("%+v", d)
	}
	for _, tt := range []struct {
		in   DomainChange
		left int64
	}{
		{DomainChange{Name: "site.es", Site: &branch}, 0},
		{DomainChange{Name: "site.es", Relay: &host}, 2},
		{DomainChange{Name: "site.es", Site: &branch}, 0},
		{DomainChange{Name: "site.es", Fallback: &host}, 2},
	} {
		if d := called[Domain](t, table, "domain.set", tt.in); d.LeftKept != tt.left {
			t.Errorf("%+v: %d left", d, d.LeftKept)
		}
	}
	called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Site: &branch})
	w.items[0].Held = true // a retry is not about it, and it goes to the new host when it is released
	if d := called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Relay: &host}); d.LeftKept != 1 {
		t.Errorf("%d left besides what is held", d.LeftKept)
	}
	called[Domain](t, table, "domain.set", DomainChange{Name: "site.es", Site: &branch})
	var said *Error
	if err := table.Call(t.Context(), "domain.set", DomainChange{Name: "site.es", Site: &none}, nil); !errors.As(err, &said) || said.Said.Args["Count"] != int64(2) {
		t.Errorf("what is held is not counted: %v", err)
	}
	w.items = w.items[2:]
	called[None](t, table, "domain.remove", DomainName{Name: "site.es"})
	w.err = errors.New("broken")
	called[None](t, table, "domain.remove", DomainName{Name: "relay.es"}) // which was nobody's to fetch
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
