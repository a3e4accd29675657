package directory

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"posta/mail"
	"posta/words"
)

// Route is how an administrator wants mail for a domain to go.
type Route struct {
	ID       int64
	Domain   string   // "example.net"; ".example.net": its subdomains; "": everything, a smart host
	Hosts    []string // "mx.example.net", "192.0.2.1:2525", "[2001:db8::1]:25", in order, fall-backs last; none: by MX
	TLS      RouteTLS
	CA       string // PEM: certificates that are believed beside those that the system believes
	User     string // to log in there with; "": nobody logs in
	Password string // only when it is set, and in what WayTo gives
	Source   string // the address of ours that is dialed from; "": any
	IPv      string // "4" or "6": only such addresses are dialed; "": both
	Created  time.Time
}

// RouteTLS is what a route wants of TLS.
type RouteTLS string

const (
	TLSOpportunistic RouteTLS = ""         // where it is offered, whatever the certificate
	TLSRequired      RouteTLS = "required" // STARTTLS, with a certificate that is valid for the host's name
	TLSImplicit      RouteTLS = "implicit" // the same, from the first octet
	TLSNone          RouteTLS = "none"     // in clear
)

const (
	maxHosts  = 20
	maxSecret = 1024 // octets of a route's password
	maxCA     = 64 << 10
)

// Routes lists all routes, without passwords.
func (d *Directory) Routes(ctx context.Context) ([]Route, error) {
	all, err := d.store.Routes(ctx)
	return all, listing(err)
}

// Route gives the route of exactly this domain, without its password.
func (d *Directory) Route(ctx context.Context, domain string) (Route, error) {
	label, err := d.routeDomain(domain)
	if err != nil {
		return Route{}, err
	}
	r, err := d.store.Route(ctx, label)
	return r, because(err, theRoute(label))
}

// AddRoute makes a route.
func (d *Directory) AddRoute(ctx context.Context, r Route) (Route, error) {
	if err := d.checkRoute(&r); err != nil {
		return Route{}, err
	}
	if r.User != "" && r.Password == "" {
		return Route{}, refuse(ErrInvalid, "directory.route_password", words.Args{"User": r.User})
	}
	r.ID, r.Created = 0, d.now()
	secret := []byte(r.Password)
	r.Password = ""
	added, err := d.store.AddRoute(ctx, r, secret)
	return added, because(err, theRoute(r.Domain))
}

// SetRoute changes the route of r's domain. Without a Password the one that
// stands stays, as long as there is a User.
func (d *Directory) SetRoute(ctx context.Context, r Route) (Route, error) {
	if err := d.checkRoute(&r); err != nil {
		return Route{}, err
	}
	have, err := d.store.Route(ctx, r.Domain)
	if err != nil {
		return Route{}, because(err, theRoute(r.Domain))
	}
	r.ID, r.Created = have.ID, have.Created
	secret := []byte(nil)
	switch {
	case r.Password != "":
		secret = []byte(r.Password)
	case r.User == "":
		secret = []byte{}
	default:
		if _, err := d.store.RouteSecret(ctx, r.ID); errors.Is(err, ErrNotFound) {
			return Route{}, refuse(ErrInvalid, "directory.route_password", words.Args{"User": r.User})
		} else if err != nil {
			return Route{}, because(err, theRoute(r.Domain))
		}
	}
	r.Password = ""
	return r, because(d.store.SetRoute(ctx, r, secret), theRoute(r.Domain))
}

// RemoveRoute takes a route away.
func (d *Directory) RemoveRoute(ctx context.Context, domain string) error {
	r, err := d.Route(ctx, domain)
	if err != nil {
		return err
	}
	return because(d.store.RemoveRoute(ctx, r.ID), theRoute(r.Domain))
}

