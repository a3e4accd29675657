package directory

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/netip"
	"slices"
	"strings"
	"time"

	"posta/mail"
	"posta/words"
)

// Site is a customer's mail server that comes for its mail, by ETRN, ATRN or
// TURN. It is nobody's mailbox, and its secret is no person's password.
type Site struct {
	ID       int64
	Name     string         // its log-in
	Domains  []string       // whose mail it may ask for, besides those kept for it
	Networks []netip.Prefix // from where it asks by ETRN without a log-in
	Helo     []string       // the names under which it may TURN
	Created  time.Time
	Seen     time.Time // when it asked last; zero: never
}

// NamedQueue is what ETRN releases as "#name" (RFC 1985 §5.3).
type NamedQueue struct {
	Name    string
	Domains []string
}

// Bounds of a site and of a named queue.
const (
	maxSiteName = 64
	maxBound    = 1000 // domains, networks, names
)

// Sites lists the sites.
func (d *Directory) Sites(ctx context.Context) ([]Site, error) {
	all, err := d.store.Sites(ctx)
	return all, listing(err)
}

// Site gives one of them.
func (d *Directory) Site(ctx context.Context, name string) (Site, error) {
	name = strings.ToLower(name)
	s, err := d.store.Site(ctx, name)
	return s, because(err, theSite(name))
}

// AddSite makes a site and its secret, which is shown once.
func (d *Directory) AddSite(ctx context.Context, s Site) (Site, string, error) {
	s.ID, s.Name, s.Created, s.Seen = 0, strings.ToLower(s.Name), d.now(), time.Time{}
	if !isNetName(s.Name) {
		return Site{}, "", refuse(ErrInvalid, "site.name", words.Args{"Name": s.Name, "Most": maxSiteName})
	}
	if err := d.checkSite(ctx, &s); err != nil {
		return Site{}, "", err
	}
	secret := newSecret()
	added, err := d.store.AddSite(ctx, s, []byte(secret))
	if err != nil {
		return Site{}, "", because(err, theSite(s.Name))
	}
	return added, secret, nil
}

// SetSite changes domains, networks and names of the site of s's name, all of them.
func (d *Directory) SetSite(ctx context.Context, s Site) (Site, error) {
	have, err := d.Site(ctx, s.Name)
	if err != nil {
		return Site{}, err
	}
	have.Domains, have.Networks, have.Helo = s.Domains, s.Networks, s.Helo
	if err := d.checkSite(ctx, &have); err != nil {
		return Site{}, err
	}
	return have, because(d.store.SetSite(ctx, have), theSite(have.Name))
}

// NewSiteSecret gives a site another secret; the one before is worth nothing.
func (d *Directory) NewSiteSecret(ctx context.Context, name string) (string, error) {
	s, err := d.Site(ctx, name)
	if err != nil {
		return "", err
	}
	secret := newSecret()
	return secret, because(d.store.SetSiteSecret(ctx, s.ID, []byte(secret)), theSite(s.Name))
}

// RemoveSite takes a site away for which no domain's mail is kept.
func (d *Directory) RemoveSite(ctx context.Context, name string) error {
	s, err := d.Site(ctx, name)
	if err != nil {
		return err
	}
	all, err := d.Domains(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Site == s.Name {
			return refuse(ErrInUse, "site.kept_for", words.Args{"Name": s.Name, "Domain": one.Name})
		}
	}
	return because(d.store.RemoveSite(ctx, s.ID), theSite(s.Name))
}

// SawSite notes that a site asked for its mail.
func (d *Directory) SawSite(ctx context.Context, name string) error {
	s, err := d.Site(ctx, name)
	if err != nil {
		return err
	}
	return because(d.store.SiteSeen(ctx, s.ID, d.now()), theSite(s.Name))
}

// NamedQueues lists the queues that have names.
func (d *Directory) NamedQueues(ctx context.Context) ([]NamedQueue, error) {
	all, err := d.store.NamedQueues(ctx)
	return all, listing(err)
}

// SetNamedQueue makes or changes a queue: its domains, all of them.
func (d *Directory) SetNamedQueue(ctx context.Context, name string, domains []string) (NamedQueue, error) {
	q := NamedQueue{Name: strings.ToLower(name)}
	if !isNetName(q.Name) {
		return q, refuse(ErrInvalid, "site.name", words.Args{"Name": q.Name, "Most": maxSiteName})
	}
	if len(domains) == 0 {
		return q, refuse(ErrInvalid, "site.queue_empty", words.Args{"Name": q.Name})
	}
	bound, err := d.bound(ctx, domains)
	if err != nil {
		return q, err
	}
	q.Domains = bound
	return q, because(d.store.SetNamedQueue(ctx, q), theQueue(q.Name))
}

// RemoveNamedQueue takes a queue's name away; the mail stays.
func (d *Directory) RemoveNamedQueue(ctx context.Context, name string) error {
	name = strings.ToLower(name)
	return because(d.store.RemoveNamedQueue(ctx, name), theQueue(name))
}

// checkSite brings what may be set of a site into canonical form.
func (d *Directory) checkSite(ctx context.Context, s *Site) (err error) {
	if s.Domains, err = d.bound(ctx, s.Domains); err != nil {
		return err
	}
	networks := make([]netip.Prefix, 0, len(s.Networks))
	for _, n := range s.Networks {
		if !n.IsValid() || n.Bits() == 0 {
			return refuse(ErrInvalid, "site.network", words.Args{"Network": n.String()})
		}
		networks = append(networks, n.Masked())
	}
	slices.SortFunc(networks, netip.Prefix.Compare)
	s.Networks = slices.Compact(networks)
	names := make([]string, 0, len(s.Helo))
	for _, name := range s.Helo {
		label := d.label(name)
		if err := mail.CheckDomain(label); err != nil || strings.HasPrefix(label, "[") || !mail.IsASCII(label) {
			return refuse(ErrInvalid, "site.helo", words.Args{"Name": name})
		}
		names = append(names, label)
	}
	slices.Sort(names)
	s.Helo = slices.Compact(names)
	if len(s.Networks) > maxBound || len(s.Helo) > maxBound {
		return refuse(ErrLimit, "site.too_many", words.Args{"Most": maxBound})
	}
	return nil
}

// bound gives domains that must be here, in order.
func (d *Directory) bound(ctx context.Context, domains []string) ([]string, error) {
	if len(domains) > maxBound {
		return nil, refuse(ErrLimit, "site.too_many", words.Args{"Most": maxBound})
	}
	out := make([]string, 0, len(domains))
	for _, one := range domains {
		found, err := d.Domain(ctx, one)
		if err != nil {
			return nil, err
		}
		out = append(out, found.Name)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// isNetName says that a name of a site or a queue is one that ETRN and every
// mechanism can carry: letters, digits, dots, dashes, underscores.
func isNetName(name string) bool {
	if name == "" || len(name) > maxSiteName || strings.Trim(name, ".-_") != name {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// newSecret makes a secret of 160 bits that can be read out on a telephone.
func newSecret() string {
	random := make([]byte, 20)
	rand.Read(random)
	return strings.ToLower(base32.StdEncoding.EncodeToString(random))
}

func theSite(name string) thing {
	return thing{name, "site.none", "site.exists"}
}

func theQueue(name string) thing {
	return thing{name: name, absent: "site.no_queue"}
}
