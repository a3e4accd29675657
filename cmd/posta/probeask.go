package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"posta/event"
	"posta/mail"
	"posta/queue"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/words"
)

// probeAtOnce is how many addresses are asked at the same time.
const probeAtOnce = 8

// askAll asks all addresses. Those that answer get their sessions' numbers in
// the order in which they are listed.
func (p *prober) askAll(ctx context.Context) {
	all := p.addresses()
	conns := make([]net.Conn, len(all))
	each(len(all), func(i int) { conns[i] = p.dial(ctx, all[i]) })
	asks := make([]*asking, 0, len(all))
	for i, nc := range conns {
		if nc == nil {
			continue
		}
		one := &asking{p: p, at: all[i], nc: nc}
		all[i].Session = p.rec.number()
		asks = append(asks, one)
	}
	each(len(asks), func(i int) { asks[i].run(ctx) })
	for _, one := range asks { // TLS that failed is followed by a try in clear, as mail would be
		if !one.again {
			continue
		}
		one.at.TLS, one.at.Certificate, one.at.Verb, one.at.Code, one.at.Reply = "", nil, "", 0, ""
		if one.nc = p.dial(ctx, one.at); one.nc != nil {
			one.at.Session = p.rec.number()
			one.clear = true
			one.run(ctx)
		}
	}
}

// each does n things, some of them at a time.
func each(n int, do func(int)) {
	var wait sync.WaitGroup
	room := make(chan struct{}, probeAtOnce)
	for i := range n {
		wait.Go(func() {
			room <- struct{}{}
			do(i)
			<-room
		})
	}
	wait.Wait()
}

// dial connects to an address, or notes why not.
func (p *prober) dial(ctx context.Context, one *probedAddress) net.Conn {
	ctx, cancel := context.WithTimeout(ctx, min(dialTime, p.o.patience))
	defer cancel()
	var d net.Dialer
	if from := one.from; from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	nc, err := d.DialContext(ctx, "tcp", one.at.String())
	switch {
	case err == nil:
		one.State = probeOpen
		return nc
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		one.State = probeRefused
	case isErrno(err, syscall.EADDRNOTAVAIL, 10049) && one.from.IsValid():
		one.State, one.ours = probeUnreachable, true
		one.Problem = p.a.say("probe.no_source", words.Args{"Source": one.from.String()})
	case isErrno(err, syscall.ENETUNREACH, 10051), isErrno(err, syscall.EHOSTUNREACH, 10065), isErrno(err, syscall.EADDRNOTAVAIL, 10049):
		one.State = probeUnreachable
	default:
		one.State = probeSilent
	}
	return nil
}

// asking is one conversation.
type asking struct {
	p       *prober
	at      *probedAddress
	nc      net.Conn
	trusted queue.Trust
	clear   bool // TLS is not tried any more
	again   bool // it is to be asked again in clear
}

func (s *asking) target() target {
	return target{Protocol: protoSMTP, Host: cmp.Or(s.at.host, s.at.at.Addr().String()), Port: int(s.at.at.Port())}
}

// trust is how delivery would look at the certificate, but that the handshake
// accepts every one: what is wrong with it is to be told.
func (s *asking) trust() *tls.Config {
	policy := queue.Opportunistic
	if s.p.proves() {
		policy = queue.Required
	}
	s.trusted = queue.Trust{Host: s.target().Host, Policy: policy, Roots: s.p.roots, CA: s.p.laid.CA, Now: time.Now, Keys: s.p.rec.keys()}
	cfg := s.trusted.Config()
	verify := cfg.VerifyConnection
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		_ = verify(state) // Wrong says it
		return nil
	}
	return cfg
}

