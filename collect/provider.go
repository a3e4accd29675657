package collect

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"posta/event"
	"posta/mail"
	"posta/sasl"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/smtp/smtpserver"
	"posta/wire"
	"posta/words"
)

// dial makes a connection, and says to which host and under which number.
func (v *visit) dial(ctx context.Context) (nc net.Conn, host string, err error) {
	host, port := v.e.address()
	nc, err = v.c.cfg.Dial(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return nil, "", unconnected{err}
	}
	v.result.Session = v.c.cfg.Session()
	v.entered(v.result.Session)
	return nc, host, nil
}

// opened is what the watchers are told of the connection.
func (v *visit) opened() event.Opened {
	return event.Opened{Listener: event.Collecting, Mode: mail.Strict.String(), TLS: v.e.TLS == Implicit}
}

// tls is how the certificate of a host is looked at. Where any will do, what is
// wrong with it is noted.
func (v *visit) tls(host string) *tls.Config {
	cfg := &tls.Config{ServerName: host, RootCAs: v.roots(), MinVersion: tls.VersionTLS12, InsecureSkipVerify: v.e.TLS == Opportunistic}
	cfg.VerifyConnection = func(state tls.ConnectionState) error { // comes after the verification, where there is one
		if v.shown = true; v.e.TLS == Opportunistic {
			v.unproved = v.verify(host, state)
		}
		return nil
	}
	return cfg
}

// prove tells the watchers what the certificate proves that a host has shown; one that
// is believed too little ends the session, which says so.
func (v *visit) prove(tell func(fact any)) {
	switch {
	case !v.shown:
	case v.unproved == nil:
		tell(event.Note{Text: words.Fail("attempt.certificate_valid", nil).Error()})
	case v.c.cfg.Doubt != nil:
		why := v.c.cfg.Doubt(v.unproved, v.c.cfg.Now())
		tell(event.Note{Text: words.Fail("attempt.certificate", words.Args{"Reason": why}).Error()})
	}
}

// roots are the certificates that are believed; nil: those of the system.
func (v *visit) roots() *x509.CertPool {
	if v.e.CA == "" {
		return v.c.cfg.Roots
	}
	var all *x509.CertPool
	if v.c.cfg.Roots != nil {
		all = v.c.cfg.Roots.Clone()
	} else if system, err := x509.SystemCertPool(); err == nil {
		all = system
	} else {
		all = x509.NewCertPool()
	}
	all.AppendCertsFromPEM([]byte(v.e.CA))
	return all
}

// verify says what is wrong with the certificate of a host.
func (v *visit) verify(host string, state tls.ConnectionState) error {
	between := x509.NewCertPool()
	for _, one := range state.PeerCertificates[1:] {
		between.AddCert(one)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: host, Roots: v.roots(), Intermediates: between})
	return err
}

// errNoTLS is that a connection is not as secure as the entry wants it.
var errNoTLS = errors.New("the server offers no TLS, and tls is required")

// errTLSFirst is that a server would be logged in to only behind the TLS that an
// entry wants none of.
var errTLSFirst = errors.New("the server wants TLS before a log-in, and tls is none")

// collected tells the watchers for what the connection is.
func (v *visit) collected(tell func(fact any)) {
	tell(event.Collected{By: strings.ToUpper(string(v.e.Way)), Host: v.e.Host, User: v.e.User})
}

// call connects to the provider, up to where it can be asked: TLS, and a log-in
// where there is a user.
func (v *visit) call(ctx context.Context) (*smtpclient.Client, error) {
	nc, host, err := v.dial(ctx)
	if err != nil {
		return nil, err
	}
	v.refused = &refusals{Sink: v.c.cfg.Sink}
	if v.refused.Sink == nil {
		v.refused.Sink = event.Discard{}
	}
	c := smtpclient.New(nc, smtpclient.Options{Name: smtpclient.Called(v.c.cfg.Helo, nc), ID: v.result.Session, Sink: v.refused, Opened: v.opened()})
	v.collected(c.State)
	if err := v.introduce(ctx, c, host); err != nil {
		_ = c.Leave(ctx, "collect: "+why(ctx, err)) // nothing depends on the answer
		return nil, err
	}
	return c, nil
}

func (v *visit) introduce(ctx context.Context, c *smtpclient.Client, host string) error {
	if v.e.TLS == Implicit {
		err := c.DialTLS(ctx, v.tls(host))
		if v.prove(c.State); err != nil {
			return err
		}
	}
	if err := c.Greeting(ctx); err != nil {
		return err
	}
	if err := c.Hello(ctx); err != nil {
		return err
	}
	if v.e.TLS == Opportunistic || v.e.TLS == Required {
		err := c.StartTLS(ctx, v.tls(host))
		v.prove(c.State)
		switch {
		case errors.Is(err, smtpclient.ErrNoTLS) && v.e.TLS == Required:
			return errNoTLS
		case err != nil && !errors.Is(err, smtpclient.ErrNoTLS):
			return err
		}
	}
	if v.e.User == "" {
		return nil
	}
	mechanism := v.mechanism(c)
	if mechanism == "" {
		return v.noLogin(c)
	}
	return c.Auth(ctx, smtpclient.Login{User: v.e.User, Password: v.e.Password, Mechanism: mechanism})
}

// mechanism is the strongest that the provider offers. One that shows the secret
// is for a server that has proved who it is, or where the entry says "none".
func (v *visit) mechanism(c *smtpclient.Client) string {
	offered := c.Offer().Mechanisms
	state, secure := c.TLS()
	var at *tls.ConnectionState
	if secure {
		at = &state
	}
	names := append(slices.DeleteFunc(sasl.Names(at), weak), sasl.CramMD5)
	if secure && v.unproved == nil || v.e.TLS == Clear {
		names = append(names, sasl.Plain, sasl.LoginName)
	}
	for _, one := range names {
		if slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, one) }) {
			return one
		}
	}
	return ""
}

