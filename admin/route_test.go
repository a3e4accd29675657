package admin

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/mail"
	"posta/queue"
	"posta/store"
)

// carrierOf is a Sender that notes what it is asked.
type carrierOf struct {
	rerouted int
	way      queue.Way
	asked    []string
	picks    []store.Pick
	change   store.Change
	found    int64
	reported int64
	under    queue.Underway
	only     []string // messages; nil: all
	err      error
}

func (c *carrierOf) Rerouted() { c.rerouted++ }

// Prospects looks the way to look.es up, and finds silent.es down until moment(8).
func (c *carrierOf) Prospects(items []store.Item) []queue.Prospect {
	all := make([]queue.Prospect, len(items))
	for i := range items {
		switch items[i].Domain {
		case "look.es":
			all[i].Stage = queue.LookingUp
		case "turn.es":
			all[i].Stage = queue.InTurn
		case "silent.es":
			all[i].Next = moment(8)
		}
	}
	return all
}

func (c *carrierOf) Session(item int64) uint64 { return uint64(10 * item) }

func (c *carrierOf) Explain(_ context.Context, domain string) (queue.Way, error) {
	c.asked = append(c.asked, domain)
	return c.way, c.err
}

func (c *carrierOf) Change(_ context.Context, p store.Pick, change store.Change) (int64, queue.Underway, error) {
	c.picks, c.change = append(c.picks, p), change
	return c.of(p).Items + c.of(p).Underway.Items, c.under, c.err
}

func (c *carrierOf) Remove(_ context.Context, p store.Pick, change store.Change) (queue.Removed, error) {
	c.picks, c.change = append(c.picks, p), change
	return c.of(p), c.err
}

func (c *carrierOf) of(p store.Pick) queue.Removed {
	if c.only != nil && !slices.Contains(c.only, p.Queue) {
		return queue.Removed{}
	}
	return queue.Removed{Items: c.found, Reported: c.reported, Underway: c.under}
}

