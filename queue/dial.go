package queue

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"posta/dns"
	"posta/event"
	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/wire"
)

// peer is what a carrier needs of a *smtpclient.Client.
type peer interface {
	Send(ctx context.Context, m *smtpclient.Message) (smtpclient.Outcome, error)
	Reset(ctx context.Context) error
	Quit(ctx context.Context) error
	Close(reason string) error
	Offer() smtp.Offer
	Alive() bool
	State(fact any)
}

// link is a connection on which messages can be sent.
type link struct {
	peer
	host    string
	addr    netip.AddrPort
	tls     string // as in store.Attempt
	session uint64
	since   time.Time
	sent    int // messages

	broken   bool // nothing more can be said on it
	loggedIn bool // as what the route says
	onDemand bool // it is a site's: what waits does so until that asks again
	lab      bool // it is for mail of a lab, and for no other
}

// target is one address of one host.
type target struct {
	host host
	addr netip.AddrPort
	lab  bool // asked for mail of a lab, whose sessions are recorded as they pass
}

// opener makes a link to a target, or says why there is none.
type opener func(ctx context.Context, w *way, t target) (*link, trouble)

const dialTime = 30 * time.Second

func dialTCP(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime}
	if from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	return d.DialContext(ctx, "tcp", to.String())
}

// dial is the opener that speaks SMTP. Where TLS was only an offer, and the
// handshake fails, the same host is asked again in clear.
func (q *Queue) dial(ctx context.Context, w *way, t target) (*link, trouble) {
	l, why, broken := q.dialWith(ctx, w, t, w.route.TLS)
	if broken && w.route.TLS == Opportunistic && ctx.Err() == nil {
		l, why, _ = q.dialWith(ctx, w, t, None)
	}
	return l, why
}

// dialWith makes a link under a policy; broken says that TLS is what failed.
func (q *Queue) dialWith(ctx context.Context, w *way, t target, policy Policy) (l *link, why trouble, broken bool) {
	why = trouble{host: t.host.name, addr: t.addr.String(), at: q.cfg.Now()}
	defer func() { why.took = q.cfg.Now().Sub(why.at) }()
	nc, err := q.cfg.Dial(ctx, q.source(w, t.addr.Addr()), t.addr)
	if err != nil {
		why.verdict = said(later, "4.4.1", "No connection: "+reason(err))
		return nil, why, false
	}
	l = &link{host: t.host.name, addr: t.addr, session: q.cfg.Session(), since: q.cfg.Now(), lab: t.lab}
	mode := mail.Strict
	if t.lab {
		mode = mail.Lab
	}
	c := smtpclient.New(nc, smtpclient.Options{Name: q.cfg.Hostname, ID: l.session, Sink: q.cfg.Sink, Times: q.cfg.Limits.Times,
		Opened: event.Opened{Listener: event.Outgoing, Mode: mode.String(), TLS: policy == Implicit}})
	l.peer = c
	g := greeter{q: q, c: c, w: w, t: t, policy: policy}
	opening, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	why.verdict, broken = g.greet(opening)
	if why.fate != relayed && opening.Err() != nil && ctx.Err() == nil {
		why.verdict, broken = said(later, "4.4.2", "The connection broke before a message could be sent: no answer in time"), false
		g.alive = false
	}
	l.tls, why.tls, why.session = g.secured, g.secured, l.session
	switch {
	case why.fate == relayed:
		l.onDemand, l.loggedIn = w.route.OnDemand, w.route.User != ""
		return l, why, false
	case g.alive:
		_ = c.Quit(ctx)
	default:
		_ = c.Close("given up: " + why.text)
	}
	return nil, why, broken
}

// source is the address to send from.
func (q *Queue) source(w *way, to netip.Addr) netip.Addr {
	if s := w.route.Source; s.IsValid() && s.Is4() == to.Is4() {
		return s
	}
	for _, s := range q.cfg.Source {
		if s = s.Unmap(); s.Is4() == to.Is4() && !to.IsLoopback() {
			return s
		}
	}
	return netip.Addr{}
}

// greeter does what comes before the first message.
type greeter struct {
	q       *Queue
	c       *smtpclient.Client
	w       *way
	t       target
	policy  Policy
	invalid error // why the certificate is no proof
	secured string
	alive   bool // the server waits for a command
}

// greet gives relayed where messages can be sent.
func (g *greeter) greet(ctx context.Context) (v verdict, broken bool) {
	if g.policy == Implicit {
		if err := g.c.DialTLS(ctx, g.config()); err != nil {
			return g.noTLS(err), true
		}
		g.note()
	}
	err := g.c.Greeting(ctx)
	if err == nil {
		err = g.c.Hello(ctx)
	}
	if err != nil {
		return g.refused(err), false
	}
	if g.circle() {
		g.alive = true
		return said(failed, "5.4.6", itself), false
	}
	if v, broken := g.startTLS(ctx); v.fate != relayed {
		return v, broken
	}
	return g.logIn(ctx), false
}

// itself is said of mail that would come back.
const itself = "The domain's mail is directed to this server, which does not know the domain"

// circle says that the host greets with this server's name: DNS leads back here by
// an address that nobody knows to be its own, as behind a router that translates
// addresses (RFC 5321 §5.1, §6.3). Where an administrator laid the way, a gateway
// may well have the same name.
func (g *greeter) circle() bool {
	name, _, _ := strings.Cut(g.c.Greeted().Text, " ")
	return !g.w.explicit && telling(name) && g.q.cfg.Own(name)
}

