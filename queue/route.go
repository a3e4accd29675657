package queue

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"posta/dns"
	"posta/mail"
	"posta/words"
)

// Policy is what TLS must be on a way.
type Policy string

const (
	Opportunistic Policy = ""         // used where it is offered, whatever the certificate; else in clear
	Required      Policy = "required" // STARTTLS with a certificate for the host's name from a known authority
	Implicit      Policy = "implicit" // the same, from the first octet (RFC 8314 §3.3)
	None          Policy = "none"     // never tried
)

// Family says which addresses may be used.
type Family string

const (
	Both  Family = ""
	Only4 Family = "4"
	Only6 Family = "6"
)

// Route is a way that an administrator has laid to a domain. With a User and no
// TLS policy TLS is required: else a password would be anybody's who can make
// STARTTLS disappear. Who wants that all the same says None.
type Route struct {
	Named          string   // how an administrator calls it, for words to people: by its domain
	Hosts          []string // "mx.example.net", "192.0.2.1:2525", "[2001:db8::1]:25", in order; none: by MX
	TLS            Policy
	CA             string // PEM: certificates that are believed beside Config.Roots
	User, Password string
	Source         netip.Addr // to send from; zero: Config.Source
	Family         Family
	OnDemand       bool // kept until its site asks: failures don't make it due again
	Closed         bool // nothing leaves for it now: it waits
}

// way is where mail for some domains goes: what the route says, or the MX. It
// is shared and never changed.
type way struct {
	key    string // domains with the same key share connections
	route  Route
	by     By
	hosts  []host // best first
	domain string // it was found for, one of those that go this way
	laid   uint64 // as router.laid, when it was found
	asks   string // nothing is sent: a host is asked about a recipient, and this notes it; "": mail goes
}

// By is how a way was found.
type By string

const (
	ByRoute   By = "route"   // an administrator has laid it: Route.Hosts
	ByMX      By = "mx"      // DNS
	ByDomain  By = "address" // the domain's own addresses, for want of an MX (RFC 5321 §5.1)
	ByLiteral By = "literal" // the recipient's domain is an address
)

// explicit says that an administrator has laid the way.
func (w *way) explicit() bool { return w.by == ByRoute }

// host is one that may be asked.
type host struct {
	name string     // as DNS or the administrator names it
	addr netip.Addr // of one named by its address
	port uint16
	pref uint16
}

// find finds the way to a domain, or says why there is none.
func (r *router) find(ctx context.Context, domain string) (*way, *verdict) {
	w := &way{laid: r.laid.Load(), domain: domain}
	var err error
	if w.route, err = r.route(ctx, domain); err != nil {
		return nil, sayp(later, "4.3.0", words.Fail("attempt.no_route", nil))
	}
	var why *verdict
	switch addr, literal := mail.ParseLiteral(domain); {
	case w.route.OnDemand && len(w.route.Hosts) == 0, w.route.Closed:
		w.key = "kept " + domain
		return w, nil
	case len(w.route.Hosts) > 0:
		w.by = ByRoute
		w.hosts, why = laid(w.route)
	case literal:
		w.by = ByLiteral
		w.hosts, why = r.literal(addr)
	default:
		w.hosts, w.by, why = r.byDNS(ctx, domain)
	}
	if why != nil {
		return nil, why
	}
	w.key = w.name()
	return w, nil
}

// route gives the route to a domain with all that it leaves to the usual.
func (r *router) route(ctx context.Context, domain string) (route Route, err error) {
	if r.cfg.Routes != nil {
		if route, err = r.cfg.Routes.Route(ctx, domain); err != nil {
			r.cfg.Problem(fmt.Errorf("queue: the route to %s: %w", domain, err))
			return Route{}, err
		}
	}
	route.TLS = cmp.Or(route.TLS, r.cfg.TLS)
	if route.User != "" && route.TLS == Opportunistic {
		route.TLS = Required
	}
	route.Family = cmp.Or(route.Family, r.cfg.Family)
	return route, nil
}

// changed says that the route by which a way to a domain was found is another now.
func (r *router) changed(ctx context.Context, w *way, domain string) bool {
	if w == nil || w.laid == r.laid.Load() {
		return false
	}
	route, err := r.route(ctx, domain)
	return err == nil && !route.equal(&w.route)
}

func (r *Route) equal(o *Route) bool {
	return slices.Equal(r.Hosts, o.Hosts) && r.TLS == o.TLS && r.CA == o.CA && r.User == o.User && r.Password == o.Password &&
		r.Source == o.Source && r.Family == o.Family && r.OnDemand == o.OnDemand && r.Closed == o.Closed
}

// name names the way by all that connections differ in, and what follows from
// their failing.
func (w *way) name() string {
	var b strings.Builder
	for _, h := range w.hosts {
		fmt.Fprintf(&b, "%d %s:%d,", h.pref, h.name, h.port)
	}
	fmt.Fprintf(&b, " %s %s %s %s %t", w.route.TLS, w.route.User, w.route.Source, w.route.Family, w.route.OnDemand)
	if w.route.CA != "" {
		fmt.Fprintf(&b, " %x", sha256.Sum256([]byte(w.route.CA)))
	}
	if w.route.Password != "" { // who goes on under the old one would not notice that the new one is wrong
		fmt.Fprintf(&b, " %x", sha256.Sum256([]byte(w.route.Password)))
	}
	return b.String()
}