// WayTo gives the route that mail for a domain takes, with its password, and
// whether there is one at all: the domain's own, which goes to the host that the
// domain relays to or falls back on where it names none, else what a relay domain or a
// local domain with a fall-back says, else that of the closest domain above it,
// else the one of everything. An address literal has only a route of its own.
func (d *Directory) WayTo(ctx context.Context, domain string) (r Route, found bool, err error) {
	label := d.label(domain)
	generation := d.store.Generation()
	if w, ok := d.ways.find(generation, label); ok {
		return w.Route, w.found, nil
	}
	w := way{}
	if w.Route, w.found, err = d.findWay(ctx, label); err != nil {
		return Route{}, false, because(err, theRoute(label))
	}
	d.ways.add(generation, label, w, 1)
	return w.Route, w.found, nil
}

// way is an answer of WayTo.
type way struct {
	Route
	found bool
}

func (d *Directory) findWay(ctx context.Context, label string) (Route, bool, error) {
	r, found, err := d.exactRoute(ctx, label)
	if err != nil || found && len(r.Hosts) > 0 {
		return r, found, err
	}
	home, _, err := d.home(ctx, label)
	if err != nil {
		return Route{}, false, err
	}
	if found { // it says how, and the domain where to
		if home != nil && home.Relay != "" {
			r.Hosts = []string{home.Relay}
		}
		return r, true, nil
	}
	if home != nil && home.Relay != "" {
		return Route{Domain: home.Name, Hosts: []string{home.Relay}}, true, nil
	}
	if strings.HasPrefix(label, "[") {
		return Route{}, false, nil
	}
	for rest := label; rest != ""; {
		_, above, _ := strings.Cut(rest, ".")
		if above == "" {
			break
		}
		if r, found, err := d.exactRoute(ctx, "."+above); found || err != nil {
			return r, found, err
		}
		rest = above
	}
	return d.exactRoute(ctx, "")
}

func (d *Directory) exactRoute(ctx context.Context, label string) (Route, bool, error) {
	r, err := d.store.Route(ctx, label)
	if errors.Is(err, ErrNotFound) {
		return Route{}, false, nil
	}
	if err != nil || r.User == "" {
		return r, err == nil, err
	}
	secret, err := d.store.RouteSecret(ctx, r.ID)
	r.Password = string(secret)
	return r, err == nil, err
}

// routeDomain gives the one spelling of what a route is for. "*" is everything too.
func (d *Directory) routeDomain(written string) (string, error) {
	switch {
	case written == "" || written == "*":
		return "", nil
	case strings.HasPrefix(written, "["):
		if err := mail.CheckDomain(written); err != nil {
			return "", invalid(err)
		}
		return strings.ToLower(written), nil
	case strings.HasPrefix(written, "*."):
		written = written[1:]
	}
	bare, above := strings.CutPrefix(written, ".")
	if bare == "" {
		return "", refuse(ErrInvalid, "directory.route_domain", words.Args{"Domain": written})
	}
	label, err := d.checkDomainName(bare)
	if above {
		label = "." + label
	}
	return label, err
}

// checkRoute holds a route against the rules and brings it into canonical form.
func (d *Directory) checkRoute(r *Route) (err error) {
	if r.Domain, err = d.routeDomain(r.Domain); err != nil {
		return err
	}
	if !slices.Contains([]RouteTLS{TLSOpportunistic, TLSRequired, TLSImplicit, TLSNone}, r.TLS) {
		return refuse(ErrInvalid, "directory.route_tls", words.Args{"Value": string(r.TLS)})
	}
	if len(r.Hosts) > maxHosts {
		return refuse(ErrInvalid, "directory.route_hosts", words.Args{"Most": maxHosts})
	}
	hosts := make([]string, len(r.Hosts))
	for i, written := range r.Hosts {
		if hosts[i], err = d.host(written); err != nil {
			return err
		}
	}
	r.Hosts = hosts
	if r.Source, err = sourceOf(r.Source); err != nil {
		return err
	}
	if r.IPv != "" && r.IPv != "4" && r.IPv != "6" {
		return refuse(ErrInvalid, "directory.route_ipv", words.Args{"Value": r.IPv})
	}
	if a, err := netip.ParseAddr(r.Source); err == nil && (r.IPv == "4" && !a.Is4() || r.IPv == "6" && a.Is4()) {
		return refuse(ErrInvalid, "directory.route_family", words.Args{"Source": r.Source, "Version": r.IPv})
	}
	if err := checkRouteCA(r); err != nil {
		return err
	}
	return checkRouteLogin(r)
}

