package smtpserver

import (
	"context"
	"crypto/tls"
	"errors"

	"posta/smtp"
	"posta/wire"
)

// startTLS answers STARTTLS (RFC 3207 §4). After the handshake nothing that
// was said before counts (RFC 3207 §4.2), and the peer begins anew with EHLO.
func (s *session) startTLS(ctx context.Context, cmd smtp.Command) smtp.Reply {
	switch {
	case s.encrypted():
		return s.text(textTLSActive)
	case s.srv.TLS == nil:
		return s.textf(textNoServe, cmd.Verb.String())
	case !hasCertificate(s.srv.TLS):
		return s.text(textNoTLSNow)
	case s.c.Pending():
		// Commands in clear text that would be run under TLS: an attack.
		s.end = "refused: octets behind STARTTLS"
		s.unread(smtp.STARTTLS)
		return s.text(textBehindTLS)
	}
	s.say(s.text(textTLSReady))
	if s.flush(); s.end != "" {
		return smtp.Reply{}
	}
	if s.handshake(ctx) {
		s.forget()
		s.behind = false
	}
	return smtp.Reply{}
}

// handshake turns TLS on. A failed one ends the session: there is no clear
// text to go back to.
func (s *session) handshake(ctx context.Context) bool {
	if s.srv.TLS == nil {
		s.end = "tls: no certificate is configured"
		return false
	}
	err := s.c.StartTLS(ctx, s.srv.TLS)
	switch {
	case err == nil:
		s.from.TLS = s.c.Secured()
		return true
	case errors.Is(err, wire.ErrEarly):
		s.end = "refused: octets behind STARTTLS"
	default:
		s.end = "tls: " + printable(wire.NoTLS(err).Error(), 200)
	}
	return false
}

func hasCertificate(c *tls.Config) bool {
	return len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil
}

// tls is the state of TLS, nil in clear text.
func (s *session) tls() *tls.ConnectionState {
	state, ok := s.c.TLS()
	if !ok {
		return nil
	}
	return &state
}
