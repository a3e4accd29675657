package queue

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"posta/event"
	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/words"
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
	named   string // what it greeted with
	addr    netip.AddrPort
	tls     string // as in store.Attempt
	session uint64
	since   time.Time
	sent    int // messages

	broken   bool   // nothing more can be said on it
	why      string // it broke, as event.Closed has it; "" where that is known otherwise
	loggedIn bool   // as what the route says
	onDemand bool   // it is a site's: what waits does so until that asks again
	lab      bool   // it is for mail of a lab, and for no other

	delayed []*reporting // of a turned one: for the end of the turn
}

// note puts a remark into the session's record.
func (l *link) note(text string) { l.State(event.Note{Text: text}) }

// target is one address of one host.
type target struct {
	host host
	addr netip.AddrPort
	lab  bool // asked for mail of a lab, whose sessions are recorded as they pass

	opened func(session uint64) // is told of a connection; nil: nobody is
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
		first := why
		l, why, _ = q.dialWith(ctx, w, t, None)
		why.first = &first
	}
	return l, why
}

// dialWith makes a link under a policy; broken says that TLS is what failed.
func (q *Queue) dialWith(ctx context.Context, w *way, t target, policy Policy) (l *link, why trouble, broken bool) {
	why = trouble{host: t.host.name, addr: t.addr.String(), at: q.cfg.Now()}
	defer func() { why.took = q.cfg.Now().Sub(why.at) }()
	nc, err := q.cfg.Dial(ctx, q.source(w, t.addr.Addr()), t.addr)
	if err != nil {
		why.verdict = said(later, "4.4.1", words.Fail("attempt.no_connection", because(err)))
		return nil, why, false
	}
	l = &link{host: t.host.name, addr: t.addr, session: q.cfg.Session(), since: q.cfg.Now(), lab: t.lab}
	mode := mail.Strict
	if t.lab {
		mode = mail.Lab
	}
	c := smtpclient.New(nc, smtpclient.Options{Name: smtpclient.Called(q.cfg.Hostname, nc), ID: l.session, Sink: q.cfg.Sink, Times: q.cfg.Limits.Times,
		Opened: event.Opened{Listener: event.Outgoing, Mode: mode.String(), TLS: policy == Implicit}})
	l.peer = c
	if t.opened != nil {
		t.opened(l.session)
	}
	if w.asks != "" {
		l.note(w.asks)
	}
	g := greeter{q: q, c: c, w: w, t: t, policy: policy}
	opening, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	why.verdict, broken = g.greet(opening)
	if why.fate != relayed && errors.Is(opening.Err(), context.DeadlineExceeded) {
		why.verdict, broken = said(later, "4.4.2", brokeBefore(os.ErrDeadlineExceeded)), false
		g.alive = false
	}
	l.tls, why.tls, why.session = g.secured, g.secured, l.session
	if why.fate != relayed && why.code == 0 {
		l.note(why.text) // else nothing that was said tells it
	}
	switch {
	case why.fate == relayed:
		l.named, _, _ = strings.Cut(c.Greeted().Text, " ")
		l.onDemand, l.loggedIn = w.route.OnDemand, w.route.User != ""
		return l, why, false
	case g.alive:
		_ = c.Quit(ctx)
	default:
		_ = c.Close(why.ending())
	}
	return nil, why, broken
}

