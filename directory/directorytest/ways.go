package directorytest

import (
	"testing"
	"time"

	"posta/directory"
)

func testKinds(t *testing.T, b *bench) {
	for _, d := range []directory.Domain{
		{Name: "a.es", Kind: directory.KindRelay, Relay: "[2001:db8::1]:2525", Callout: true, MaxAge: 36 * time.Hour},
		{Name: "b.es", Kind: directory.KindOnDemand, Site: "oficina", AnyRecipient: true},
		{Name: "c.es", Relay: "old.c.es"},
	} {
		d.Created = born()
		added, err := b.AddDomain(b.ctx(), d)
		b.must(err)
		got, err := b.Domain(b.ctx(), d.Name)
		b.must(err)
		b.same(got, added)
		d.ID = added.ID
		b.same(got, d)
		d.Kind, d.Relay, d.Callout, d.Site, d.MaxAge, d.AnyRecipient = directory.KindRelay, "x.es", !d.Callout, "s", time.Second, !d.AnyRecipient
		b.must(b.SetDomain(b.ctx(), d))
		got, err = b.Domain(b.ctx(), d.Name)
		b.must(err)
		b.same(got, d)
	}
}

func testForwards(t *testing.T, b *bench) {
	b.domain("pepito.es")
	a := b.account("luis", "pepito.es")
	_, err := b.Forward(b.ctx(), a.ID)
	b.want(err, directory.ErrNotFound)
	before := b.Generation()
	f := directory.Forward{Account: a.ID, To: []string{"z@far.example", "Ana@far.example"}, Keep: true}
	b.must(b.SetForward(b.ctx(), f))
	if b.Generation() == before {
		t.Error("a forward left the generation as it was")
	}
	got, err := b.Forward(b.ctx(), a.ID)
	b.must(err)
	b.same(got, f)
	f.To, f.Keep = f.To[1:], false
	b.must(b.SetForward(b.ctx(), f))
	got, err = b.Forward(b.ctx(), a.ID)
	b.must(err)
	b.same(got, f)
	b.must(b.SetForward(b.ctx(), directory.Forward{Account: a.ID}))
	_, err = b.Forward(b.ctx(), a.ID)
	b.want(err, directory.ErrNotFound)
	b.want(b.SetForward(b.ctx(), directory.Forward{Account: 1 << 40, To: f.To}), directory.ErrNotFound)
	b.must(b.SetForward(b.ctx(), f))
	b.must(b.RemoveAccount(b.ctx(), a.ID))
	_, err = b.Forward(b.ctx(), a.ID)
	b.want(err, directory.ErrNotFound)
}

func testRecipients(t *testing.T, b *bench) {
	b.domain("a.es")
	b.domain("b.es")
	add := func(domain string, want int, keys ...string) {
		t.Helper()
		n, err := b.AddRecipients(b.ctx(), domain, keys)
		b.must(err)
		b.same(n, want)
	}
	page := func(domain, after string, limit int, want ...string) {
		t.Helper()
		got, err := b.Recipients(b.ctx(), domain, after, limit)
		b.must(err)
		b.same(append([]string{}, got...), append([]string{}, want...))
	}
	add("a.es", 3, "z", "peña", "o'hara", "z")
	add("a.es", 1, "z", "b")
	add("a.es", 0)
	add("b.es", 1, "only")
	page("a.es", "", 10, "b", "o'hara", "peña", "z")
	page("a.es", "b", 2, "o'hara", "peña")
	page("a.es", "c", 1, "o'hara")
	page("a.es", "z", 1)
	is := func(domain, key string, want bool) {
		t.Helper()
		got, err := b.IsRecipient(b.ctx(), domain, key)
		b.must(err)
		b.same(got, want)
	}
	is("a.es", "peña", true)
	is("b.es", "peña", false)
	n, err := b.RemoveRecipients(b.ctx(), "a.es", []string{"peña", "nobody"})
	b.must(err)
	b.same(n, 1)
	is("a.es", "peña", false)
	_, err = b.AddRecipients(b.ctx(), "c.es", []string{"x"})
	b.want(err, directory.ErrNotFound)
	_, err = b.RemoveRecipients(b.ctx(), "c.es", nil)
	b.want(err, directory.ErrNotFound)
	b.must(b.RemoveDomain(b.ctx(), "a.es", false))
	b.domain("a.es")
	page("a.es", "", 10)
	page("b.es", "", 10, "only")
}

func testRoutes(t *testing.T, b *bench) {
	secret := func(id int64, want string) {
		t.Helper()
		got, err := b.RouteSecret(b.ctx(), id)
		if want == "" {
			b.want(err, directory.ErrNotFound)
			return
		}
		b.must(err)
		b.same(string(got), want)
	}
	in := directory.Route{Domain: ".example.net", Hosts: []string{"mx.example.net", "192.0.2.1:2525"}, TLS: directory.TLSRequired,
		User: "u", Password: "hunter2", Source: "192.0.2.7", IPv: "4", CA: "-----BEGIN", Created: born()}
	added, err := b.AddRoute(b.ctx(), in, []byte("hunter2"))
	b.must(err)
	in.ID, in.Password = added.ID, ""
	b.same(added, in)
	all, err := b.AddRoute(b.ctx(), directory.Route{Created: born(), TLS: directory.TLSRequired}, nil)
	b.must(err)
	secret(added.ID, "hunter2")
	secret(all.ID, "")
	_, err = b.AddRoute(b.ctx(), directory.Route{Domain: ".example.net"}, nil)
	b.want(err, directory.ErrExists)
	listed, err := b.Routes(b.ctx())
	b.must(err)
	b.same(listed, []directory.Route{all, in})

	before := b.Generation()
	in.Hosts, in.TLS, in.User, in.Source, in.IPv, in.CA = []string{"[2001:db8::1]:25"}, directory.TLSNone, "v", "", "6", ""
	b.must(b.SetRoute(b.ctx(), in, nil))
	if b.Generation() == before {
		t.Error("a route left the generation as it was")
	}
	got, err := b.Route(b.ctx(), ".example.net")
	b.must(err)
	b.same(got, in)
	secret(in.ID, "hunter2")
	b.must(b.SetRoute(b.ctx(), in, []byte("other")))
	secret(in.ID, "other")
	b.must(b.SetRoute(b.ctx(), in, []byte{}))
	secret(in.ID, "")
	b.must(b.SetRoute(b.ctx(), in, []byte("last")))
	b.must(b.RemoveRoute(b.ctx(), in.ID))
	secret(in.ID, "")
	_, err = b.Route(b.ctx(), ".example.net")
	b.want(err, directory.ErrNotFound)
	b.want(b.RemoveRoute(b.ctx(), in.ID), directory.ErrNotFound)
	b.want(b.SetRoute(b.ctx(), in, nil), directory.ErrNotFound)
}
