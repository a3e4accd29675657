package smtpserver

import (
	"context"

	"posta/event"
	"posta/smtp"
)

// hello answers HELO and EHLO. Both begin anew, as RSET does; a refused one
// changes nothing (RFC 5321 §4.1.4). Whether the name is the peer's is not
// asked: mail may not be refused for that.
func (s *session) hello(ctx context.Context, cmd smtp.Command) smtp.Reply {
	if r, met := s.fault("ehlo", cmd.Word); met {
		return r
	}
	s.reset()
	s.callers(ctx)
	s.from.Helo, s.from.ESMTP = cmd.Word, cmd.Verb == smtp.EHLO
	s.c.State(event.Named{Helo: printable(cmd.Word, 255)})
	if cmd.Lax&smtp.LaxDomain != 0 {
		s.note(cmd.Verb.String() + " with something that is neither a domain nor an address literal")
	}
	name := ""
	if cmd.Lax&smtp.LaxDomain == 0 {
		name = " " + cmd.Word
	}
	if cmd.Verb == smtp.HELO {
		return s.textf(textHello, s.srv.Hostname, name)
	}
	r := s.textf(textEhlo, s.srv.Hostname, name)
	r.More = s.offer().Lines()
	return r
}

// offer is what EHLO shows.
func (s *session) offer() smtp.Offer {
	o := smtp.Offer{Extensions: s.offered(), MaxSize: s.srv.MaxSize}
	if o.Extensions.Has(smtp.ExtAuth) {
		o.Mechanisms = s.mechanisms(s.tls())
	}
	return o
}
