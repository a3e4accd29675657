package collect_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"posta/mail"
	"posta/sasl"
	"posta/smtp/smtpclient"
	"posta/smtp/smtpserver"
	"posta/wire"
)

// provider is smtpserver.Sites for one site, north, with mail for its domain.
type provider struct {
	sasl.Authenticator
	letters []string    // to be sent, "recipient content"
	said    []string    // what the customer answered to them
	secure  *tls.Config // TLS is asked for with this after the turn
	more    func(c *smtpclient.Client)
}

func (*provider) Any(context.Context) bool { return true }

func (p *provider) Logins() sasl.Authenticator { return p }

func (p *provider) Secret(_ context.Context, user string) (sasl.Identity, []byte, error) {
	if user != "north" {
		return sasl.Identity{}, nil, sasl.ErrCredentials
	}
	return sasl.Identity{Site: user}, []byte("geheim"), nil
}

func (p *provider) Verifier(_ context.Context, user string) (sasl.Identity, sasl.Verifier, error) {
	v, err := sasl.NewVerifier("geheim", []byte("salt"), 4096)
	return sasl.Identity{Site: user}, v, err
}

func (p *provider) Release(_ context.Context, by smtpserver.Caller, node string) (smtpserver.Released, error) {
	p.said = append(p.said, "release "+by.Site+" "+node)
	if node != "north.example" {
		return smtpserver.Released{}, smtpserver.ErrNotTheirs
	}
	return smtpserver.Released{Waiting: 2}, nil
}

func (p *provider) Fetch(_ context.Context, _ string, domains []string) (all, waiting []string, err error) {
	if len(domains) == 0 {
		domains = []string{"north.example"}
	}
	if len(p.letters) > 0 {
		waiting = domains
	}
	return domains, waiting, nil
}

func (p *provider) Turns(_ context.Context, _, helo string) (bool, error) {
	return helo == "gw.north.example", nil
}

func (p *provider) Reverse(ctx context.Context, _ smtpserver.Turned, conn *wire.Conn) string {
	c := smtpclient.Over(conn, smtpclient.Options{Name: "provider.example"})
	err := errors.Join(c.Greeting(ctx), c.Hello(ctx))
	p.said = append(p.said, strings.Join(c.Offer().Lines(), " "))
	if p.secure != nil {
		err = errors.Join(err, c.StartTLS(ctx, p.secure))
		p.said = append(p.said, strings.Join(c.Offer().Lines(), " "))
	}
	for _, one := range p.letters {
		to, content, _ := strings.Cut(one, " ")
		address, _ := mail.ParseAddress(to)
		from, _ := mail.ParseAddress("a@far.example")
		sent, e := c.Send(ctx, &smtpclient.Message{Envelope: mail.Envelope{From: from}, To: []mail.Recipient{{To: address}},
			Content: strings.NewReader(content), Size: int64(len(content))})
		p.said = append(p.said, fmt.Sprint(sent, e))
		if e != nil {
			err = errors.Join(err, c.Reset(ctx))
		}
	}
	if p.more != nil {
		p.more(c)
	}
	if err := errors.Join(err, c.Quit(ctx)); err != nil {
		return err.Error()
	}
	return "quit"
}

func (p *provider) serve(t *testing.T, turn bool) func(net.Conn) {
	return func(nc net.Conn) {
		c := wire.NewConn(nc, wire.Options{Idle: time.Hour, Human: turn})
		mode, service := mail.Strict, mail.ODMR
		if turn {
			mode, service = mail.Lab, mail.MX
		}
		smtpserver.New(smtpserver.Config{Hostname: "provider.example", Mode: mode, Service: service, Sites: p, Turn: turn, Door: &letterbox{}}).
			Session(t.Context(), c)
	}
}