// people is a directory with a local domain, one that shares, a relay domain and
// an on-demand one.
func people(t *testing.T) *directory.Directory {
	t.Helper()
	d, err := directory.New(directorytest.New(), directory.Options{Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 10}})
	if err == nil {
		_, _, err = d.AddSite(t.Context(), directory.Site{Name: "branch"})
	}
	for _, one := range []directory.Domain{{Name: "here.es"}, {Name: "moves.es", Relay: "old.moves.es"},
		{Name: "relay.es", Kind: directory.KindRelay, Relay: "in.relay.es:2525"}, {Name: "site.es", Kind: directory.KindOnDemand, Site: "branch"}} {
		if err == nil {
			_, err = d.AddDomain(t.Context(), one)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// refused wants an operation to be refused with a code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var said *Error
	if !errors.As(err, &said) || said.Code != code {
		t.Errorf("%v, want %s", err, code)
	}
}

// called runs an operation that must succeed.
func called[Out any](t *testing.T, table *Table, name string, in any) (out Out) {
	t.Helper()
	if err := table.Call(t.Context(), name, in, &out); err != nil {
		t.Fatal(name, err)
	}
	return out
}

func TestRouteOperations(t *testing.T) {
	c := &carrierOf{}
	var audits []string
	table := newTable(func(a Audit) { audits = append(audits, a.Operation+" "+a.About) },
		House{Directory: people(t), Sender: c, LabBars: func(host string) bool { return host == "" || host == "192.0.2.1" }}.routes())
	hosts, tls, ca, user, password := []string{"192.0.2.1", "10.0.0.1:2525"}, "opportunistic", directorytest.AuthorityPEM, "u", "hunter2"
	r := called[Route](t, table, "route.add", RouteChange{Domain: "A.example", Hosts: &hosts})
	if r.Domain != "a.example" || !slices.Equal(r.Hosts, hosts) || r.TLS != "opportunistic" || r.IP != "both" || !slices.Equal(r.OutOfLab, hosts[:1]) {
		t.Errorf("%+v", r)
	}
	refused(t, table.Call(t.Context(), "route.add", RouteChange{Domain: "a.example", Hosts: &hosts}, nil), "exists")
	r = called[Route](t, table, "route.set", RouteChange{Domain: "a.example", CA: &ca, User: &user, Password: &password})
	if r.TLS != "required" || !slices.Equal(r.CA, []string{"Escuela Lab CA"}) || r.User != "u" || !slices.Equal(r.Hosts, hosts) {
		t.Errorf("%+v", r)
	}
	none, six, required := "", "6", "required"
	for _, in := range []RouteChange{{Domain: "a.example", TLS: &tls}, {Domain: "a.example", TLS: &tls, CA: &none}, {Domain: "a.example", TLS: &tls, User: &none}} {
		refused(t, table.Call(t.Context(), "route.set", in, nil), "invalid") // asked for, it is not made another
	}
	refused(t, table.Call(t.Context(), "route.add", RouteChange{Domain: "u.example", Hosts: &hosts, TLS: &tls, User: &user, Password: &password}, nil), "invalid")
	r = called[Route](t, table, "route.set", RouteChange{Domain: "a.example", CA: &none, User: &none, TLS: &tls})
	if r.TLS != "opportunistic" || r.CA != nil || r.User != "" {
		t.Errorf("%+v", r)
	}
	// Hosts that DNS names get no mail of a lab.
	r = called[Route](t, table, "route.add", RouteChange{Domain: "*", TLS: &required, IP: &six})
	if r.Domain != "*" || r.IP != "6" || !slices.Equal(r.OutOfLab, []string{"MX"}) {
		t.Errorf("%+v", r)
	}
	if all := called[[]Route](t, table, "route.list", None{}); len(all) != 2 || all[0].Domain != "*" || all[1].Domain != "a.example" || all[1].OutOfLab != nil {
		t.Errorf("%+v", all)
	}
	if r := called[Route](t, table, "route.show", RouteName{Domain: "*"}); r.TLS != "required" {
		t.Errorf("%+v", r)
	}
	called[None](t, table, "route.remove", RouteName{Domain: "*"})
	refused(t, table.Call(t.Context(), "route.remove", RouteName{Domain: "*"}, nil), "not_found")
	refused(t, table.Call(t.Context(), "route.show", RouteName{Domain: "b.example"}, nil), "not_found")
	refused(t, table.Call(t.Context(), "route.set", RouteChange{Domain: "b.example"}, nil), "not_found")
	refused(t, table.Call(t.Context(), "route.add", RouteChange{Domain: "b.example"}, nil), "invalid")
	if c.rerouted < 5 {
		t.Errorf("the queue was told %d times", c.rerouted)
	}
	if text := strings.Join(audits, "\n"); strings.Contains(text, password) || !strings.Contains(text, "route.set a.example") || strings.Contains(text, "route.list") {
		t.Errorf("the log has %q", audits)
	}
}

// What is laid for a domain, and what route.test makes of it.
func TestWayOperations(t *testing.T) {
	c := &carrierOf{}
	d := people(t)
	h := House{Directory: d, Sender: c, Outgoing: off}
	table := newTable(nil, h.routes())
	test := func(address string) RouteTest {
		return called[RouteTest](t, table, "route.test", ByAddress{Address: address})
	}
	way := func(address string) RouteWay {
		return called[RouteWay](t, table, "route.way", ByAddress{Address: address})
	}
	if got := test("x@far.example"); !got.Refused || got.Local || got.Route != "" || got.Mode != off {
		t.Errorf("%+v", got)
	}
	if got := test("x@here.es"); got.Refused || !got.Local || got.Route != "" {
		t.Errorf("%+v", got)
	}
	if got := test("site.es"); got.Site != "branch" || !got.Kept || got.Refused {
		t.Errorf("%+v", got)
	}
	hosts, user, password, tls, ca := []string{"smart.example:587"}, "u", "hunter2", "implicit", directorytest.AuthorityPEM
	called[Route](t, table, "route.add", RouteChange{Domain: "*", Hosts: &hosts, User: &user, Password: &password, TLS: &tls, CA: &ca})
	for address, want := range map[string]RouteWay{
		"x@far.example": {Domain: "far.example", Route: "*", Hosts: hosts, TLS: "implicit", CA: directorytest.AuthorityPEM, User: "u", IP: "both"},
		"here.es":       {Domain: "here.es", Local: true, TLS: "opportunistic", IP: "both"},
		"moves.es":      {Domain: "moves.es", Local: true, Route: "moves.es", Hosts: []string{"old.moves.es"}, TLS: "opportunistic", IP: "both"},
		"relay.es":      {Domain: "relay.es", Route: "relay.es", Hosts: []string{"in.relay.es:2525"}, TLS: "opportunistic", IP: "both"},
		"site.es":       {Domain: "site.es", Site: "branch", TLS: "opportunistic", IP: "both"},
	} {
		if got := way(address); got.Domain != want.Domain || got.Local != want.Local || got.Site != want.Site || got.Route != want.Route ||
			!slices.Equal(got.Hosts, want.Hosts) || got.TLS != want.TLS || got.CA != want.CA || got.User != want.User || got.IP != want.IP {
			t.Errorf("%s: %+v", address, got)
		}
	}
	refused(t, table.Call(t.Context(), "route.way", ByAddress{Address: "x@a b"}, nil), "invalid")
	for _, none := range []string{"x@a b", "a b@c.example", "a@b@c.example", "@c.example"} {
		refused(t, table.Call(t.Context(), "route.test", ByAddress{Address: none}, nil), "invalid")
	}

	c.way = queue.Way{TLS: queue.Implicit, By: queue.ByRoute, Route: queue.Route{User: "u", CA: ca}, Hostname: "us.example", Names: []string{"us.example"},
		Targets: []queue.Target{{Host: "smart.example", Pref: 7, Addr: netip.MustParseAddrPort("192.0.2.7:587"), Source: netip.MustParseAddr("192.0.2.1"), Own: true}},
		Without: []queue.Without{{Host: "gone.example", Pref: 8, Why: "no address"}}}
	got := test("x@far.example")
	if got.Route != "*" || got.TLS != "implicit" || got.User != "u" || got.Refused || !slices.Equal(got.Targets, []RouteTarget{{"smart.example", 7, "192.0.2.7:587", "192.0.2.1", true, false}}) ||
		got.By != "route" || got.CA != ca || got.Helo != "us.example" || !slices.Equal(got.Names, c.way.Names) || !slices.Equal(got.Without, []RouteWithout{{"gone.example", 8, "no address"}}) {
		t.Errorf("%+v", got)
	}
	status, err := mail.ParseStatus("4.4.3")
	if err != nil {
		t.Fatal(err)
	}
	c.way = queue.Way{Status: status, Why: "no answer", Final: true, LabWhy: "no route"}
	if got = test("x@far.example"); got.Status != "4.4.3" || got.Why != "no answer" || !got.Final || got.Lab != "" {
		t.Errorf("%+v", got)
	}
	h.LabBars = func(string) bool { return true }
	table = newTable(nil, h.routes())
	if got = test("x@far.example"); got.Lab != "no route" {
		t.Errorf("%+v", got)
	}
	if last := c.asked[len(c.asked)-1]; last != "far.example" {
		t.Errorf("the queue was asked for %q", last)
	}
	test("x@España.test") // as at RCPT: DNS knows A-labels only
	if last := c.asked[len(c.asked)-1]; last != "xn--espaa-rta.test" {
		t.Errorf("the queue was asked for %q", last)
	}
	c.err = context.Canceled
	refused(t, table.Call(t.Context(), "route.test", ByAddress{Address: "far.example"}, nil), "internal")
}

// A route for a domain whose mail stays here takes nothing, and it is said.
func TestRouteOfALocalDomain(t *testing.T) {
	d := people(t)
	if _, err := d.AddDomain(t.Context(), directory.Domain{Name: "also.es", AliasOf: "here.es"}); err != nil {
		t.Fatal(err)
	}
	table := newTable(nil, House{Directory: d, Sender: &carrierOf{}}.routes())
	hosts := []string{"192.0.2.1"}
	for domain, local := range map[string]bool{"Here.es": true, "also.es": true, ".here.es": false, "moves.es": false, "relay.es": false, "site.es": false, "far.es": false, "*": false} {
		for _, r := range []Route{called[Route](t, table, "route.add", RouteChange{Domain: domain, Hosts: &hosts}),
			called[Route](t, table, "route.set", RouteChange{Domain: domain, Hosts: &hosts}),
			called[Route](t, table, "route.show", RouteName{Domain: domain})} {
			if r.Local != local || r.Instead != map[string]string{"moves.es": "old.moves.es", "relay.es": "in.relay.es:2525"}[domain] {
				t.Errorf("%s: %+v", domain, r)
			}
		}
	}
}