// run speaks as far as RCPT, and takes leave.
func (s *asking) run(ctx context.Context) {
	p := s.p
	c := smtpclient.New(s.nc, smtpclient.Options{Name: p.helo(s.nc), ID: s.at.Session, Sink: p.rec.sink(),
		Opened: s.opened(), Times: smtpclient.All(p.o.patience)})
	err := s.converse(ctx, c)
	s.at.Greeting = shownReply(c.Greeted())
	var refused *smtpclient.Refusal
	var local *mail.Error
	var barred unwanted
	switch {
	case errors.As(err, &refused):
		s.said(refused.Verb, refused.Reply)
	case errors.As(err, &local):
		s.at.never = true
		s.at.Problem = p.a.words.Error(words.Fail("send.not_carried", words.Args{"Reason": local.Status.String() + " " + ownText(p.a.words, local.Text)}))
	case errors.As(err, &barred):
		s.at.Problem = p.a.words.Error(barred.error)
	case errors.Is(err, smtpclient.ErrTLS) && ctx.Err() == nil && (p.proves() || s.atOnce()):
		s.at.Problem = p.a.words.Error(words.Fail("probe.no_tls", words.Args{"Reason": queue.NoTLS(err)}))
	case errors.Is(err, smtpclient.ErrTLS) && ctx.Err() == nil:
		s.again = true
		s.at.Problem = p.a.words.Error(words.Fail("probe.tls_failed", words.Args{"Reason": queue.NoTLS(err)}))
	case errors.Is(err, smtpclient.ErrPOP3):
		s.at.Problem = p.a.say("probe.pop3", words.Args{"Address": s.target().address()})
	case errors.Is(err, smtpclient.ErrStrange):
		s.at.Problem = p.a.say("probe.strange", words.Args{"Address": s.target().address()})
	case err != nil:
		s.at.Problem = p.a.words.Error(p.a.whyEnded(innermost(err), s.target()))
		s.at.mute = errors.Is(err, os.ErrDeadlineExceeded) && s.at.Greeting == ""
	}
	if err == nil || refused != nil || local != nil || barred.error != nil {
		_ = c.Quit(ctx) // nothing depends on it
		return
	}
	_ = c.Close("broken off")
	if s.at.mute && !s.atOnce() && s.takesTLS(ctx) {
		s.at.Problem = p.a.say("probe.tls_first", words.Args{"Address": s.target().address()})
	}
}

