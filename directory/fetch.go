package directory

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"posta/sasl"
)

// Caller is who asks for mail: a site that has logged in, or a machine.
type Caller struct {
	Site string // its name; "" for nobody
	Addr netip.Addr
}

// AnySite says whether there is a site at all.
func (d *Directory) AnySite(ctx context.Context) (bool, error) {
	all, err := d.sites(ctx)
	return len(all) > 0, err
}

// Fetched gives the domains whose mail a caller may ask for, in order: a site's
// that has logged in, or those of all sites with the machine's network.
func (d *Directory) Fetched(ctx context.Context, by Caller) ([]string, error) {
	all, err := d.sites(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range all {
		if by.Site == s.Name || by.Site == "" && s.near(by.Addr) {
			out = append(out, s.Domains...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Asker gives the site by whose right a caller asks for the mail of a domain, ""
// where there is none.
func (d *Directory) Asker(ctx context.Context, by Caller, domain string) (string, error) {
	all, err := d.sites(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if (by.Site == s.Name || by.Site == "" && s.near(by.Addr)) && slices.Contains(s.Domains, domain) {
			return s.Name, nil
		}
	}
	return "", nil
}

func (s *Site) near(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(s.Networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Released gives the domains that ETRN's node means to a caller (RFC 1985
// §5.3): "example.net", "@example.net" with what is below it, "#name" for a
// queue. whole says that nothing of what it means is another's. The unknown and
// the forbidden are alike ErrNotFound.
func (d *Directory) Released(ctx context.Context, by Caller, node string) (domains []string, whole bool, err error) {
	bound, err := d.Fetched(ctx, by)
	if err != nil {
		return nil, false, err
	}
	whole = true
	switch {
	case strings.HasPrefix(node, "#"):
		domains, whole, err = d.inQueue(ctx, strings.ToLower(node[1:]), bound)
	case strings.HasPrefix(node, "@"):
		top := d.label(node[1:])
		for _, one := range bound {
			if one == top || strings.HasSuffix(one, "."+top) {
				domains = append(domains, one)
			}
		}
	case slices.Contains(bound, d.label(node)):
		domains = []string{d.label(node)}
	}
	if err == nil && len(domains) == 0 {
		err = ErrNotFound
	}
	return domains, whole, err
}

// inQueue gives which of the bound domains a named queue has.
func (d *Directory) inQueue(ctx context.Context, name string, bound []string) (domains []string, whole bool, err error) {
	all, err := d.store.NamedQueues(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("directory: named queues: %w", err)
	}
	for _, q := range all {
		if q.Name != name {
			continue
		}
		for _, one := range q.Domains {
			if slices.Contains(bound, one) {
				domains = append(domains, one)
			}
		}
		return domains, len(domains) == len(q.Domains), nil
	}
	return nil, false, nil
}

// Turns says whether a site may TURN under a HELO name.
func (d *Directory) Turns(ctx context.Context, site, helo string) (bool, error) {
	all, err := d.sites(ctx)
	if err != nil {
		return false, err
	}
	label := d.label(helo)
	return slices.ContainsFunc(all, func(s Site) bool { return s.Name == site && slices.Contains(s.Helo, label) }), nil
}

// sites gives all sites with all their domains, also those whose mail is kept for
// them, remembered until something changes.
func (d *Directory) sites(ctx context.Context) ([]Site, error) {
	generation := d.store.Generation()
	if all, ok := d.visitors.find(generation, struct{}{}); ok {
		return all, nil
	}
	all, err := d.store.Sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("directory: sites: %w", err)
	}
	domains, err := d.store.Domains(ctx)
	if err != nil {
		return nil, fmt.Errorf("directory: domains: %w", err)
	}
	for i := range all {
		for _, one := range domains {
			if one.Site == all[i].Name && !slices.Contains(all[i].Domains, one.Name) {
				all[i].Domains = append(all[i].Domains, one.Name)
			}
		}
	}
	d.visitors.add(generation, struct{}{}, all, 1)
	return all, nil
}

// SiteLogins knows the sites for sasl, and no person.
func (d *Directory) SiteLogins() sasl.Authenticator { return siteLogins{d} }

type siteLogins struct{ d *Directory }

// siteIterations are few: there is no guessing a secret of 160 bits (RFC 7677 §4
// asks for as many at least).
const siteIterations = 4096

// find gives a site's secret; for nobody one that nobody has, so that all that
// is done with it takes its time.
func (l siteLogins) find(ctx context.Context, user string) (sasl.Identity, []byte, error) {
	name := strings.ToLower(user)
	nobody := l.d.fakes.part("site", name)
	s, err := l.d.store.Site(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return sasl.Identity{}, nil, fmt.Errorf("directory: site: %w", err)
	}
	secret, err := l.d.store.SiteSecret(ctx, s.ID) // asked for nobody too
	if errors.Is(err, ErrNotFound) {
		return sasl.Identity{}, nobody, nil
	}
	if err != nil {
		return sasl.Identity{}, nil, fmt.Errorf("directory: secret of a site: %w", err)
	}
	return sasl.Identity{Site: s.Name}, secret, nil
}

// Password implements sasl.Authenticator.
func (l siteLogins) Password(ctx context.Context, user, password string) (sasl.Identity, error) {
	id, secret, err := l.find(ctx, user)
	if err != nil {
		return sasl.Identity{}, err
	}
	if subtle.ConstantTimeCompare(secret, []byte(password)) != 1 || !id.Known() {
		return sasl.Identity{}, sasl.ErrCredentials
	}
	return id, nil
}

// Verifier implements sasl.Authenticator.
func (l siteLogins) Verifier(ctx context.Context, user string) (sasl.Identity, sasl.Verifier, error) {
	id, secret, err := l.find(ctx, user)
	if err != nil {
		return sasl.Identity{}, sasl.Verifier{}, err
	}
	salt := l.d.fakes.part("site salt", strings.ToLower(user))[:saltSize]
	v, err := sasl.NewVerifier(string(secret), salt, siteIterations)
	return id, v, err
}

// Secret implements sasl.Authenticator. With ErrCredentials it gives a secret
// that is nobody's.
func (l siteLogins) Secret(ctx context.Context, user string) (sasl.Identity, []byte, error) {
	id, secret, err := l.find(ctx, user)
	if err == nil && !id.Known() {
		err = sasl.ErrCredentials
	}
	return id, secret, err
}
