package directory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/directory"
	"posta/directory/directorytest"
)

func TestRouteOperations(t *testing.T) {
	v := newVillage(t, fast(), "here.es")
	add := func(r directory.Route) error { return second(v.AddRoute(v.ctx(), r)) }
	r, err := v.AddRoute(v.ctx(), directory.Route{Domain: "*.Español.Example", Hosts: []string{"MX.Example.NET.:025", "192.0.2.1", "2001:DB8::1", "[2001:db8::2]:2525", "[::ffff:192.0.2.9]"},
		User: "u", Password: "hunter2", Source: "2001:db8::9", IPv: "6"})
	v.must(err)
	want := []string{"mx.example.net:25", "192.0.2.1", "[2001:db8::1]", "[2001:db8::2]:2525", "192.0.2.9"}
	if r.Domain != ".xn--espaol-zwa.example" || !slices.Equal(r.Hosts, want) || r.TLS != directory.TLSRequired || r.Password != "" || r.Created.IsZero() {
		t.Errorf("%+v", r)
	}
	v.must(add(directory.Route{Domain: "*", Hosts: []string{"smart.example"}, User: "x", Password: "y", TLS: directory.TLSNone}))
	v.must(add(directory.Route{Domain: "mx.tls.example", TLS: directory.TLSRequired}))
	host := func(h string) directory.Route { return directory.Route{Domain: "x.es", Hosts: []string{h}} }
	with := func(change func(*directory.Route)) directory.Route {
		r := host("h.example")
		change(&r)
		return r
	}
	tests := []refusal{
		{"again", add(directory.Route{Domain: ".español.example", Hosts: []string{"x.es"}}), directory.ErrExists, "exists already"},
		{"empty", add(directory.Route{Domain: "x.es"}), directory.ErrInvalid, "at least one host"},
		{"domain", add(directory.Route{Domain: "x..es", Hosts: []string{"h.es"}}), directory.ErrInvalid, "dot"},
		{"tls", add(with(func(r *directory.Route) { r.TLS = "yes" })), directory.ErrInvalid, "required, implicit, none"},
		{"source", add(with(func(r *directory.Route) { r.Source = "localhost" })), directory.ErrInvalid, "192.0.2.1"},
		{"family", add(with(func(r *directory.Route) { r.Source, r.IPv = "192.0.2.1", "6" })), directory.ErrInvalid, "IPv6"},
		{"version", add(with(func(r *directory.Route) { r.IPv = "5" })), directory.ErrInvalid, "4 or 6"},
		{"no user", add(with(func(r *directory.Route) { r.Password = "hunter2" })), directory.ErrInvalid, "both or neither"},
		{"no password", add(with(func(r *directory.Route) { r.User = "u" })), directory.ErrInvalid, "no password"},
		{"line end", add(with(func(r *directory.Route) { r.User, r.Password = "u", "hunter2\r\n" })), directory.ErrInvalid, "line end"},
		{"by MX", add(directory.Route{Domain: "x.es", User: "u", Password: "hunter2"}), directory.ErrInvalid, "names no host"},
		{"no certificate", add(with(func(r *directory.Route) { r.CA = "x" })), directory.ErrInvalid, "PEM"},
		{"too many certificates", add(with(func(r *directory.Route) { r.CA = strings.Repeat(directorytest.AuthorityPEM, 300) })), directory.ErrInvalid, "64 KiB"},
		{"certificates in clear", add(with(func(r *directory.Route) { r.CA, r.TLS = directorytest.AuthorityPEM, directory.TLSNone })), directory.ErrInvalid, "clear text"},
		{"no such", v.RemoveRoute(v.ctx(), "x.es"), directory.ErrNotFound, "no route x.es"},
		{"change no such", second(v.SetRoute(v.ctx(), host("h.es"))), directory.ErrNotFound, "no route"},
	}
	for _, bad := range []string{"", "a b", "h:0", "h:65536", "h:+25", "h:x", "[192.0.2.1", "[x]", "0.0.0.0", "[::]:25", "-h.es", "h:25:25", "300.1.1.1", "192.0.2", "192.0.2.256:25", "10"} {
		tests = append(tests, refusal{"host " + bad, add(host(bad)), directory.ErrInvalid, "is no host"})
	}
	v.refused(tests)

	// Who names certificates wants them looked at.
	r, err = v.AddRoute(v.ctx(), with(func(r *directory.Route) { r.CA = directorytest.AuthorityPEM }))
	v.must(err)
	if r.TLS != directory.TLSRequired || r.CA != directorytest.AuthorityPEM {
		t.Errorf("%+v", r)
	}
	v.must(v.RemoveRoute(v.ctx(), "x.es"))

	// The password stays, is changed, and goes with the user.
	password := func(want string) {
		t.Helper()
		got, found, err := v.WayTo(v.ctx(), "any.example.com")
		v.must(err)
		if !found || got.Password != want {
			t.Errorf("%+v, want the password %q", got, want)
		}
	}
	password("y")
	smart := directory.Route{Hosts: []string{"other.example"}, User: "x"}
	_, err = v.SetRoute(v.ctx(), smart)
	v.must(err)
	password("y")
	smart.Password = "z"
	_, err = v.SetRoute(v.ctx(), smart)
	v.must(err)
	password("z")
	_, err = v.SetRoute(v.ctx(), directory.Route{Hosts: []string{"other.example"}})
	v.must(err)
	password("")
	smart.Password = ""
	v.refused([]refusal{{"password gone", second(v.SetRoute(v.ctx(), smart)), directory.ErrInvalid, "no password"}})
	all, err := v.Routes(v.ctx())
	v.must(err)
	for _, r := range all {
		if r.Password != "" {
			t.Errorf("a list shows the password of %q", r.Domain)
		}
	}
}

