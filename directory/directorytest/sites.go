package directorytest

import (
	"net/netip"
	"testing"
	"time"

	"posta/directory"
)

func newSite(name string, domains ...string) directory.Site {
	return directory.Site{Name: name, Domains: domains, Created: born(), Helo: []string{"gw.example.org", "mail.example.org"},
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}}
}

func testSites(t *testing.T, b *bench) {
	ctx := b.ctx()
	none, err := b.Sites(ctx)
	b.must(err)
	if len(none) != 0 {
		t.Fatal(none)
	}
	b.domain("example.org")
	b.domain("example.com")
	added, err := b.AddSite(ctx, newSite("z", "example.com", "example.org"), []byte("geheim"))
	b.must(err)
	other, err := b.AddSite(ctx, directory.Site{Name: "a", Created: born()}, []byte("other"))
	b.must(err)
	_, err = b.AddSite(ctx, newSite("z"), []byte("x"))
	b.want(err, directory.ErrExists)
	_, err = b.AddSite(ctx, newSite("y", "nowhere.example"), []byte("x"))
	b.want(err, directory.ErrNotFound)

	want := newSite("z", "example.com", "example.org")
	want.ID = added.ID
	got, err := b.Site(ctx, "z")
	b.must(err)
	b.same(got, want)
	secret, err := b.SiteSecret(ctx, added.ID)
	b.must(err)
	b.same(secret, []byte("geheim"))

	generation := b.Generation()
	b.must(b.SiteSeen(ctx, added.ID, born().Add(time.Hour)))
	if b.Generation() != generation {
		t.Error("a site was seen, and all that is remembered of the directory is void")
	}
	want.Seen = born().Add(time.Hour)
	all, err := b.Sites(ctx)
	b.must(err)
	b.same(all, []directory.Site{{ID: other.ID, Name: "a", Created: born(), Helo: all[0].Helo}, want})

	changed := want
	changed.Domains, changed.Helo, changed.Networks = []string{"example.org"}, []string{"x.example.org"}, want.Networks[:1]
	b.must(b.SetSite(ctx, changed))
	b.must(b.SetSiteSecret(ctx, added.ID, []byte("neu")))
	got, err = b.Site(ctx, "z")
	b.must(err)
	b.same(got, changed)
	secret, err = b.SiteSecret(ctx, added.ID)
	b.must(err)
	b.same(secret, []byte("neu"))
	changed.Domains = []string{"nowhere.example"}
	b.want(b.SetSite(ctx, changed), directory.ErrNotFound)

	b.must(b.RemoveSite(ctx, added.ID))
	_, err = b.Site(ctx, "z")
	b.want(err, directory.ErrNotFound)
	_, err = b.SiteSecret(ctx, added.ID)
	b.want(err, directory.ErrNotFound)
	again, err := b.AddSite(ctx, newSite("z"), []byte("x"))
	b.must(err)
	if again.ID == added.ID {
		t.Error("an id was given twice")
	}
}

// A domain that is gone is nobody's, also when somebody else begins it anew.
func testUnbound(t *testing.T, b *bench) {
	ctx := b.ctx()
	b.domain("example.org")
	b.domain("example.com")
	_, err := b.AddSite(ctx, newSite("z", "example.com", "example.org"), []byte("x"))
	b.must(err)
	b.must(b.SetNamedQueue(ctx, directory.NamedQueue{Name: "both", Domains: []string{"example.com", "example.org"}}))
	b.must(b.SetNamedQueue(ctx, directory.NamedQueue{Name: "one", Domains: []string{"example.org"}}))
	b.must(b.RemoveDomain(ctx, "example.org", true))
	b.domain("example.org")
	s, err := b.Site(ctx, "z")
	b.must(err)
	b.same(s.Domains, []string{"example.com"})
	queues, err := b.NamedQueues(ctx)
	b.must(err)
	b.same(queues, []directory.NamedQueue{{Name: "both", Domains: []string{"example.com"}}})
	b.must(b.RemoveDomain(ctx, "example.com", false))
	if s, err = b.Site(ctx, "z"); err != nil || len(s.Domains) != 0 {
		t.Error(s, err)
	}
}

func testNamedQueues(_ *testing.T, b *bench) {
	ctx := b.ctx()
	b.domain("example.org")
	b.domain("example.com")
	b.must(b.SetNamedQueue(ctx, directory.NamedQueue{Name: "uucp", Domains: []string{"example.org"}}))
	b.must(b.SetNamedQueue(ctx, directory.NamedQueue{Name: "all", Domains: []string{"example.com", "example.org"}}))
	b.must(b.SetNamedQueue(ctx, directory.NamedQueue{Name: "uucp", Domains: []string{"example.com"}}))
	b.want(b.SetNamedQueue(ctx, directory.NamedQueue{Name: "x", Domains: []string{"nowhere.example"}}), directory.ErrNotFound)
	got, err := b.NamedQueues(ctx)
	b.must(err)
	b.same(got, []directory.NamedQueue{{Name: "all", Domains: []string{"example.com", "example.org"}},
		{Name: "uucp", Domains: []string{"example.com"}}})
	b.must(b.RemoveNamedQueue(ctx, "uucp"))
	b.want(b.RemoveNamedQueue(ctx, "uucp"), directory.ErrNotFound)
}

func testNoSite(t *testing.T, b *bench) {
	ctx := b.ctx()
	const id = 4711
	for name, call := range map[string]func() error{
		"Site":          func() error { _, err := b.Site(ctx, "x"); return err },
		"SiteSecret":    func() error { _, err := b.SiteSecret(ctx, id); return err },
		"SetSite":       func() error { return b.SetSite(ctx, directory.Site{ID: id}) },
		"SetSiteSecret": func() error { return b.SetSiteSecret(ctx, id, []byte("x")) },
		"SiteSeen":      func() error { return b.SiteSeen(ctx, id, born()) },
		"RemoveSite":    func() error { return b.RemoveSite(ctx, id) },
	} {
		t.Run(name, func(t *testing.T) { (&bench{T: t, Store: b.Store}).want(call(), directory.ErrNotFound) })
	}
}