// takesTLS says that a handshake can be the first thing on a connection: a port for
// that says nothing to who waits for a greeting.
func (s *asking) takesTLS(ctx context.Context) bool {
	nc := s.p.dial(ctx, s.at)
	if nc == nil {
		s.at.State = probeOpen // as it was
		return false
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(ctx, min(dialTime, s.p.o.patience))
	defer cancel()
	return tls.Client(nc, s.trust()).HandshakeContext(ctx) == nil
}

// atOnce says that TLS begins with the first octet: the route wants it so, or the
// port is for nothing else (RFC 8314 §3.3). A route is followed as it is.
func (s *asking) atOnce() bool {
	port := s.at.at.Port()
	return s.p.laid.TLS == "implicit" || s.p.result.Way != wayRoute && (port == 465 || port == 995)
}

// unwanted is that a route does not go to such a host.
type unwanted struct{ error }

// opened is what the recording is told of the connection.
func (s *asking) opened() event.Opened {
	o := opened(s.target())
	o.TLS = s.atOnce()
	return o
}

func (s *asking) converse(ctx context.Context, c *smtpclient.Client) error {
	if s.atOnce() {
		err := c.DialTLS(ctx, s.trust())
		s.secured(c)
		if err != nil {
			return err
		}
	}
	heard := s.p.waiting(s.target())
	err := c.Greeting(ctx)
	heard()
	if err != nil {
		return err
	}
	if err := c.Hello(ctx); err != nil {
		return err
	}
	if p := s.p; p.way != nil && p.result.Way != wayRoute && queue.Circle(c.Greeted().Text, p.way.Names) {
		s.at.loops = true
		return unwanted{words.Fail("attempt.to_ourselves", nil)}
	}
	if err := s.protect(ctx, c); err != nil {
		return err
	}
	if s.p.to == nil {
		return nil
	}
	out, err := c.Send(ctx, &smtpclient.Message{Envelope: mail.Envelope{From: s.p.from}, To: []mail.Recipient{{To: *s.p.to}}, Size: -1, Upto: smtp.RCPT})
	if len(out.To) > 0 && out.To[0].Code != 0 {
		s.said(smtp.RCPT, out.To[0])
	}
	return err
}

// waiting tells who looks on, after a while, that a host keeps its greeting back. What
// it gives ends that.
func (p *prober) waiting(at target) (heard func() bool) {
	const while = 3 * time.Second
	if p.screen == nil {
		return func() bool { return false }
	}
	return time.AfterFunc(while, func() {
		_, _ = fmt.Fprintln(p.screen, p.a.say("probe.waiting", words.Args{"Address": at.address(), "Span": p.a.lasting(p.o.patience)}))
	}).Stop
}

// protect brings about the TLS that mail would have on this way.
func (s *asking) protect(ctx context.Context, c *smtpclient.Client) error {
	_, secure := c.TLS()
	if !secure && !s.clear && s.p.laid.TLS != "none" && c.Offer().Extensions.Has(smtp.ExtStartTLS) {
		if err := s.encrypt(ctx, c); err != nil {
			return err
		}
		_, secure = c.TLS()
	}
	switch {
	case !s.p.proves():
		return nil
	case !secure:
		return unwanted{words.Fail("probe.unprotected", nil)}
	case s.trusted.Wrong() != nil:
		return unwanted{words.Fail("probe.unproved", words.Args{"Problem": s.p.a.wrongCertificate(s.trusted.Wrong())})}
	}
	return nil
}

// encrypt turns TLS on; a server that takes STARTTLS back goes on in clear.
func (s *asking) encrypt(ctx context.Context, c *smtpclient.Client) error {
	err := c.StartTLS(ctx, s.trust())
	var refused *smtpclient.Refusal
	if errors.As(err, &refused) && refused.Verb == smtp.STARTTLS && c.Alive() {
		return nil
	}
	s.secured(c)
	s.again = refused != nil && refused.Verb != smtp.STARTTLS && !s.p.proves() // EHLO within TLS
	return err
}

// secured notes the TLS of the connection, if there is any.
func (s *asking) secured(c *smtpclient.Client) {
	if state, ok := c.TLS(); ok {
		s.at.TLS = strings.Replace(tls.VersionName(state.Version), "TLS ", "TLSv", 1) + " " + tls.CipherSuiteName(state.CipherSuite)
		s.certificate(state)
	}
}

func (s *asking) certificate(state tls.ConnectionState) {
	if len(state.PeerCertificates) == 0 {
		return
	}
	c := state.PeerCertificates[0]
	shown := &probedCertificate{Names: []string{}, Issuer: printable(issuerOf(c)), Ends: c.NotAfter.UTC(), Valid: s.trusted.Wrong() == nil,
		own: bytes.Equal(c.RawIssuer, c.RawSubject)}
	for _, name := range c.DNSNames {
		shown.Names = append(shown.Names, printable(name))
	}
	for _, addr := range c.IPAddresses {
		shown.Names = append(shown.Names, addr.String())
	}
	if len(shown.Names) == 0 && c.Subject.CommonName != "" {
		shown.Names = append(shown.Names, printable(c.Subject.CommonName))
	}
	if s.trusted.Wrong() != nil {
		shown.Problem = s.p.a.wrongCertificate(s.trusted.Wrong())
	}
	s.at.Certificate = shown
}

// issuerOf names who made a certificate.
func issuerOf(c *x509.Certificate) string {
	if len(c.Issuer.Organization) > 0 {
		return strings.TrimSpace(c.Issuer.Organization[0] + " " + c.Issuer.CommonName)
	}
	return c.Issuer.CommonName
}

// wrongCertificate says in a few words what is wrong with a certificate.
func (a *app) wrongCertificate(err error) string {
	return printable(a.words.Error(queue.Doubt(err, time.Now())))
}

func (s *asking) said(v smtp.Verb, r smtp.Reply) {
	s.at.Verb, s.at.Code, s.at.Reply, s.at.status = v.String(), r.Code, shownReply(r), r.Status
	if v == smtp.Unknown {
		s.at.Verb = ""
	}
}

// shownReply is a whole reply on one line.
func shownReply(r smtp.Reply) string {
	if r.Code == 0 {
		return ""
	}
	r.Text, r.More = strings.Join(append([]string{r.Text}, r.More...), " "), nil
	return printable(r.FirstLine())
}

// innermost is what the packages between wrapped.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
