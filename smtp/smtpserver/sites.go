package smtpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"time"

	"posta/mail"
	"posta/sasl"
	"posta/wire"
)

// Sites are the customers' mail servers that come for their mail by ETRN, ATRN
// or TURN. They log in as sites: that is no log-in for mail.
type Sites interface {
	// Any says whether there is one; ETRN is not served otherwise.
	Any(ctx context.Context) bool
	// Logins knows their secrets, and no person's password.
	Logins() sasl.Authenticator
	// Release starts the queue of an ETRN's node, "example.net", "@example.net"
	// or "#name" (RFC 1985 §5). Errors: ErrNotTheirs, ErrTooSoon, NoWay, or what failed.
	Release(ctx context.Context, by Caller, node string) (Released, error)
	// Fetch gives the domains of which a site asks for mail, all that are its
	// own where it names none, and those of them for which mail waits (RFC 2645
	// §5.2.1). Errors: ErrNotTheirs, ErrTooSoon, or what failed.
	Fetch(ctx context.Context, site string, domains []string) (all, waiting []string, err error)
	// Turns says whether a site may TURN under a HELO name.
	Turns(ctx context.Context, site, helo string) (bool, error)
	// Reverse sends what waits for the domains over a connection that has
	// turned, and takes leave there. It gives why the session ended.
	Reverse(ctx context.Context, t Turned, c *wire.Conn) (end string)
}

// Turned says whose connection has turned.
type Turned struct {
	Site    string
	Domains []string // whose mail it gets
	Lab     bool     // it came by a lab listener

	// Mechanism is what it logged in by. CRAM-MD5 is what the programs of RFC 2645
	// know; they pass on lines between two servers, and no TLS.
	Mechanism string
}

// Caller is who asks for a queue.
type Caller struct {
	Site   string // "" where nobody is logged in
	Remote netip.Addr
	Told   func(site string, domains []string) // hears whose mail is asked for before any of it leaves; nil: nobody does
}

// Released is a queue that was started.
type Released struct {
	Waiting int64 // messages' recipients that are now tried
	Mail    []Sent
	Partly  bool // the queue is not the caller's alone, who learns no number
}

// Sent is what of a queue that was started goes to one place.
type Sent struct {
	Domain string
	Hosts  []string // of its route; none: where DNS says
	Count  int64    // recipients
}

var (
	// ErrNotTheirs is what nobody may have who asks for it, be it there or not.
	ErrNotTheirs = errors.New("smtpserver: not the caller's")
	// ErrTooSoon is that somebody asks too often.
	ErrTooSoon = errors.New("smtpserver: asked too often")
)

// NoWay is that no route leads to the site that mail would be sent to.
type NoWay struct{ Domain string }

func (n NoWay) Error() string { return "smtpserver: no route leads to the site of " + n.Domain }

// turnedFor is how long a turned connection may last.
const turnedFor = 24 * time.Hour

// callers looks whether there are sites, for what is served and shown.
func (s *session) callers(ctx context.Context) {
	s.visited = s.srv.Sites != nil && s.srv.Sites.Any(ctx)
}

// people says that persons may log in here now.
func (s *session) people() bool {
	if s.srv.Auth == nil || s.srv.Service == mail.ODMR {
		return false
	}
	return s.srv.Mode == mail.Lab || s.srv.Service == mail.Submission && !s.needsTLS()
}

// siteMechanisms are those by which a site may log in here now, strongest
// first. CRAM-MD5 is port 366's and, for TURN, the lab's (RFC 2645 §5.1.2); people,
// who cannot use it, are not shown it, for many of their programs try it first. In
// clear text no strict listener takes a secret as it is (RFC 4954 §4).
func (s *session) siteMechanisms(state *tls.ConnectionState) []string {
	strict := s.srv.Mode == mail.Strict
	names := sasl.Names(state)
	switch {
	case s.srv.Sites == nil:
		return nil
	case s.srv.Service == mail.ODMR && strict && state == nil:
		return []string{sasl.ScramSHA256, sasl.CramMD5}
	case s.srv.Service == mail.ODMR:
		at := slices.Index(names, sasl.Plain)
		return slices.Insert(slices.Clone(names), at, sasl.CramMD5)
	case !s.srv.Turn || s.srv.Service != mail.MX:
		return nil
	case !strict && s.visited:
		return []string{sasl.CramMD5} // the others are the people's
	case strict && state != nil:
		return names
	}
	return nil
}

// mechanisms are what EHLO shows behind AUTH.
func (s *session) mechanisms(state *tls.ConnectionState) (all []string) {
	if s.people() {
		all = append(all, s.srv.Mechanisms.Names(state)...)
	}
	return append(all, s.siteMechanisms(state)...)
}

// exchangeOf begins an exchange of a mechanism with who may use it here.
func (s *session) exchangeOf(name string, state *tls.ConnectionState) (sasl.Server, error) {
	switch {
	case s.people() && slices.Contains(s.srv.Mechanisms.Names(state), name):
		who := s.srv.Auth
		if s.visited && s.srv.Service == mail.MX { // a lab's port 25
			who = anybody{who, s.srv.Sites.Logins()}
		}
		return s.srv.Mechanisms.New(name, who, state)
	case !slices.Contains(s.siteMechanisms(state), name):
		return nil, sasl.ErrMechanism
	case name == sasl.CramMD5:
		return sasl.NewCramMD5(s.srv.Sites.Logins(), s.srv.Hostname), nil
	}
	return sasl.NewServer(name, s.srv.Sites.Logins(), state)
}

// anybody is a person, or else a site: where both log in by the same mechanisms.
type anybody struct {
	sasl.Authenticator
	sites sasl.Authenticator
}

// Password implements sasl.Authenticator.
func (a anybody) Password(ctx context.Context, user, password string) (sasl.Identity, error) {
	id, err := a.Authenticator.Password(ctx, user, password)
	if errors.Is(err, sasl.ErrCredentials) {
		return a.sites.Password(ctx, user, password)
	}
	return id, err
}

// Verifier implements sasl.Authenticator.
func (a anybody) Verifier(ctx context.Context, user string) (sasl.Identity, sasl.Verifier, error) {
	id, v, err := a.Authenticator.Verifier(ctx, user)
	if err != nil || id.Known() {
		return id, v, err
	}
	site, secret, err := a.sites.Verifier(ctx, user)
	if err != nil || site.Known() {
		return site, secret, err
	}
	return id, v, nil
}
