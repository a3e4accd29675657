package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"posta/admin"
	"posta/cert"
	"posta/check"
	"posta/config"
	"posta/event"
	"posta/fault"
	"posta/mail"
	"posta/pop3/pop3server"
	"posta/smtp/smtpserver"
	"posta/wire"
	"posta/words"
)

var errAPOP = words.Fail("server.apop_strict", nil)

// listener is one that listens: what was bound, and who serves it.
type listener struct {
	Bound
	socket net.Listener
	server wire.Server
}

// Listen binds every listener, all or none, and tells where they are.
func (h *House) Listen(ctx context.Context) ([]Bound, error) {
	if err := h.strictAPOP(ctx); err != nil {
		return nil, err
	}
	var err error
	// Not in Open: who only opens the store knows no host name, and would make
	// a self-signed certificate anew under the machine's.
	h.certs, err = cert.New(cert.Options{
		Pairs: pairs(h.cfg.Certificates), Dir: h.cfg.Data, Hostname: h.cfg.Hostname, Report: h.o.Report,
	})
	if err != nil {
		return nil, err
	}
	if err = h.openArchive(); err != nil {
		return nil, err
	}
	if h.watch, err = h.openWatch(ctx); err != nil {
		return nil, err
	}
	var bounds []Bound
	for _, l := range h.cfg.Listeners {
		socket, bound, err := listen(ctx, l, h.o.Fallback && !slices.Contains(h.o.Fixed, l.Name))
		if err != nil {
			for _, open := range h.listeners {
				_ = open.socket.Close()
			}
			h.listeners = nil
			h.watch.close()
			return nil, err
		}
		h.listeners = append(h.listeners, h.equip(bound, socket))
		bounds = append(bounds, bound)
	}
	h.auditClear()
	return bounds, nil
}

// auditClear puts into the audit log which listeners' sessions are recorded with
// their secrets: the configuration says so, and it may have changed.
func (h *House) auditClear() {
	for _, l := range h.listeners {
		if h.record != nil && h.o.Audit != nil && config.Clear(l.Mode) {
			h.o.Audit(admin.Audit{Time: time.Now(), Actor: "configuration", Operation: "record.clear", About: l.Name})
		}
	}
}

// equip gives a socket its server.
func (h *House) equip(bound Bound, socket net.Listener) *listener {
	l := &listener{Bound: bound, socket: socket}
	line := check.SMTP
	if bound.Service == config.POP3 {
		line = check.POP3
	}
	gate := h.guard.Gate(check.GateOptions{
		Lab: bound.Relaxed(), Networks: h.cfg.Lab.Networks, PerAddress: bound.MaxPerAddress, Line: line,
	})
	session := h.session(bound, gate)
	opened := event.Opened{
		Protocol: "smtp", Listener: bound.Name, Mode: bound.Mode, TLS: bound.TLS == config.TLSImplicit,
	}
	if bound.Service == config.POP3 {
		opened.Protocol = "pop3"
	}
	l.server = wire.Server{
		Listener: socket,
		Options: func(remote netip.AddrPort) wire.Options {
			return wire.Options{
				ID: h.numbers.next(), Sink: h.events, Human: bound.Relaxed(),
				BareLF: h.bareLF(remote.Addr()), Idle: bound.Idle.Duration, Session: sessionLimit,
			}
		},
		Admit: gate.Admit,
		TLS:   bound.TLS == config.TLSImplicit,
		Refused: func(remote netip.AddrPort, line string) {
			h.turnedAway.Add(1)
			h.o.Refused(bound.Name, remote, line)
		},
		Session: func(ctx context.Context, c *wire.Conn) {
			announce(c, &opened)
			session(ctx, c)
		},
		MaxConns: bound.MaxConns,
		Grace:    grace,
		Busy:     line("Too many connections; try again later"),
		Panicked: func(reason any, stack []byte) {
			h.o.Report(words.Fail("server.panicked", words.Args{"Reason": reason, "Stack": string(stack)}))
		},
	}
	return l
}

// announce tells the watchers of a new connection. It stands apart so that the
// fact does not lie on the stack of a session that waits.
//
//go:noinline
func announce(c *wire.Conn, to *event.Opened) {
	fact := *to
	fact.Endpoints = c.Endpoints()
	c.Opened(fact)
}

// session chooses the engine of a listener.
func (h *House) session(b Bound, gate *check.Gate) func(context.Context, *wire.Conn) {
	tlsConfig := h.certs.TLSConfig()
	if b.Relaxed() && h.record != nil {
		tlsConfig.KeyLogWriter = h.record.KeyLog() // of this listener alone: strict ones have none
	}
	if b.TLS == config.TLSNone {
		tlsConfig = nil
	}
	if b.Service == config.POP3 {
		return h.pop3(b, gate, tlsConfig)
	}
	return h.smtp(b, gate, tlsConfig)
}

func modeOf(b Bound) mail.Mode {
	if b.Relaxed() {
		return mail.Lab
	}
	return mail.Strict
}

func (h *House) pop3(b Bound, gate *check.Gate, tlsConfig *tls.Config) func(context.Context, *wire.Conn) {
	c := pop3server.Config{
		Hostname: h.cfg.Hostname, Listener: b.Name, Mode: modeOf(b), Auth: h.directory, Maildrops: h.db, Guard: gate,
		TLS: tlsConfig, ImplicitTLS: b.TLS == config.TLSImplicit, Persona: b.Persona, Idle: b.Idle.Duration,
		Version: h.o.Version, MaxLogins: h.maxLogins(), APOP: h.offersAPOP, Leave: h.clear,
	}
	if b.Relaxed() {
		c.Faults = h.faults.Side(fault.POP3)
	}
	if b.Mode == config.ModeSink {
		anyone := h.sink.Anyone()
		c.Sink, c.Auth, c.Mechanisms, c.Maildrops = true, anyone, anyone, h.sink
		c.APOP = func() bool { return false }
	}
	return pop3server.New(c).Session
}

