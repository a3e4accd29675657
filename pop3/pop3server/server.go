package pop3server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"posta/mail"
	"posta/sasl"
	"posta/store"
	"posta/wire"
)

// leastIdle is the shortest autologout that RFC 1939 §3 allows.
const leastIdle = 10 * time.Minute

// Guard watches log-ins and slows guessing down. check implements it; strict
// listeners only.
type Guard interface {
	// LoginResult is told of every attempt that was answered, and says how
	// long a failure's answer should be held back, and until when the address
	// is shut out if this was one failure too many (else zero).
	LoginResult(remote netip.Addr, user string, ok bool) (wait time.Duration, banned time.Time)
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

// Config is what a listener serves, and how.
type Config struct {
	Hostname    string // in the APOP timestamp
	Listener    string // the listener's name, for the lease's owner
	Mode        mail.Mode
	Sink        bool // anybody logs in: the greeting says so
	Auth        sasl.Authenticator
	Mechanisms  Mechanisms // nil: sasl's
	Maildrops   store.Maildrops
	Guard       Guard       // may be nil
	TLS         *tls.Config // for STLS or implicit TLS; nil: neither
	ImplicitTLS bool        // TLS from the first octet (RFC 8314 §3.3)

	// Leave names the network that lets a peer log in in clear text; "" for
	// everybody else. nil: nobody may.
	Leave func(remote netip.Addr) (network string)

	Persona   string        // "hmailserver", or posta's own words
	Idle      time.Duration // autologout; at least ten minutes whatever it says
	Version   string        // in CAPA's IMPLEMENTATION
	MaxLogins int           // refused log-ins that end a strict session; 0: 3, negative: none do
	Faults    Faults        // what goes wrong on purpose; nil: nothing does
	APOP      func() bool   // lab: whether an account is marked for APOP now; nil: offer it always
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
	texts texts
	verbs []verb
	clock atomic.Int64 // of the last APOP timestamp
}

// New makes a Server.
func New(cfg Config) *Server {
	cfg.Idle = max(cfg.Idle, leastIdle)
	if cfg.MaxLogins == 0 {
		cfg.MaxLogins = patience
	}
	if cfg.Mechanisms == nil {
		cfg.Mechanisms = usual{}
	}
	return &Server{Config: cfg, texts: speak(cfg.Persona), verbs: verbs()}
}

// lease is how long a maildrop stays ours without renewal. Renewal comes with
// the first command after a third of it, and two commands are never further
// apart than the autologout, another third.
func (srv *Server) lease() time.Duration { return 3 * srv.Idle }

// Session serves one connection and closes it.
func (srv *Server) Session(ctx context.Context, c *wire.Conn) {
	s := srv.session(c)
	defer s.over(ctx)
	s.serve(ctx)
}

// session makes what a session needs. It and over stand apart so that what
// they work with does not lie on the stack of a session that waits.
//
//go:noinline
func (srv *Server) session(c *wire.Conn) *session {
	s := &session{srv: srv, c: c, phase: authorization}
	s.remote = c.Endpoints().Remote
	if srv.Leave != nil && srv.Mode == mail.Strict {
		s.leave = srv.Leave(s.remote.Addr())
	}
	return s
}

//go:noinline
func (s *session) over(ctx context.Context) {
	s.unfinished()
	s.release(ctx) // before Close: who sees the end may log in again
	_ = s.c.Close(s.reason)
}

// stamp makes an APOP timestamp that was never made before (RFC 1939 §7).
func (srv *Server) stamp() string {
	for {
		last := srv.clock.Load()
		now := max(time.Now().UnixNano(), last+1)
		if srv.clock.CompareAndSwap(last, now) {
			return fmt.Sprintf("<%d.%d@%s>", os.Getpid(), now, srv.Hostname)
		}
	}
}

// offersAPOP says whether the greeting carries a timestamp: only in the lab,
// because APOP needs secrets that can be recovered.
func (srv *Server) offersAPOP() bool {
	return srv.Mode == mail.Lab && (srv.APOP == nil || srv.APOP())
}