// source is the address to send from.
func (q *Queue) source(w *way, to netip.Addr) netip.Addr {
	if s := w.route.Source; s.IsValid() && s.Is4() == to.Is4() {
		return s
	}
	for _, s := range q.cfg.Source {
		// No network carries what comes from loopback, nor is a host of one's own told another address unasked.
		if s = s.Unmap(); s.Is4() == to.Is4() && s.IsLoopback() == to.IsLoopback() {
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
	trusted Trust
	secured string
	alive   bool // the server waits for a command
}

// greet gives relayed where messages can be sent.
func (g *greeter) greet(ctx context.Context) (v verdict, broken bool) {
	if g.policy == Implicit {
		if err := g.c.DialTLS(ctx, g.trust()); err != nil {
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
		return said(failed, "5.4.6", itself()), false
	}
	if v, broken := g.startTLS(ctx); v.fate != relayed {
		return v, broken
	}
	return g.logIn(ctx), false
}

// itself is said of mail that would come back.
func itself() *words.Error { return words.Fail("attempt.to_ourselves", nil) }

// circle says that the host greets with this server's name. Where an
// administrator laid the way, a gateway may well have the same name. A question
// would come back as the next one, so that there only another server of the same
// computer may have it.
func (g *greeter) circle() bool {
	return (!g.w.explicit() || g.w.asks != "" && !g.t.addr.Addr().IsLoopback()) && Circle(g.c.Greeted().Text, g.q.cfg.Names)
}

// Circle says that a host's greeting has one of this server's names: DNS leads
// back here by an address that nobody knows to be its own, as behind a router
// that translates addresses (RFC 5321 §5.1, §6.3).
func Circle(greeting string, own []string) bool {
	name, _, _ := strings.Cut(greeting, " ")
	return telling(name) && isOwn(name, own)
}

// isOwn says whether a host's name is one of this server's.
func isOwn(name string, own []string) bool {
	name = strings.TrimSuffix(name, ".")
	return name != "" && slices.ContainsFunc(own, func(o string) bool { return strings.EqualFold(o, name) })
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
		return said(later, "4.4.2", brokeBefore(err))
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
	err := g.c.StartTLS(ctx, g.trust())
	var refusal *smtpclient.Refusal
	switch {
	case err == nil:
		g.note()
		return yes, false
	case errors.Is(err, smtpclient.ErrNoTLS) && must:
		g.alive = true
		return said(later, "4.7.10", words.Fail("attempt.tls_not_offered", nil)), false
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
	if wrong := g.trusted.Wrong(); wrong != nil && g.policy != Opportunistic {
		return said(later, "4.7.5", words.Fail("attempt.certificate", words.Args{"Reason": Doubt(wrong, g.q.cfg.Now())}))
	}
	return said(later, "4.7.5", words.Fail("attempt.no_tls", words.Args{"Reason": NoTLS(err)}))
}

// trust is how the host's certificate is looked at.
func (g *greeter) trust() *tls.Config {
	g.trusted = Trust{Host: g.t.host.name, Policy: g.policy, Roots: g.q.cfg.Roots, CA: g.w.route.CA, Now: g.q.cfg.Now}
	if g.t.lab {
		g.trusted.Keys = g.q.cfg.KeyLog
	}
	return g.trusted.Config()
}

// note keeps what TLS there is, and tells the watchers what the certificate proves.
func (g *greeter) note() {
	s, _ := g.c.TLS()
	args := words.Args{"TLS": strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1) + " " + tls.CipherSuiteName(s.CipherSuite)}
	g.secured = words.Fail("attempt.proven", args).Error()
	told := words.Fail("attempt.certificate_valid", nil)
	if wrong := g.trusted.Wrong(); wrong != nil {
		g.secured = words.Fail("attempt.unproven", args).Error()
		told = words.Fail("attempt.certificate", words.Args{"Reason": Doubt(wrong, g.q.cfg.Now())})
	}
	g.c.State(event.Note{Text: told.Error()})
}

// tryLogIn logs in; why says what is wrong where trying again will not help.
func (g *greeter) tryLogIn(ctx context.Context) (v verdict, why error) {
	login := smtpclient.Login{User: g.w.route.User, Password: g.w.route.Password}
	g.alive = true
	if g.policy != None && g.c.Weak(login) {
		no := words.Fail("attempt.clear_password", nil)
		return said(later, "4.7.11", no), no
	}
	err := g.c.Auth(ctx, login)
	var refusal *smtpclient.Refusal
	switch {
	case err == nil:
		return verdict{fate: relayed}, nil
	case errors.As(err, &refusal):
		if v = answered(refusal.Verb, false, refusal.Reply).softer(); refusal.Reply.Class() == 5 {
			why = errors.New(words.Within(v.words()))
		}
		return v, why
	case errors.Is(err, smtpclient.ErrNoMechanism):
		no := words.Fail("attempt.no_mechanism", nil)
		return said(later, "4.7.4", no), no
	}
	g.alive = g.c.Alive()
	return said(later, "4.4.2", words.Fail("attempt.broke_login", because(err))), nil
}