// laid reads the hosts of a route. A mistake in them is an administrator's, who
// will mend it: mail waits.
func laid(route Route) (hosts []host, why *verdict) {
	port := uint16(25)
	if route.TLS == Implicit {
		port = 465
	}
	for i, text := range route.Hosts {
		h, ok := parseHost(text, port)
		if !ok {
			return nil, sayp(later, "4.3.5", words.Fail("attempt.route_host", words.Args{"Name": text}))
		}
		h.pref = uint16(i)
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// parseHost reads "name", "name:port", "192.0.2.1", "192.0.2.1:port",
// "[2001:db8::1]:port", and IPv6 addresses bare or in brackets.
func parseHost(text string, port uint16) (host, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return host{name: addr.String(), addr: addr.Unmap(), port: port}, true
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return host{name: ap.Addr().String(), addr: ap.Addr().Unmap(), port: ap.Port()}, ap.Port() != 0
	}
	name, number, given := strings.Cut(text, ":")
	if given {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n == 0 {
			return host{}, false
		}
		port = uint16(n)
	}
	if mail.CheckDomain(name) != nil || strings.HasPrefix(name, "[") {
		return host{}, false
	}
	return host{name: strings.ToLower(name), port: port}, true
}

func (r *router) literal(addr netip.Addr) ([]host, *verdict) {
	switch {
	case r.cfg.OwnAddr(addr):
		return nil, sayp(failed, "5.4.6", words.Fail("attempt.own_address", nil))
	case !usable(addr):
		return nil, sayp(failed, "5.1.2", words.Fail("attempt.bad_address", nil))
	}
	return []host{{name: addr.String(), addr: addr, port: 25}}, nil
}

// usable says that an address found in DNS, or in a recipient's, can be another
// host's on a network.
func usable(addr netip.Addr) bool {
	addr = addr.Unmap()
	return addr.IsValid() && !addr.IsUnspecified() && !addr.IsMulticast() && !addr.IsLoopback() &&
		addr != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && !addr.IsLinkLocalUnicast()
}

// byDNS asks DNS (RFC 5321 §5.1).
func (r *router) byDNS(ctx context.Context, domain string) ([]host, By, *verdict) {
	records, err := r.cfg.Resolver.MX(ctx, domain)
	if errors.Is(err, dns.ErrNoData) {
		hosts, why := r.implicit(ctx, domain)
		return hosts, ByDomain, why
	}
	hosts, why := r.byMX(records, err)
	return hosts, ByMX, why
}

// byMX takes the hosts that MX records name; err is of looking them up.
func (r *router) byMX(records []dns.MX, err error) ([]host, *verdict) {
	switch {
	case errors.Is(err, dns.ErrNoDomain):
		return nil, sayp(failed, "5.1.2", words.Fail("attempt.no_domain", nil))
	case errors.Is(err, dns.ErrName):
		return nil, sayp(failed, "5.1.2", words.Fail("attempt.bad_domain", nil))
	case err != nil:
		return nil, sayp(later, "4.4.3", words.Fail("attempt.domain_unknown", because(err)))
	case dns.Null(records):
		v := sayp(failed, "5.1.10", words.Fail("attempt.null_mx", nil)) // RFC 7505 §4.2
		return nil, v
	}
	var hosts []host
	for _, m := range records {
		if _, err := netip.ParseAddr(m.Host); err == nil || localhost(m.Host) || mail.CheckDomain(m.Host) != nil {
			continue // an address where a name must stand, or this machine: nobody's host
		}
		hosts = append(hosts, host{name: strings.ToLower(m.Host), port: 25, pref: m.Pref})
	}
	slices.SortStableFunc(hosts, func(a, b host) int { return int(a.pref) - int(b.pref) })
	if len(hosts) == 0 {
		return nil, sayp(failed, "5.4.4", words.Fail("attempt.no_mx_host", nil))
	}
	return r.before(hosts)
}

// before keeps the hosts that are preferred to ours: mail must not go in circles
// (RFC 5321 §5.1).
func (r *router) before(hosts []host) ([]host, *verdict) {
	for _, h := range hosts {
		if isOwn(h.name, r.cfg.Names) {
			hosts = slices.DeleteFunc(slices.Clone(hosts), func(o host) bool { return o.pref >= h.pref })
			break
		}
	}
	if len(hosts) == 0 {
		return nil, sayp(failed, "5.4.6", itself())
	}
	return hosts, nil
}

func localhost(name string) bool {
	name = strings.ToLower(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// implicit is a domain without MX: its own addresses count.
func (r *router) implicit(ctx context.Context, domain string) ([]host, *verdict) {
	_, err := r.cfg.Resolver.Addrs(ctx, domain)
	switch {
	case errors.Is(err, dns.ErrNoData), errors.Is(err, dns.ErrNoDomain), errors.Is(err, dns.ErrName):
		return nil, sayp(failed, "5.1.2", words.Fail("attempt.no_mail", nil))
	case err != nil:
		return nil, sayp(later, "4.4.3", words.Fail("attempt.address_unknown", because(err)))
	}
	return r.before([]host{{name: domain, port: 25}})
}

// sayp is said, as a pointer: there is a verdict.
func sayp(f fate, status string, why *words.Error) *verdict {
	v := said(f, status, why)
	return &v
}
