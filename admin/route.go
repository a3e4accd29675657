package admin

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"posta/directory"
	"posta/mail"
)

// Route is the way that mail for a domain takes, as an administrator wants it.
type Route struct {
	Domain  string    `json:"domain"`          // ".example.net": its subdomains; "*": everything, a smart host
	Hosts   []string  `json:"hosts,omitempty"` // in order; none: by MX
	TLS     string    `json:"tls"`             // opportunistic, required, implicit, none
	CA      []string  `json:"ca,omitempty"`    // names of certificates that are believed beside the system's
	User    string    `json:"user,omitempty"`  // to log in there with
	Source  string    `json:"source,omitempty"`
	IP      string    `json:"ip"` // both, 4, 6
	Created time.Time `json:"created"`

	NoSource  bool     `json:"no_source,omitempty"`  // this computer has not the address Source now; as OutOfLab not of route.list
	Unsourced []string `json:"unsourced,omitempty"`  // of the hosts: addresses of another kind than Source, which it is not for; the same
	Instead   string   `json:"instead,omitempty"`    // the host that its domain names, to relay to or to fall back on: this route counts, not that; not of route.list
	Local     bool     `json:"local,omitempty"`      // its domain is served here: its mail stays, and nothing goes by the route; not of route.list
	OutOfLab  []string `json:"out_of_lab,omitempty"` // of the hosts: no mail of a lab of this server goes there, "MX" for a route that names none; not of route.list
}

// RouteChange adds or changes a route; what is nil keeps its value, or the
// usual one.
type RouteChange struct {
	Domain   string    `json:"domain"`
	Hosts    *[]string `json:"hosts,omitempty"`
	TLS      *string   `json:"tls,omitempty"`
	CA       *string   `json:"ca,omitempty"` // PEM
	User     *string   `json:"user,omitempty"`
	Password *string   `json:"password,omitempty"`
	Source   *string   `json:"source,omitempty"`
	IP       *string   `json:"ip,omitempty"`
}

// RouteName names a route by its domain: "*" is the one of everything.
type RouteName struct {
	Domain string `json:"domain"`
}

// The usual, as it is spelt for people and scripts.
const (
	opportunistic = "opportunistic"
	bothIP        = "both"
	everything    = "*"
	byMX          = "MX"  // of Route.OutOfLab
	off           = "off" // of House.Outgoing
)

func (h House) routes() []Operation {
	d := h.Directory
	return []Operation{
		op("route.list", false, func(ctx context.Context, _ None) ([]Route, error) {
			all, err := d.Routes(ctx)
			return each(all, showRoute), err
		}),
		op("route.show", false, func(ctx context.Context, in RouteName) (Route, error) {
			found, err := d.Route(ctx, in.Domain)
			return h.judged(ctx, found, err)
		}),
		op("route.add", true, func(ctx context.Context, in RouteChange) (Route, error) {
			r := directory.Route{Domain: in.Domain}
			if err := in.apply(&r); err != nil {
				return Route{}, err
			}
			added, err := d.AddRoute(ctx, r)
			h.rerouted()
			return h.judged(ctx, added, err)
		}),
		op("route.set", true, func(ctx context.Context, in RouteChange) (Route, error) {
			r, err := d.Route(ctx, in.Domain)
			if err != nil {
				return Route{}, err
			}
			if err := in.apply(&r); err != nil {
				return Route{}, err
			}
			set, err := d.SetRoute(ctx, r)
			h.rerouted()
			return h.judged(ctx, set, err)
		}),
		op("route.remove", true, func(ctx context.Context, in RouteName) (None, error) {
			err := d.RemoveRoute(ctx, in.Domain)
			h.rerouted()
			return None{}, err
		}),
		op("route.way", false, h.wayTo),
		op("route.test", false, h.testRoute),
	}
}

// rerouted lets what is sent from now on take the new ways.
func (h House) rerouted() {
	if h.Sender != nil {
		h.Sender.Rerouted()
	}
}

