package admin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posta/directory"
	"posta/mail"
)

// RouteWay is what is laid here for mail to a domain. No name is looked up.
type RouteWay struct {
	Domain string   `json:"domain"`
	Local  bool     `json:"local,omitempty"` // its mail stays here
	Site   string   `json:"site,omitempty"`  // it is kept until this site asks for it
	Route  string   `json:"route,omitempty"` // the domain of the Route that counts; "": there is none
	Relay  bool     `json:"relay,omitempty"` // that is no Route: the domain itself names the host, to relay to or to fall back on
	Hosts  []string `json:"hosts,omitempty"` // in order; none: by MX
	TLS    string   `json:"tls"`
	CA     string   `json:"ca,omitempty"` // PEM
	User   string   `json:"user,omitempty"`
	Source string   `json:"source,omitempty"`
	IP     string   `json:"ip"`
	Mode   string   `json:"mode,omitempty"`   // of [outgoing]
	Here   bool     `json:"here,omitempty"`   // the address that was asked for leads somewhere here: its mail does not go this way
	NoLab  bool     `json:"no_lab,omitempty"` // all mail comes here by a lab, and none of it goes to any of the hosts
}

// wayTo gives what is laid for an address or a domain.
func (h House) wayTo(ctx context.Context, in ByAddress) (RouteWay, error) {
	at := strings.LastIndexByte(in.Address, '@')
	domain := in.Address[at+1:]
	if mail.CheckDomain(domain) != nil || at >= 0 && !addressed(in.Address) {
		return RouteWay{}, refusal("invalid", "admin.route_domain", "Domain", in.Address)
	}
	here, err := h.leadsHere(ctx, in.Address)
	if err != nil {
		return RouteWay{}, err
	}
	out := RouteWay{Domain: domain, TLS: opportunistic, IP: bothIP, Mode: h.Outgoing, Here: here}
	switch home, err := h.Directory.Domain(ctx, domain); {
	case err == nil && home.Kind == directory.KindLocal && home.Relay == "":
		out.Domain, out.Local = home.Name, true // no route leads away from here
		return out, nil
	case err == nil:
		out.Domain, out.Local, out.Site = home.Name, home.Kind == directory.KindLocal, home.Site
	case !errors.Is(err, directory.ErrNotFound):
		return RouteWay{}, err
	}
	laid, found, err := h.Directory.WayTo(ctx, domain)
	if err != nil {
		return RouteWay{}, err
	}
	if !found || out.Site != "" && laid.Domain == "" { // a smart host is no way to a site
		return out, nil
	}
	shown := showRoute(laid)
	out.Route, out.Hosts, out.TLS, out.CA, out.User, out.Source, out.IP = shown.Domain, shown.Hosts, shown.TLS, laid.CA, shown.User, shown.Source, shown.IP
	out.Relay = laid.Created.IsZero() // nobody made it
	out.NoLab = len(out.Hosts) > 0 && h.labOnly() && !slices.ContainsFunc(out.Hosts, func(host string) bool { return !h.LabBars(host) })
	return out, nil
}
