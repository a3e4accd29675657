package smtpserver

import (
	"context"
	"crypto/tls"
	"net/netip"
	"time"

	"posta/mail"
	"posta/sasl"
	"posta/smtp"
	"posta/wire"
)

// Config is what one listener serves.
type Config struct {
	Hostname    string // as the greeting says it: a domain in A-labels, or an address literal
	Listener    string // its name in the configuration
	Mode        mail.Mode
	Service     mail.Service
	Sink        bool // mail to anybody is kept: the greeting says so, and EHLO takes any name
	Door        mail.Door
	Addresses   mail.Addresses     // nil: VRFY answers 252, EXPN is not served
	Auth        sasl.Authenticator // nil: AUTH is not served
	Mechanisms  Mechanisms         // nil: sasl's
	Guard       Guard              // nil: log-ins are neither counted nor delayed
	Sites       Sites              // nil: nobody comes for mail
	Turn        bool               // TURN is served (RFC 821 §3.8)
	DSN         DSN                // who may ask for reports
	TLS         *tls.Config        // nil: STARTTLS is not served
	ImplicitTLS bool               // TLS from the first octet (RFC 8314 §3.3)

	// Leave says what a peer's network is let off; nil: nobody is let off anything.
	Leave func(remote netip.Addr) Leave

	MaxSize       int64 // octets of a message; 0: no limit
	MaxRecipients int   // of a message; at least 100 (RFC 5321 §4.5.3.1.8); 0: 1000
	MaxErrors     int   // mistakes after which a strict session ends; 0: 20
	MaxLogins     int   // failed log-ins that end a strict session; 0: 3, negative: none do

	// Faults go wrong on purpose; nil: nothing does.
	Faults Faults

	// GreetWait is how long a strict listener listens for peers that talk
	// before they are greeted; 0 looks only at what is there already.
	GreetWait time.Duration

	// Persona chooses the lab's words: "posta" (also for "") or "hmailserver".
	Persona string
}

// DSN says who may ask for reports (RFC 3461): whoever may is shown that they are
// served. The empty one is "all" for submission and in the lab, else
// "authenticated": reports of success to whoever a stranger says he is are
// back-scatter.
type DSN string

const (
	DSNAll           DSN = "all"
	DSNAuthenticated DSN = "authenticated" // who has logged in, and everybody where one must
	DSNOff           DSN = "off"
)

// Leave is what the machines of a configured network may do without on a strict
// submission port.
type Leave struct {
	Network string // as people know it
	TLS     bool   // log-ins and mail may pass in clear text
	Login   bool   // mail may come without a log-in
	Relay   bool   // also mail for others
}

// Mechanisms are what AUTH can be asked for on a connection; state is nil in
// clear text.
type Mechanisms interface {
	Names(state *tls.ConnectionState) []string // in upper case, strongest first
	New(name string, auth sasl.Authenticator, state *tls.ConnectionState) (sasl.Server, error)
}

// usual are the mechanisms of sasl.
type usual struct{}

func (usual) Names(state *tls.ConnectionState) []string { return sasl.Names(state) }

func (usual) New(name string, auth sasl.Authenticator, state *tls.ConnectionState) (sasl.Server, error) {
	return sasl.NewServer(name, auth, state)
}

// Guard counts log-ins.
type Guard interface {
	// LoginResult notes the outcome of a log-in and says how long to wait
	// before the peer hears of it, and until when its address is shut out if
	// this was one failure too many (else zero).
	LoginResult(remote netip.Addr, user string, ok bool) (wait time.Duration, banned time.Time)
}

// Faults are mistakes made on purpose, for programs that are tried against the
// server. fault implements it.
type Faults interface {
	// Meet is asked at a point of the dialogue, named as fault names it; about is
	// what can be matched there. met: the reply is given in place of the
	// engine's, unless it is "", and the connection closed if hangUp says so.
	Meet(c *wire.Conn, at string, about ...string) (reply string, hangUp, met bool)
}

// Server serves the sessions of one listener.
type Server struct {
	Config
	book    book           // the words of its persona
	rows    [64]row        // the verbs it serves
	base    smtp.Extension // what it serves in every state
	can     smtp.Extension // what its verbs can serve
	bare    bool           // no enhanced codes: the persona has none
	authMax int            // failed log-ins that end a session; 0: none do
}