// apply changes a route. Opportunistic TLS proves nothing, and is not what becomes
// of a route that logs in or believes certificates: who asks for it is told.
func (c RouteChange) apply(r *directory.Route) error {
	put(&r.Hosts, c.Hosts)
	put((*string)(&r.TLS), unless(c.TLS, opportunistic))
	put(&r.CA, c.CA)
	put(&r.User, c.User)
	put(&r.Password, c.Password)
	put(&r.Source, c.Source)
	put(&r.IPv, unless(c.IP, bothIP))
	if c.TLS != nil && *c.TLS == opportunistic && (r.User != "" || r.CA != "") {
		return refusal("invalid", "admin.route_unproved")
	}
	return nil
}

// unless spells the usual as the directory does: "".
func unless(value *string, usual string) *string {
	if value != nil && *value == usual {
		return new(string)
	}
	return value
}

// RouteTo is a route's domain as people write it.
func RouteTo(domain string) string { return cmp.Or(domain, everything) }

func showRoute(r directory.Route) Route {
	out := Route{Domain: RouteTo(r.Domain), Hosts: r.Hosts, TLS: string(r.TLS), CA: believed(r.CA), User: r.User, Source: r.Source, IP: r.IPv, Created: r.Created.UTC()}
	if out.TLS == "" {
		out.TLS = opportunistic
	}
	if out.IP == "" {
		out.IP = bothIP
	}
	return out
}

// judged shows a route with what to look at in it: its domain's mail stays here, it
// has an address to send from that does not count, or no mail of a lab goes there.
func (h House) judged(ctx context.Context, r directory.Route, err error) (Route, error) {
	out := showRoute(r)
	if err != nil {
		return out, err
	}
	home, err := h.home(ctx, r.Domain)
	if err != nil {
		return out, err
	}
	out.Local = home.Name != "" && home.Kind == directory.KindLocal && home.Relay == ""
	if len(r.Hosts) == 0 && home.Relay != "" {
		r.Hosts = []string{home.Relay}
	} else if !slices.Equal(r.Hosts, []string{home.Relay}) {
		out.Instead = home.Relay
	}
	if len(r.Hosts) == 0 && h.lab() {
		out.OutOfLab = []string{byMX}
	}
	if from, err := netip.ParseAddr(r.Source); err == nil {
		out.NoSource = !has(from)
		out.Unsourced = otherKind(from.Unmap(), r.Hosts)
	}
	for _, host := range r.Hosts {
		if h.LabBars != nil && h.LabBars(host) {
			out.OutOfLab = append(out.OutOfLab, host)
		}
	}
	return out, nil
}

// home is the domain that a route is for, if it is served here.
func (h House) home(ctx context.Context, domain string) (home directory.Domain, err error) {
	home, err = h.Directory.Domain(ctx, domain)
	if err == nil && home.AliasOf != "" {
		home, err = h.Directory.Domain(ctx, home.AliasOf)
	}
	if errors.Is(err, directory.ErrNotFound) {
		return directory.Domain{}, nil
	}
	return home, err
}