func (h *House) smtp(b Bound, gate *check.Gate, tlsConfig *tls.Config) func(context.Context, *wire.Conn) {
	c := smtpserver.Config{
		Hostname: h.cfg.Hostname, Listener: b.Name, Mode: modeOf(b), Service: mail.MX, Door: h.room, Addresses: h.room,
		Auth: h.directory, Guard: gate, TLS: tlsConfig, ImplicitTLS: b.TLS == config.TLSImplicit,
		MaxSize: int64(b.MaxMessage), MaxRecipients: b.MaxRecipients, Persona: b.Persona,
		MaxLogins: h.maxLogins(), Leave: h.leave, Sites: h.sites, Turn: b.Turn, DSN: smtpserver.DSN(b.DSN),
	}
	if b.Relaxed() {
		c.Faults = h.faults.Side(fault.SMTP)
	}
	switch {
	case b.Mode == config.ModeSink: // MX on every port: nobody must log in, and nothing is mended
		anyone := h.sink.Anyone()
		c.Sites = nil
		c.Sink, c.Auth, c.Mechanisms, c.Door, c.Addresses = true, anyone, anyone, h.sinkRoom, h.sinkRoom
	case b.Service == config.Submission:
		c.Service = mail.Submission
	case b.Service == config.ODMR:
		c.Service = mail.ODMR
	}
	return smtpserver.New(c).Session
}

// maxLogins is how many failed log-ins end a session; negative: none do.
func (h *House) maxLogins() int {
	if !h.cfg.Limits.Enabled {
		return -1
	}
	return h.cfg.Limits.AuthFailures
}

// offersAPOP says whether a POP3 greeting in the lab needs a timestamp: some
// clients try APOP wherever they see one.
func (h *House) offersAPOP() bool {
	has, err := h.directory.HasAPOP(context.Background())
	return err == nil && has
}

// Serve serves what Listen bound, the control socket and the background work
// until ctx is done or the store failed (ErrStore). It returns when all is at
// rest: sessions first, so that no letter is cut off that could end well, and
// the control socket last, so that health can say what goes on.
func (h *House) Serve(ctx context.Context) error {
	control, err := admin.OpenControl(h.cfg.Data, h.table)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		h.stage.Store(int32(ending))
		close(h.ends)
	})()
	defer h.watch.close()
	watched := make(chan error, 1)
	go func() { watched <- h.watch.run() }()
	untilLast, endControl := context.WithCancel(context.WithoutCancel(ctx))
	defer endControl()
	parts := []func(context.Context) error{h.room.Run, h.queue.Run, h.asker.Run, h.signer.Run, h.runSending, h.collector.Run, func(context.Context) error { return control.Serve(untilLast) }}
	if path := h.cfg.Sendmail.Socket; path != "" {
		counter, err := admin.OpenCounter(path, h.table)
		if err != nil {
			return err
		}
		parts = append(parts, counter.Serve)
	}
	for _, l := range h.listeners {
		parts = append(parts, l.server.Serve)
	}
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part(ctx) }()
	}
	h.stage.CompareAndSwap(int32(starting), int32(serving))
	if h.o.Ready != nil {
		h.o.Ready()
	}
	var failed error
	for running := len(parts); running > 0; {
		select {
		case err := <-h.fatal:
			failed = err
			cancel()
			return failed // nothing can be settled any more; the process must end
		case err := <-watched:
			watched = nil
			if err != nil {
				failed = errors.Join(failed, err)
				cancel()
			}
		case err := <-ended:
			if running--; running == 1 {
				endControl()
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				failed = errors.Join(failed, err)
				cancel()
			}
		}
	}
	return failed
}

// status is what `posta status` shows.
func (h *House) status(ctx context.Context) (admin.Status, error) {
	s := admin.Status{Version: h.o.Version, PID: os.Getpid(), Hostname: h.cfg.Hostname, Data: h.cfg.Data}
	var err error
	if s.DefaultDomain, err = h.directory.DefaultDomain(ctx); err != nil {
		return admin.Status{}, err
	}
	for _, n := range h.cfg.Lab.Networks {
		s.Networks = append(s.Networks, n.String())
	}
	depth, err := h.db.Queue().Depth(ctx)
	if err != nil {
		return admin.Status{}, err
	}
	s.Outgoing, s.Queue = h.cfg.Outgoing.Mode, admin.ShowDepth(depth)
	s.Rules, s.Sendmail, s.Certificates = h.networks(), h.cfg.Sendmail.Socket, shown(&h.cfg, h.certs)
	entries, err := h.db.Collected().Entries(ctx)
	if err != nil {
		return admin.Status{}, err
	}
	s.Denied, s.ShutOut = admin.DeniedLogins(entries), admin.ShowShutOut(h.queue.Denials(ctx))
	if h.sinks() {
		s.MaxMessages, s.Ephemeral = h.cfg.Sink.MaxMessages, h.o.Store != ""
	}
	if h.watch != nil {
		s.Metrics = h.watch.socket.Addr().String()
	}
	for _, l := range h.listeners {
		shown := admin.Listener{Name: l.Name, Service: l.Service, Mode: l.Mode, TLS: l.TLS, Persona: l.Persona,
			Address: l.Actual, Port: l.Port}
		if l.Why != "" {
			shown.Wanted, shown.Why, shown.Program, shown.PID = l.Addr, l.Why, l.Program, l.PID
		}
		s.Listeners = append(s.Listeners, shown)
	}
	return s, nil
}