// checkRouteCA wants certificates, and somebody who looks at them: without more
// TLS is then required.
func checkRouteCA(r *Route) error {
	switch {
	case r.CA == "":
		return nil
	case len(r.CA) > maxCA || !x509.NewCertPool().AppendCertsFromPEM([]byte(r.CA)):
		return refuse(ErrInvalid, "directory.route_ca", words.Args{"Most": maxCA >> 10})
	case r.TLS == TLSNone:
		return refuse(ErrInvalid, "directory.route_ca_clear", nil)
	case r.TLS == TLSOpportunistic:
		r.TLS = TLSRequired
	}
	return nil
}

// checkRouteLogin holds the log-in of a route against the rules. A password
// goes by TLS, unless the route says that it wants none.
func checkRouteLogin(r *Route) error {
	switch {
	case r.User == "" && r.Password != "":
		return refuse(ErrInvalid, "directory.route_user", nil)
	case len(r.Hosts) == 0 && r.User != "":
		return refuse(ErrInvalid, "directory.route_login_mx", nil)
	case len(r.Hosts) == 0 && r.TLS == TLSOpportunistic && r.Source == "" && r.IPv == "":
		return refuse(ErrInvalid, "directory.route_empty", nil)
	case len(r.User) > maxSecret || len(r.Password) > maxSecret || strings.ContainsAny(r.User+r.Password, "\x00\r\n"):
		return refuse(ErrInvalid, "directory.route_secret", words.Args{"Most": maxSecret})
	}
	if r.User != "" && r.TLS == TLSOpportunistic {
		r.TLS = TLSRequired
	}
	return nil
}

func sourceOf(written string) (string, error) {
	if written == "" {
		return "", nil
	}
	a, err := netip.ParseAddr(written)
	if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
		return "", refuse(ErrInvalid, "directory.route_source", words.Args{"Value": written})
	}
	return a.Unmap().String(), nil
}

// host gives the one spelling of "host", "host:port", "192.0.2.1:2525",
// "[2001:db8::1]:25" and "2001:db8::1". Without a port it is left to TLS.
func (d *Directory) host(written string) (string, error) {
	bad := func() error { return refuse(ErrInvalid, "directory.route_host", words.Args{"Host": written}) }
	host, port := written, ""
	if a, err := netip.ParseAddr(written); err == nil && a.Is6() {
		host = "[" + written + "]"
	}
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		host, port = host[:at], host[at+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || port[0] == '+' {
			return "", bad()
		}
		port = ":" + strconv.FormatUint(n, 10)
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		if !ok || err != nil || a.IsUnspecified() || a.IsMulticast() {
			return "", bad()
		}
		if a = a.Unmap(); a.Is4() {
			return a.String() + port, nil
		}
		return "[" + a.String() + "]" + port, nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.IsUnspecified() || a.IsMulticast() {
			return "", bad()
		}
		return a.String() + port, nil
	}
	label, err := d.checkDomainName(strings.TrimSuffix(host, "."))
	if err != nil || numeric(label[strings.LastIndexByte(label, '.')+1:]) {
		return "", bad()
	}
	return label + port, nil
}

// numeric says that a label is a number. No name ends in one (RFC 1123 §2.1): it
// is an address with a slip in it.
func numeric(label string) bool { return strings.Trim(label, "0123456789") == "" }