const (
	minRecipients     = 100
	defaultRecipients = 1000
	defaultErrors     = 20
	strictLogins      = 3 // RFC 4954 §9: not fewer
)

// New makes a Server.
func New(c Config) *Server {
	s := &Server{Config: c}
	switch {
	case c.MaxRecipients == 0:
		s.MaxRecipients = defaultRecipients
	case c.MaxRecipients < minRecipients:
		s.MaxRecipients = minRecipients
	}
	if c.Mechanisms == nil {
		s.Mechanisms = usual{}
	}
	if c.MaxErrors == 0 {
		s.MaxErrors = defaultErrors
	}
	s.bare = c.Mode == mail.Lab && c.Persona == "hmailserver"
	if c.Mode == mail.Strict {
		s.authMax = c.MaxLogins
		if c.MaxLogins == 0 {
			s.authMax = strictLogins
		}
	}
	s.book = newBook(s.bare)
	for _, r := range verbTable() {
		if s.has(r.verb) {
			s.rows[r.verb] = r
		}
	}
	s.base = smtp.ExtSize | smtp.ExtPipelining | smtp.Ext8BitMIME | smtp.ExtSMTPUTF8 | smtp.ExtHelp | smtp.ExtChunking
	if !s.bare {
		s.base |= smtp.ExtStatusCodes
	}
	if c.Addresses != nil {
		s.base |= smtp.ExtExpn
	}
	if s.DSN == "" {
		s.DSN = DSNAuthenticated
		if c.Mode == mail.Lab {
			s.DSN = DSNAll
		}
	}
	// A client need not say EHLO again when it has logged in (RFC 4954 §4), so
	// where it must, it hears of reports before.
	if s.DSN == DSNAll || s.DSN == DSNAuthenticated && c.Service == mail.Submission {
		s.base |= smtp.ExtDSN
	}
	if c.Service == mail.ODMR { // RFC 2645 §5.1.1: nothing that is about mail
		s.base = s.base&smtp.ExtStatusCodes | smtp.ExtHelp | smtp.ExtAtrn
	}
	s.can = s.servable()
	s.base &= s.can
	return s
}

// has says that the service has a verb at all (RFC 2645 §5.4, RFC 6409 §7).
func (s *Server) has(v smtp.Verb) bool {
	odmr := s.Service == mail.ODMR
	switch v {
	case smtp.MAIL, smtp.RCPT, smtp.DATA, smtp.BDAT, smtp.VRFY, smtp.EXPN:
		return !odmr
	case smtp.ATRN:
		return odmr && s.Sites != nil
	case smtp.TURN:
		return s.Turn && s.Sites != nil && s.Service != mail.Submission
	case smtp.ETRN:
		return s.Sites != nil && s.Service != mail.Submission
	}
	return true
}

// servable is all extensions but those whose verb has no run: what is not
// served cannot be advertised.
func (s *Server) servable() smtp.Extension {
	e := ^smtp.Extension(0)
	for _, v := range smtp.Verbs() {
		if s.rows[v].run == nil {
			e &^= v.Extension()
		}
	}
	return e
}

// Session serves one connection to its end and closes it.
func (s *Server) Session(ctx context.Context, c *wire.Conn) { s.Serve(ctx, c) }

// Serve is Session, and says as event.Closed does why it ended: "quit", where the
// client said so.
func (s *Server) Serve(ctx context.Context, c *wire.Conn) (end string) {
	ses := s.session(ctx, c)
	ses.run(ctx)
	ses.forget()
	// An error here is the peer's loss alone: the session is over.
	_ = c.Close(ses.end)
	return ses.end
}

// session begins one. It stands apart so that what it is made of does not lie
// on the stack while the session waits.
//
//go:noinline
func (s *Server) session(ctx context.Context, c *wire.Conn) *session {
	ends := c.Endpoints()
	var leave Leave
	if s.Leave != nil && s.Service == mail.Submission && s.Mode == mail.Strict {
		leave = s.Leave(ends.Remote.Addr())
	}
	ses := &session{
		srv: s, c: c, leave: leave, commitCtx: context.WithoutCancel(ctx),
		from: mail.Origin{Session: c.ID(), Listener: s.Listener, Service: s.Service, Mode: s.Mode,
			Remote: ends.Remote, Local: ends.Local, TLS: c.Secured(), // where the sides were changed
			NoLogin: leave.Login, Relays: leave.Relay},
	}
	ses.callers(ctx)
	return ses
}