// has says that this computer has an address.
func has(addr netip.Addr) bool {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// otherKind gives those of the hosts that are addresses of another kind.
func otherKind(from netip.Addr, hosts []string) (all []string) {
	for _, host := range hosts {
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil {
			at, err := netip.ParseAddrPort(host)
			if err != nil {
				continue // a name may have both
			}
			addr = at.Addr()
		}
		if addr.Unmap().Is4() != from.Is4() {
			all = append(all, host)
		}
	}
	return all
}

// RouteTest is the way that mail for a domain would take now.
type RouteTest struct {
	Domain  string         `json:"domain"`
	Mode    string         `json:"mode"` // of [outgoing]
	Local   bool           `json:"local,omitempty"`
	Site    string         `json:"site,omitempty"`    // it is kept until this site asks for it
	Refused bool           `json:"refused,omitempty"` // mail for it is not taken: there is no route, and Mode is off
	Route   string         `json:"route,omitempty"`   // the domain of the Route that counts
	Relay   bool           `json:"relay,omitempty"`   // that is no Route: the domain itself names the host, to relay to or to fall back on
	By      string         `json:"by,omitempty"`      // route, mx, address, literal: how the hosts were found
	TLS     string         `json:"tls"`
	CA      string         `json:"ca,omitempty"` // PEM: certificates that are believed beside the system's
	User    string         `json:"user,omitempty"`
	Kept    bool           `json:"kept,omitempty"` // nothing leaves for it by itself now
	Helo    string         `json:"helo,omitempty"` // what EHLO says there
	Names   []string       `json:"names,omitempty"`
	Targets []RouteTarget  `json:"targets,omitempty"`
	Without []RouteWithout `json:"without,omitempty"`
	Status  string         `json:"status,omitempty"`
	Why     string         `json:"why,omitempty"` // there is no target
	Final   bool           `json:"final,omitempty"`
	Lab     string         `json:"lab,omitempty"` // why mail of a lab would not go there, where this server has one
	LabOnly bool           `json:"lab_only,omitempty"`
	Here    bool           `json:"here,omitempty"` // the address that was asked for leads somewhere here: its mail does not go this way

	Resolvers []string `json:"resolvers,omitempty"` // name servers that are asked; none: this computer's
}

// RouteTarget is an address that would be tried.
type RouteTarget struct {
	Host       string `json:"host"`
	Preference uint16 `json:"preference"`
	Address    string `json:"address"`
	Source     string `json:"source,omitempty"`     // the address to connect from; "": the system chooses
	Own        bool   `json:"own,omitempty"`        // it is a listener of this server
	OutOfLab   bool   `json:"out_of_lab,omitempty"` // no mail of a lab goes there, where this server has one
}

// RouteWithout is a host with no address that would be tried.
type RouteWithout struct {
	Host       string `json:"host"`
	Preference uint16 `json:"preference"`
	Why        string `json:"why"`
}

// lab says that this server has one.
func (h House) lab() bool { return h.LabBars != nil && h.LabBars("") }

// labOnly says that all mail comes here by a lab, also what this computer's programs hand in.
func (h House) labOnly() bool { return h.lab() && (h.Strict == nil || !h.Strict()) }

// testRoute finds the way for an address or a domain, and sends nothing.
func (h House) testRoute(ctx context.Context, in ByAddress) (RouteTest, error) {
	laid, err := h.wayTo(ctx, in)
	if err != nil {
		return RouteTest{}, err
	}
	out := RouteTest{Domain: laid.Domain, Mode: h.Outgoing, Local: laid.Local, Site: laid.Site, Route: laid.Route, Relay: laid.Relay, TLS: opportunistic,
		LabOnly: h.labOnly(), Here: laid.Here, Resolvers: h.Resolvers}
	out.Refused = out.Route == "" && !out.Local && out.Site == "" && h.Outgoing == off
	way, err := h.Sender.Explain(ctx, h.Directory.Label(in.Address[strings.LastIndexByte(in.Address, '@')+1:]))
	if err != nil {
		return RouteTest{}, err
	}
	out.Kept, out.Why, out.Final = way.Kept || out.Site != "", way.Why, way.Final
	if h.lab() {
		out.Lab = way.LabWhy
	}
	if !way.Kept {
		out.User, out.TLS = way.Route.User, cmp.Or(string(way.TLS), opportunistic)
		out.By, out.CA, out.Helo, out.Names = string(way.By), way.Route.CA, way.Hostname, way.Names
	}
	if way.Why != "" {
		out.Status = way.Status.String()
	}
	for _, t := range way.Targets {
		target := RouteTarget{Host: t.Host, Preference: t.Pref, Address: t.Addr.String(), Own: t.Own, OutOfLab: h.lab() && t.OutOfLab}
		if t.Source.IsValid() {
			target.Source = t.Source.String()
		}
		out.Targets = append(out.Targets, target)
	}
	for _, w := range way.Without {
		out.Without = append(out.Without, RouteWithout{w.Host, w.Pref, w.Why})
	}
	return out, nil
}

// leadsHere says that an address of a domain of ours is one that this server has
// itself: an account, an alias or a list. A domain alone is none.
func (h House) leadsHere(ctx context.Context, address string) (bool, error) {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return false, nil
	}
	res, err := h.Directory.Resolve(ctx, a, mail.Address{}, mail.Login{})
	switch res.Outcome {
	case directory.Local, directory.Barred:
		return true, err
	case directory.Elsewhere:
		return res.Outside[0].Via != "", err
	}
	return false, err
}