// telling says that a host's name is not one that any computer may have that was
// never given another.
func telling(name string) bool {
	return strings.Contains(name, ".") && !localhost(name) && !strings.HasSuffix(strings.ToLower(name), ".localdomain")
}

// refused judges a greeting or EHLO that is no yes: another host may be asked.
func (g *greeter) refused(err error) verdict {
	var refusal *smtpclient.Refusal
	if !errors.As(err, &refusal) {
		return said(later, "4.4.2", "The connection broke before a message could be sent: "+reason(err))
	}
	g.alive = refusal.Reply.Code != 421
	v := answered(refusal.Verb, false, refusal.Reply)
	if refusal.Verb == smtp.Unknown && v.code/100 == 2 {
		g.alive = false
	}
	return v
}

func (g *greeter) startTLS(ctx context.Context) (v verdict, broken bool) {
	yes := verdict{fate: relayed}
	if g.policy == None || g.policy == Implicit {
		return yes, false
	}
	must := g.policy == Required
	err := g.c.StartTLS(ctx, g.config())
	var refusal *smtpclient.Refusal
	switch {
	case err == nil:
		g.note()
		return yes, false
	case errors.Is(err, smtpclient.ErrNoTLS) && must:
		g.alive = true
		return said(later, "4.7.10", "The host does not offer TLS, which is required on this way"), false
	case errors.Is(err, smtpclient.ErrNoTLS):
		return yes, false
	case errors.As(err, &refusal) && refusal.Verb == smtp.STARTTLS:
		g.alive = refusal.Reply.Code != 421
		if must || !g.alive {
			return answered(refusal.Verb, false, refusal.Reply).softer(), false
		}
		return yes, false // it goes on in clear
	case errors.As(err, &refusal):
		return g.refused(err), true
	}
	return g.noTLS(err), true
}

func (g *greeter) noTLS(err error) verdict {
	if g.invalid != nil && g.policy != Opportunistic {
		return said(later, "4.7.5", "The host's certificate is not valid for its name: "+reason(g.invalid))
	}
	return said(later, "4.7.5", "TLS could not be started: "+reason(err))
}

// config makes the handshake accept every certificate where TLS is only
// opportunistic, and notes whether it proves the host's name all the same.
func (g *greeter) config() *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, Time: g.q.cfg.Now}
	if g.t.lab {
		c.KeyLogWriter = g.q.cfg.KeyLog
	}
	if !g.t.host.addr.IsValid() {
		c.ServerName = g.t.host.name
	}
	if g.policy == Opportunistic {
		c.MinVersion = tls.VersionTLS10 // better than nothing, which is what follows
	}
	c.VerifyConnection = func(s tls.ConnectionState) error {
		g.invalid = g.verify(s)
		if g.policy == Opportunistic {
			return nil
		}
		return g.invalid
	}
	return c
}

func (g *greeter) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("there is none")
	}
	o := x509.VerifyOptions{DNSName: g.t.host.name, Roots: g.q.cfg.Roots, CurrentTime: g.q.cfg.Now(), Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(o)
	return err
}

func (g *greeter) note() {
	s, _ := g.c.TLS()
	proof := "certificate valid"
	if g.invalid != nil {
		proof = "certificate not valid"
	}
	g.secured = fmt.Sprintf("%s %s, %s", strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1), tls.CipherSuiteName(s.CipherSuite), proof)
}

// logIn logs in to a smart host. That it refuses is for an administrator to
// mend: mail waits meanwhile.
func (g *greeter) logIn(ctx context.Context) verdict {
	route := &g.w.route
	if route.User == "" {
		return verdict{fate: relayed}
	}
	login := smtpclient.Login{User: route.User, Password: route.Password}
	g.alive = true
	if g.policy != None && g.c.Weak(login) {
		return said(later, "4.7.11", "The host wants the password in clear, and there is no TLS")
	}
	err := g.c.Auth(ctx, login)
	var refusal *smtpclient.Refusal
	switch {
	case err == nil:
		return verdict{fate: relayed}
	case errors.As(err, &refusal):
		v := answered(refusal.Verb, false, refusal.Reply).softer()
		v.text = clean(fmt.Sprintf("The host refused the log-in of %s: %s", route.User, v.text))
		if v.status == status(4, 0, 0) {
			v.status = status(4, 7, 8)
		}
		return v
	case errors.Is(err, smtpclient.ErrNoMechanism):
		return said(later, "4.7.4", "The host offers no way to log in that posta has")
	}
	g.alive = false
	return said(later, "4.4.2", "The connection broke during the log-in: "+reason(err))
}

// reason says why something failed, in words for people that name no addresses
// a second time.
func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the other side broke the connection off"
	case errors.Is(err, syscall.ENETUNREACH):
		return "the network cannot be reached"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "the host cannot be reached"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the other side closed the connection"
	case errors.Is(err, wire.ErrIdle), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, wire.ErrShutdown), errors.Is(err, context.Canceled):
		return "the server is shutting down"
	case errors.Is(err, smtpclient.ErrStrange):
		return "what the other side answered makes no sense"
	}
	var unknown *dns.Error
	if errors.As(err, &unknown) {
		return clean(cmp.Or(unknown.Reason, unknown.Kind.Error()))
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return clean(op.Err.Error())
	}
	return clean(err.Error())
}
