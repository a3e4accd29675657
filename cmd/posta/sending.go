package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/words"
)

// sending is one run of `posta send`.
type sending struct {
	a      *app
	o      *sendOptions
	t      target
	m      *smtpclient.Message
	c      *smtpclient.Client
	rec    *recording
	remote net.Addr
	result sent
}

// run goes through the stages, as far as it was asked to.
func (s *sending) run(ctx context.Context, password string) error {
	err := s.stagesUpTo(ctx, password)
	if s.c.Alive() { // one takes leave, whatever was refused (RFC 5321 §4.1.1.10)
		return errors.Join(err, s.c.Quit(ctx))
	}
	return errors.Join(err, s.c.Close("failed"))
}

func (s *sending) stagesUpTo(ctx context.Context, password string) error {
	if s.t.TLS {
		if err := s.encrypt(func() error {
			cfg, err := s.a.tlsConfig(s.t, s.o.client.trust, s.rec.keys())
			if err == nil {
				err = s.c.DialTLS(ctx, cfg)
			}
			return err
		}); err != nil {
			return err
		}
	}
	if err := s.c.Greeting(ctx); err != nil || !s.o.reaches("hello") {
		return err
	}
	if err := s.c.Hello(ctx); err != nil || !s.o.reaches("tls") {
		return err
	}
	if err := s.startTLS(ctx); err != nil || !s.o.reaches("auth") {
		return err
	}
	if err := s.logIn(ctx, password); err != nil || !s.o.reaches("mail") {
		return err
	}
	out, err := s.c.Send(ctx, s.m)
	s.told(out)
	return err
}

// startTLS turns TLS on: where it is wanted, and where it is offered and was
// not forbidden.
func (s *sending) startTLS(ctx context.Context) error {
	offered := s.c.Offer().Extensions.Has(smtp.ExtStartTLS)
	if s.t.TLS || s.o.client.noTLS || !offered && !s.t.StartTLS {
		return nil
	}
	return s.encrypt(func() error {
		cfg, err := s.a.tlsConfig(s.t, s.o.client.trust, s.rec.keys())
		if err == nil {
			err = s.c.StartTLS(ctx, cfg)
		}
		return err
	})
}

// encrypt explains why TLS did not come about.
func (s *sending) encrypt(begin func() error) error {
	err := begin()
	var refused *smtpclient.Refusal
	switch {
	case err == nil:
		s.result.TLS = true
		return nil
	case errors.Is(err, smtpclient.ErrNoTLS):
		return words.Fail("dial.no_starttls", words.Args{"Address": s.t.address()})
	case errors.As(err, &refused):
		return err
	}
	return s.a.whyNoTLS(err, s.t)
}

// logIn logs in, but shows no password to a network that others hear.
func (s *sending) logIn(ctx context.Context, password string) error {
	if s.o.client.user == "" {
		return nil
	}
	l := smtpclient.Login{User: s.o.client.user, Password: password, Mechanism: s.o.client.mechanism}
	if s.c.Weak(l) && !s.o.client.noTLS && !nearby(s.remote) {
		return words.Fail("dial.weak", words.Args{"Address": s.t.address()})
	}
	err := s.c.Auth(ctx, l)
	if errors.Is(err, smtpclient.ErrNoMechanism) {
		return words.Fail("dial.no_mechanism", words.Args{"Address": s.t.address()})
	}
	return err
}

// nearby says that a server is on this computer or in a private network.
func nearby(remote net.Addr) bool {
	at, err := netip.ParseAddrPort(remote.String())
	return err == nil && mayBeClear(at.Addr())
}

// told notes what the server said of the message.
func (s *sending) told(out smtpclient.Outcome) {
	s.result.NoDSN = out.NoDSN && s.o.notify != ""
	for i, r := range out.To {
		if r.Code != 0 {
			s.result.Recipients = append(s.result.Recipients, sentRecipient{s.m.To[i].To.String(), r.Code, mail.Shown(r.FirstLine())})
		}
	}
	if out.Done.Code != 0 {
		s.result.Code, s.result.Reply, s.result.Size = out.Done.Code, mail.Shown(out.Done.FirstLine()), s.m.Size
	}
}

// report says how it ended. A recipient that was refused makes it fail, though
// others were accepted.
func (s *sending) report(err error) error {
	refused := s.refused()
	all := len(s.result.Recipients)
	if s.a.json && (err == nil || all > 0) {
		if e := writeJSON(s.a.Out, s.result); e != nil {
			return errors.Join(err, e)
		}
	}
	switch {
	case err != nil:
		return s.explain(err)
	case len(refused) > 0:
		return s.partly(refused, all)
	case s.a.json:
		return nil
	case s.o.quitAfter != "":
		return line(s.a.say("send.stopped", words.Args{"Stage": s.o.quitAfter}))(s.a.Out)
	}
	if err := line(s.a.broken(s.a.Out, s.a.say("send.accepted", words.Args{"Count": all, "Reply": s.result.Reply})))(s.a.Out); err != nil {
		return err
	}
	s.unnotified()
	return nil
}

// refused are the recipients who were, each with what the server said.
func (s *sending) refused() (all []string) {
	for _, r := range s.result.Recipients {
		if r.Code/100 != 2 {
			all = append(all, "<"+mail.Shown(r.Address)+">: "+r.Reply)
		}
	}
	return all
}

// partly says who was refused, and whether the others have the message.
func (s *sending) partly(refused []string, all int) error {
	about := words.Args{"Refused": len(refused), "All": all, "Which": strings.Join(refused, "; ")}
	if s.o.quitAfter != "" {
		about["Stage"] = s.o.quitAfter
		return words.Fail("send.some_refused_stopped", about)
	}
	if !s.a.json {
		s.unnotified()
	}
	return words.Fail("send.some_refused", about)
}

// unnotified warns who asked for reports where there will be none.
func (s *sending) unnotified() {
	if s.result.NoDSN {
		s.a.warn(s.a.Out, s.a.say("send.no_dsn", nil))
	}
}

// explain puts an error into words.
func (s *sending) explain(err error) error {
	var refused *smtpclient.Refusal
	var local *mail.Error
	switch {
	case errors.As(err, &refused) && refused.Verb == smtp.RCPT && len(s.result.Recipients) > 0:
		return words.Fail("send.all_refused", words.Args{"Count": len(s.result.Recipients), "Which": strings.Join(s.refused(), "; ")})
	case errors.As(err, &refused):
		what := refused.Verb.String()
		if refused.Body {
			what = s.a.say("send.the_message", nil)
		} else if refused.Verb == smtp.Unknown {
			what = s.a.say("send.the_connection", nil)
		}
		return words.Fail("send.refused", words.Args{"What": what, "Reply": mail.Shown(refused.Reply.FirstLine())})
	case errors.As(err, &local):
		return words.Fail("send.not_carried", words.Args{"Reason": fmt.Sprintf("%s %s", local.Status, ownText(s.a.words, local.Text))})
	}
	return s.a.whyEnded(err, s.t)
}

// keys is where what decrypts the recording goes; nil without a recording.
func (r *recording) keys() io.Writer {
	if r == nil {
		return nil
	}
	return r.ring.KeyLog()
}
