package admin

import (
	"context"
	"net/netip"
	"time"

	"posta/directory"
)

// Site is a customer's mail server that comes for its mail.
type Site struct {
	Name     string    `json:"name"`
	Domains  []string  `json:"domains,omitempty"`  // whose mail it may ask for, besides those kept for it
	Kept     []string  `json:"kept,omitempty"`     // domains whose mail is kept for it
	Networks []string  `json:"networks,omitempty"` // from where it asks by ETRN without a log-in
	Helo     []string  `json:"helo,omitempty"`     // the names under which it may TURN
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"seen,omitzero"`    // when it asked last
	Secret   string    `json:"secret,omitempty"` // once, when it was made

	Local []string `json:"local,omitempty"` // of the domains: their mail goes into mailboxes here, and none waits for a site; not of site.list
}

// SiteChange makes or changes a site. What is nil stays.
type SiteChange struct {
	Name     string    `json:"name"`
	Domains  *[]string `json:"domains,omitempty"`
	Networks *[]string `json:"networks,omitempty"`
	Helo     *[]string `json:"helo,omitempty"`
}

// NamedQueue is what a site's ETRN calls "#name".
type NamedQueue struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains,omitempty"`

	Local []string `json:"local,omitempty"` // of the domains, as of Site
}

// ByName names one site or queue.
type ByName struct {
	Name string `json:"name"`
}

func (h House) visits() []Operation {
	d := h.Directory
	return []Operation{
		op("site.list", false, func(ctx context.Context, _ None) ([]Site, error) {
			all, err := d.Sites(ctx)
			if err != nil {
				return nil, err
			}
			return h.withKept(ctx, each(all, showSite)...)
		}),
		op("site.show", false, func(ctx context.Context, in ByName) (Site, error) {
			s, err := d.Site(ctx, in.Name)
			if err != nil {
				return Site{}, err
			}
			all, err := h.withKept(ctx, showSite(s))
			if err != nil {
				return Site{}, err
			}
			return h.withLocal(ctx, all[0], nil)
		}),
		op("site.add", true, func(ctx context.Context, in SiteChange) (Site, error) {
			wanted := directory.Site{Name: in.Name}
			if err := in.onto(&wanted); err != nil {
				return Site{}, err
			}
			s, secret, err := d.AddSite(ctx, wanted)
			out := showSite(s)
			out.Secret = secret
			return h.withLocal(ctx, out, err)
		}),
		op("site.set", true, func(ctx context.Context, in SiteChange) (Site, error) {
			s, err := d.Site(ctx, in.Name)
			if err == nil {
				err = in.onto(&s)
			}
			if err == nil {
				s, err = d.SetSite(ctx, s)
			}
			return h.withLocal(ctx, showSite(s), err)
		}),
		op("site.secret", true, func(ctx context.Context, in ByName) (Site, error) {
			secret, err := d.NewSiteSecret(ctx, in.Name)
			if err != nil {
				return Site{}, err
			}
			s, err := d.Site(ctx, in.Name)
			out := showSite(s)
			out.Secret = secret
			return out, err
		}),
		op("site.remove", true, func(ctx context.Context, in ByName) (None, error) { return None{}, d.RemoveSite(ctx, in.Name) }),
		op("site.queue.list", false, func(ctx context.Context, _ None) ([]NamedQueue, error) {
			all, err := d.NamedQueues(ctx)
			return each(all, showNamedQueue), err
		}),
		op("site.queue.set", true, func(ctx context.Context, in NamedQueue) (NamedQueue, error) {
			q, err := d.SetNamedQueue(ctx, in.Name, in.Domains)
			out := showNamedQueue(q)
			if err == nil {
				out.Local, err = h.local(ctx, q.Domains)
			}
			return out, err
		}),
		op("site.queue.remove", true, func(ctx context.Context, in ByName) (None, error) {
			return None{}, d.RemoveNamedQueue(ctx, in.Name)
		}),
	}
}

// withKept names the domains whose mail is kept for sites.
func (h House) withKept(ctx context.Context, all ...Site) ([]Site, error) {
	domains, err := h.Directory.Domains(ctx)
	for i := range all {
		for _, one := range domains {
			if one.Site == all[i].Name {
				all[i].Kept = append(all[i].Kept, one.Name)
			}
		}
	}
	return all, err
}

// withLocal names those of a site's domains whose mail never waits for it.
func (h House) withLocal(ctx context.Context, s Site, err error) (Site, error) {
	if err == nil {
		s.Local, err = h.local(ctx, s.Domains)
	}
	return s, err
}

// local gives those of some domains whose mail goes into mailboxes here. What a
// fall-back has not taken yet does wait.
func (h House) local(ctx context.Context, domains []string) (all []string, err error) {
	for _, name := range domains {
		d, err := h.Directory.Domain(ctx, name)
		if err != nil {
			return all, err
		}
		if d.Kind == directory.KindLocal && d.Relay == "" {
			all = append(all, name)
		}
	}
	return all, nil
}

// onto puts the change into a site.
func (c *SiteChange) onto(s *directory.Site) error {
	if c.Domains != nil {
		s.Domains = *c.Domains
	}
	if c.Helo != nil {
		s.Helo = *c.Helo
	}
	if c.Networks == nil {
		return nil
	}
	s.Networks = nil
	for _, text := range *c.Networks {
		p, err := netip.ParsePrefix(text)
		if addr, alone := netip.ParseAddr(text); alone == nil {
			p, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return refusal("invalid", "site.network", "Network", text)
		}
		s.Networks = append(s.Networks, p)
	}
	return nil
}

func showSite(s directory.Site) Site {
	out := Site{Name: s.Name, Domains: s.Domains, Helo: s.Helo, Created: s.Created, Seen: s.Seen}
	for _, n := range s.Networks {
		out.Networks = append(out.Networks, n.String())
	}
	return out
}

func showNamedQueue(q directory.NamedQueue) NamedQueue {
	return NamedQueue{Name: q.Name, Domains: q.Domains}
}
