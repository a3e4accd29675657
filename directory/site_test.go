package directory_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/sasl"
)

// provider is a house with two customers, north and south.
func provider(t *testing.T) (d *directory.Directory, north string) {
	t.Helper()
	d, err := directory.New(directorytest.New(), directory.Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, name := range []string{"north.example", "a.north.example", "b.a.north.example", "thenorth.example", "south.example"} {
		if _, err := d.AddDomain(ctx, directory.NewDomain(name)); err != nil {
			t.Fatal(err)
		}
	}
	_, north, err = d.AddSite(ctx, directory.Site{Name: "North", Domains: []string{"NORTH.example", "a.north.example", "north.example", "b.a.north.example"},
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.9/24")}, Helo: []string{"GW.north.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.AddSite(ctx, directory.Site{Name: "south", Domains: []string{"south.example"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SetNamedQueue(ctx, "UUCP", []string{"north.example", "south.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SetNamedQueue(ctx, "mine", []string{"a.north.example"}); err != nil {
		t.Fatal(err)
	}
	return d, north
}

// rfc: 1985-5.3-2, 1985-8-1
func TestReleased(t *testing.T) {
	d, _ := provider(t)
	north := directory.Caller{Site: "north", Addr: netip.MustParseAddr("203.0.113.1")}
	near := directory.Caller{Addr: netip.MustParseAddr("::ffff:192.0.2.77")}
	far := directory.Caller{Addr: netip.MustParseAddr("203.0.113.1")}
	south := directory.Caller{Site: "south", Addr: netip.MustParseAddr("192.0.2.77")} // near, but as himself
	for _, tt := range []struct {
		who     directory.Caller
		node    string
		domains string
		whole   bool
	}{
		{north, "north.example", "north.example", true},
		{north, "A.North.Example", "a.north.example", true},
		{near, "north.example", "north.example", true},
		{far, "north.example", "", true},
		{south, "north.example", "", true},
		{north, "south.example", "", true},
		{north, "nowhere.example", "", true},
		{north, "@north.example", "a.north.example b.a.north.example north.example", true},
		{north, "@a.north.example", "a.north.example b.a.north.example", true},
		{north, "@example", "a.north.example b.a.north.example north.example", true},
		{south, "@example", "south.example", true},
		{far, "@example", "", true},
		{north, "@north.examp", "", true},
		{north, "#uucp", "north.example", false},
		{north, "#Mine", "a.north.example", true},
		{south, "#mine", "", false},
		{north, "#other", "", false},
		{far, "#uucp", "", false},
		{north, "#", "", false},
		{directory.Caller{Site: "gone", Addr: near.Addr}, "north.example", "", true},
	} {
		got, whole, err := d.Released(t.Context(), tt.who, tt.node)
		if strings.Join(got, " ") != tt.domains || whole != tt.whole && tt.domains != "" || errors.Is(err, directory.ErrNotFound) != (tt.domains == "") {
			t.Errorf("%+v %s: %v %v %v", tt.who, tt.node, got, whole, err)
		}
	}
}

func TestTurns(t *testing.T) {
	d, _ := provider(t)
	for _, tt := range []struct {
		site, helo string
		want       bool
	}{{"north", "gw.NORTH.example", true}, {"north", "other.example", false}, {"south", "gw.north.example", false}, {"", "gw.north.example", false}} {
		if got, err := d.Turns(t.Context(), tt.site, tt.helo); got != tt.want || err != nil {
			t.Errorf("%+v %v", tt, err)
		}
	}
}

// A site logs in with its own secret only, by every mechanism, and people
// don't by theirs.
func TestSiteLogins(t *testing.T) {
	d, secret := provider(t)
	ctx := t.Context()
	if len(secret) < 32 {
		t.Fatalf("%d letters of 5 bits", len(secret))
	}
	if _, err := d.AddAccount(ctx, "pepe@north.example", "hola", directory.AccountOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		user, password string
		ok             bool
	}{
		{"north", secret, true}, {"NORTH", secret, true}, {"north", secret + "x", false}, {"south", secret, false},
		{"nobody", secret, false}, {"pepe@north.example", "hola", false}, {"north@north.example", secret, false},
	} {
		for _, mechanism := range []string{sasl.Plain, sasl.ScramSHA256, sasl.CramMD5} {
			id, err := logIn(ctx, d.SiteLogins(), mechanism, tt.user, tt.password)
			if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, sasl.ErrCredentials) || id.Account != 0 || tt.ok && id.Site != "north" {
				t.Errorf("%s %+v: %+v %v", mechanism, tt, id, err)
			}
		}
		if _, err := d.Password(ctx, tt.user, secret); err == nil {
			t.Error("a site logs in as a person")
		}
	}
	renewed, err := d.NewSiteSecret(ctx, "north")
	if err != nil || renewed == secret {
		t.Fatal(err)
	}
	if _, err := logIn(ctx, d.SiteLogins(), sasl.CramMD5, "north", secret); err == nil {
		t.Error("the old secret works")
	}
	if err := d.RemoveSite(ctx, "north"); err != nil {
		t.Fatal(err)
	}
	if _, err := logIn(ctx, d.SiteLogins(), sasl.CramMD5, "north", renewed); err == nil {
		t.Error("a site that is gone works")
	}
}

func logIn(ctx context.Context, auth sasl.Authenticator, mechanism, user, password string) (sasl.Identity, error) {
	s, err := sasl.NewServer(mechanism, auth, nil)
	if mechanism == sasl.CramMD5 {
		s, err = sasl.NewCramMD5(auth, "mail.example"), nil
	}
	if err != nil {
		return sasl.Identity{}, err
	}
	c, err := sasl.NewClient(mechanism, sasl.Wish{User: user, Password: password})
	if err != nil {
		return sasl.Identity{}, err
	}
	response, err := c.Start()
	for err == nil {
		var challenge []byte
		var done bool
		if challenge, done, err = s.Next(ctx, response); err != nil || done {
			break
		}
		if response, err = c.Next(challenge); err == nil && response == nil {
			response = []byte{}
		}
	}
	return s.Identity(), err
}

func TestSiteRefusals(t *testing.T) {
	d, _ := provider(t)
	ctx := t.Context()
	for what, tt := range map[string]struct {
		site directory.Site
		want error
	}{
		"a name with an at sign":  {directory.Site{Name: "a@b"}, directory.ErrInvalid},
		"no name":                 {directory.Site{}, directory.ErrInvalid},
		"a long name":             {directory.Site{Name: strings.Repeat("a", 65)}, directory.ErrInvalid},
		"one that is there":       {directory.Site{Name: "NORTH"}, directory.ErrExists},
		"a domain of nobody":      {directory.Site{Name: "x", Domains: []string{"nowhere.example"}}, directory.ErrNotFound},
		"everybody":               {directory.Site{Name: "x", Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}, directory.ErrInvalid},
		"no network":              {directory.Site{Name: "x", Networks: []netip.Prefix{{}}}, directory.ErrInvalid},
		"a literal as HELO":       {directory.Site{Name: "x", Helo: []string{"[192.0.2.1]"}}, directory.ErrInvalid},
		"a HELO that is no name":  {directory.Site{Name: "x", Helo: []string{"a b"}}, directory.ErrInvalid},
		"far too many HELO names": {directory.Site{Name: "x", Domains: slices.Repeat([]string{"north.example"}, 1001)}, directory.ErrLimit},
	} {
		if _, _, err := d.AddSite(ctx, tt.site); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := d.SetNamedQueue(ctx, "x", nil); !errors.Is(err, directory.ErrInvalid) {
		t.Error(err)
	}
	if _, err := d.SetNamedQueue(ctx, "x y", []string{"north.example"}); !errors.Is(err, directory.ErrInvalid) {
		t.Error(err)
	}
	if err := d.SawSite(ctx, "North"); err != nil {
		t.Error(err)
	}
	if s, err := d.Site(ctx, "north"); err != nil || s.Seen.Unix() != 1_800_000_000 || len(s.Networks) != 1 || s.Networks[0].String() != "192.0.2.0/24" ||
		!slices.Equal(s.Domains, []string{"a.north.example", "b.a.north.example", "north.example"}) || s.Helo[0] != "gw.north.example" {
		t.Errorf("%+v %v", s, err)
	}
}

// Mail that is kept for a site is the site's, without more words.
func TestOnDemandSite(t *testing.T) {
	d, _ := provider(t)
	ctx := t.Context()
	kept := directory.NewDomain("kept.example")
	kept.Kind, kept.Site = directory.KindOnDemand, "nobody"
	if _, err := d.AddDomain(ctx, kept); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
	kept.Site = "SOUTH"
	if _, err := d.AddDomain(ctx, kept); err != nil {
		t.Fatal(err)
	}
	got, err := d.Fetched(ctx, directory.Caller{Site: "south"})
	if err != nil || !slices.Equal(got, []string{"kept.example", "south.example"}) {
		t.Error(got, err)
	}
	if err := d.RemoveSite(ctx, "south"); !errors.Is(err, directory.ErrInUse) {
		t.Error(err)
	}
}