// noLogin says why none of what the provider offers will do.
func (v *visit) noLogin(c *smtpclient.Client) error {
	offer := c.Offer()
	bare := func(o string) bool { return strings.EqualFold(o, sasl.Plain) || strings.EqualFold(o, sasl.LoginName) }
	switch {
	case len(offer.Mechanisms) == 0 && v.e.TLS == Clear && offer.Extensions.Has(smtp.ExtStartTLS):
		return errTLSFirst
	case len(offer.Mechanisms) == 0 && v.e.Way == ATRN && !offer.Extensions.Has(smtp.ExtAtrn):
		return errors.New("the server offers neither ATRN nor a log-in")
	case len(offer.Mechanisms) == 0:
		return errors.New("the server offers no log-in")
	case !slices.ContainsFunc(offer.Mechanisms, bare):
		return smtpclient.ErrNoMechanism
	case v.unproved != nil:
		return unsecured{v.unproved}
	}
	return errors.New("the server offers no way to log in that keeps the secret")
}

func weak(mechanism string) bool { return !strings.HasPrefix(mechanism, "SCRAM-") }

// etrn asks the provider to send what it keeps. After a refusal for good there
// is no use in asking for more (RFC 1985 §5.2).
func (v *visit) etrn(ctx context.Context) error {
	c, err := v.call(ctx)
	if err != nil {
		return err
	}
	var failed error
	nothing, served := true, 0
	var first unreleased
	for _, node := range v.e.Domains {
		r, err := c.Etrn(ctx, node)
		if err == nil {
			served++
		}
		nothing = nothing && err == nil && r.Code == noneWaits
		var refusal *smtpclient.Refusal
		if err != nil && !errors.As(err, &refusal) {
			_ = c.Close("collect: " + why(ctx, err))
			return err
		}
		if err != nil {
			said := unreleased(node + ": " + mail.Shown(refusal.Reply.FirstLine()))
			v.result.Stayed = append(v.result.Stayed, Stay{Why: string(said)})
			first = cmp.Or(first, said)
		}
		if failed = errors.Join(failed, err); err != nil && !refusal.Temporary() {
			break
		}
	}
	switch {
	case nothing:
		v.nothing(c)
	case served == 0:
		v.note(c, "nothing was released there")
	}
	if v.result.Left = len(v.e.Domains) - served; served == 0 { // the failure says it
		v.result.Left, v.result.Stayed = 0, nil
	} else if v.result.Left > 0 {
		failed = first
	}
	v.result.Stayed = v.result.Stayed[:min(len(v.result.Stayed), MostStayed)]
	_ = c.Quit(ctx) // what was asked for has been answered
	return failed
}

// noneWaits is the reply to ETRN that nothing waits. The others of this kind, 250,
// 252 and 253, leave it open what comes and when (RFC 1985 §5.1).
const noneWaits = 251

// nothing keeps what the provider said, and tells the watchers.
func (v *visit) nothing(c *smtpclient.Client) {
	v.result.Nothing = true
	v.note(c, "nothing waits there")
}

// note tells the watchers what a reader of the session should know.
func (*visit) note(c *smtpclient.Client, text string) { c.State(event.Note{Text: text}) }

// turnedFor is how long a turned connection may last.
const turnedFor = 24 * time.Hour

// turned turns the connection round, and takes what the provider sends.
func (v *visit) turned(ctx context.Context) error {
	c, err := v.call(ctx)
	if err != nil {
		return err
	}
	var conn *wire.Conn
	if v.e.Way == TURN {
		conn, err = c.Turn(ctx, turnedFor)
	} else {
		conn, err = c.Atrn(ctx, v.e.Domains, turnedFor)
	}
	var refusal *smtpclient.Refusal
	switch {
	case errors.As(err, &refusal):
		if refusal.Reply.Code == noMail {
			v.nothing(c)
			err = nil
		} else {
			v.note(c, "nothing was released there")
		}
		_ = c.Quit(ctx)
		return err
	case err != nil:
		_ = c.Close("collect: " + why(ctx, err))
		return err
	}
	stop := context.AfterFunc(ctx, conn.Interrupt)
	defer stop()
	v.refused.on, v.refused.why = true, func() string { return broken(ctx) }
	door := &narrow{Door: v.c.cfg.Door, label: v.c.cfg.Label, domains: v.e.Domains}
	server := smtpserver.Config{Hostname: v.c.cfg.Hostname, Listener: event.Collecting, Mode: mail.Strict, Service: mail.MX,
		Door: door, MaxSize: v.c.cfg.MaxSize}
	if v.e.TLS != Clear && v.c.cfg.TLS != nil {
		server.TLS = v.c.cfg.TLS()
	}
	end := smtpserver.New(server).Serve(ctx, conn)
	v.result.Messages = door.taken
	v.result.Nothing = !door.offered && v.refused.count == 0 && end == orderly // TURN has no 453
	v.result.Left, v.result.Stayed = v.refused.count, v.refused.some
	switch {
	case end != orderly:
		return brokenOff(end)
	case v.refused.count > 0:
		return turnedAway(v.refused.first)
	}
	return nil
}

// orderly is the end of a session whose client has said QUIT. Any other leaves it
// open what else the provider has.
const orderly = "quit"

// noMail is the reply to ATRN that nothing waits (RFC 2645 §5.2.1).
const noMail = 453