func TestWayTo(t *testing.T) {
	v := newVillage(t, fast(), "here.es")
	for _, domain := range []string{"a.es", ".a.es", ".b.a.es", "[192.0.2.1]"} {
		_, err := v.AddRoute(v.ctx(), directory.Route{Domain: domain, Hosts: []string{strings.Trim("to"+strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(domain), "-") + ".example"}})
		v.must(err)
	}
	v.domain(directory.Domain{Name: "relay.es", Kind: directory.KindRelay, Relay: "in.relay.es:2525"})
	v.domain(directory.Domain{Name: "also.es", AliasOf: "relay.es"})
	v.domain(directory.Domain{Name: "moves.es", Relay: "old.moves.es"})
	_, _, err := v.AddSite(v.ctx(), directory.Site{Name: "s"})
	v.must(err)
	v.domain(directory.Domain{Name: "site.es", Kind: directory.KindOnDemand, Site: "s"})
	to := func(domain, want string) {
		t.Helper()
		r, found, err := v.WayTo(v.ctx(), domain)
		v.must(err)
		if got := strings.Join(r.Hosts, " "); got != want || found != (want != "") {
			t.Errorf("%s goes to %q (%v), want %q", domain, got, found, want)
		}
	}
	for range 2 { // the second time out of the cache
		to("A.es", "toa-es.example")
		to("x.a.es", "to-a-es.example")
		to("b.a.es", "to-a-es.example")
		to("x.y.b.a.es", "to-b-a-es.example")
		to("[192.0.2.1]", "to-192-0-2-1.example")
		to("aa.es", "")
		to("relay.es", "in.relay.es:2525")
		to("also.es", "in.relay.es:2525")
		to("moves.es", "old.moves.es")
		to("site.es", "")
	}
	_, err = v.AddRoute(v.ctx(), directory.Route{Hosts: []string{"smart.example"}})
	v.must(err)
	_, err = v.AddRoute(v.ctx(), directory.Route{Domain: "relay.es", Hosts: []string{"better.example"}})
	v.must(err)
	to("aa.es", "smart.example")
	to("[192.0.2.9]", "")
	to("relay.es", "better.example")
	v.must(v.RemoveRoute(v.ctx(), "*"))
	to("aa.es", "")

	_, err = v.AddRoute(v.ctx(), directory.Route{Domain: "moves.es", TLS: directory.TLSRequired})
	v.must(err)
	to("moves.es", "old.moves.es") // the route says how, the domain where to
	if r, _, err := v.WayTo(v.ctx(), "moves.es"); err != nil || r.TLS != directory.TLSRequired {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestKindOperations(t *testing.T) {
	v := newVillage(t, fast(), "here.es")
	add := func(d directory.Domain) error { return second(v.AddDomain(v.ctx(), d)) }
	relay := directory.Domain{Name: "r.es", Kind: directory.KindRelay, Relay: "H.r.es"}
	with := func(change func(*directory.Domain)) directory.Domain {
		d := relay
		d.Name = "x.es"
		change(&d)
		return d
	}
	v.must(add(relay))
	if d, err := v.Domain(v.ctx(), "r.es"); err != nil || d.Relay != "h.r.es" || d.Age() != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	site := directory.Domain{Kind: directory.KindOnDemand}
	if site.Age() != 30*24*time.Hour {
		t.Error(site.Age())
	}
	site.MaxAge = time.Hour
	if site.Age() != time.Hour {
		t.Error(site.Age())
	}
	n, err := v.AddRecipients(v.ctx(), "R.es", []string{"Pepe", "Ana@r.ES", "pepe@r.es"})
	v.must(err)
	names, err := v.Recipients(v.ctx(), "r.es", "", 10)
	v.must(err)
	if n != 2 || !slices.Equal(names, []string{"ana@r.es", "pepe@r.es"}) {
		t.Errorf("%d added: %q", n, names)
	}
	rest, err := v.Recipients(v.ctx(), "r.es", names[0], 10)
	v.must(err)
	if !slices.Equal(rest, names[1:]) {
		t.Errorf("behind the first: %q", rest)
	}
	v.refused([]refusal{
		{"kind", add(with(func(d *directory.Domain) { d.Kind = "mail" })), directory.ErrInvalid, "relay and on-demand"},
		{"no host", add(with(func(d *directory.Domain) { d.Relay = "" })), directory.ErrInvalid, "needs the host"},
		{"bad host", add(with(func(d *directory.Domain) { d.Relay = "a b" })), directory.ErrInvalid, "is no host"},
		{"alias", add(with(func(d *directory.Domain) { d.AliasOf = "here.es" })), directory.ErrInvalid, "is an alias"},
		{"no site", add(with(func(d *directory.Domain) { d.Kind, d.Relay = directory.KindOnDemand, "" })), directory.ErrInvalid, "needs the site"},
		{"host of a site", add(with(func(d *directory.Domain) { d.Kind, d.Site = directory.KindOnDemand, "s" })), directory.ErrInvalid, "no host"},
		{"site of a relay", add(with(func(d *directory.Domain) { d.Site = "s" })), directory.ErrInvalid, "only an on-demand"},
		{"call-out", add(with(func(d *directory.Domain) { d.Kind, d.Callout = "", true })), directory.ErrInvalid, "only a relay domain"},
		{"any recipient", add(with(func(d *directory.Domain) { d.AnyRecipient = true })), directory.ErrInvalid, "on-demand"},
		{"catch-all", add(with(func(d *directory.Domain) { d.CatchAll = "x@here.es" })), directory.ErrInvalid, "choose one"},
		{"catch-all and fall-back", add(with(func(d *directory.Domain) { d.Kind, d.CatchAll = "", "x@here.es" })), directory.ErrInvalid, "choose one"},
		{"age", add(with(func(d *directory.Domain) { d.MaxAge = 400 * 24 * time.Hour })), directory.ErrInvalid, "366 days"},
		{"recipient of a local domain", second(v.AddRecipients(v.ctx(), "here.es", []string{"x"})), directory.ErrUnfit, "is local"},
		{"recipient elsewhere", second(v.AddRecipients(v.ctx(), "r.es", []string{"x", "x@y.es"})), directory.ErrInvalid, "no address at r.es"},
		{"recipients of nothing", second(v.Recipients(v.ctx(), "y.es", "", 1)), directory.ErrNotFound, "no domain"},
	})
	if n, absent, err := v.RemoveRecipients(v.ctx(), "r.es", append(names, "zz@R.es")); n != 2 || err != nil || !slices.Equal(absent, []string{"zz@r.es"}) {
		t.Errorf("%d removed, %v", n, err)
	}
}

// The one spelling of what a person wrote.
func TestLabel(t *testing.T) {
	v := newVillage(t, fast())
	for written, want := range map[string]string{"EXAMPLE.net.": "example.net", "Bücher.example": "xn--bcher-kva.example", "a.es": "a.es", "BÜCHER.example.": "xn--bcher-kva.example", "[192.0.2.1]": "[192.0.2.1]"} {
		if got := v.Label(written); got != want {
			t.Errorf("%q: %q", written, got)
		}
	}
}

func TestForwardOperations(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.account("luis@a.es")
	v.account("ana@a.es")
	v.alias("info@a.es", "luis@a.es")
	f, err := v.SetForward(v.ctx(), "Luis@a.es", []string{"Luis@Far.Example", "ana@A.es", "Luis@far.example"}, true)
	v.must(err)
	if !slices.Equal(f.To, []string{"Luis@far.example", "ana@a.es"}) || !f.Keep {
		t.Errorf("%+v", f)
	}
	v.refused([]refusal{
		{"circle", second(v.SetForward(v.ctx(), "luis@a.es", []string{"info@a.es"}, true)), directory.ErrUnfit, "come back"},
		{"circle of two", second(v.SetForward(v.ctx(), "ana@a.es", []string{"info@a.es"}, true)), directory.ErrUnfit, "come back"},
		{"circle by an alias", second(v.SetAlias(v.ctx(), "info@a.es", []string{"info@a.es"})), directory.ErrUnfit, "lead back"},
		{"malformed", second(v.SetForward(v.ctx(), "luis@a.es", []string{"x@"}, true)), directory.ErrInvalid, "missing"},
		{"many", second(v.SetForward(v.ctx(), "luis@a.es", make([]string, 1001), true)), directory.ErrInvalid, "at most"},
		{"nobody", second(v.SetForward(v.ctx(), "x@a.es", nil, true)), directory.ErrNotFound, "no account"},
	})
	f, err = v.SetForward(v.ctx(), "luis@a.es", nil, true)
	v.must(err)
	again, err := v.Forward(v.ctx(), "luis@a.es")
	if len(f.To) != 0 || f.Keep || len(again.To) != 0 || again.Account != f.Account || err != nil {
		t.Errorf("%+v, %+v, %v", f, again, err)
	}
	if _, err := v.Forward(v.ctx(), "x@a.es"); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
}
