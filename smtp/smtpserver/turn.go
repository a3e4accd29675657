package smtpserver

import (
	"context"
	"errors"

	"posta/event"
	"posta/mail"
	"posta/smtp"
)

// atrn answers ATRN (RFC 2645 §5.2.1).
func (s *session) atrn(ctx context.Context, cmd smtp.Command) smtp.Reply {
	switch {
	case s.site == "":
		return s.text(textAuthFirst)
	case s.c.Arrived(0):
		return s.behindTurn(cmd.Verb)
	}
	domains, waiting, err := s.srv.Sites.Fetch(ctx, s.site, cmd.Domains)
	switch {
	case err != nil:
		return s.noFetch(err)
	case len(waiting) == 0:
		return s.text(textNoMail)
	}
	s.c.State(event.Asked{By: cmd.Verb.String(), Site: s.site, Domains: waiting})
	return s.turnAround(ctx, cmd.Verb, domains)
}

// turn answers TURN (RFC 821 §3.8), which identifies nobody: here that is done
// by AUTH, and the name must be one of the site's.
func (s *session) turn(ctx context.Context, cmd smtp.Command) smtp.Reply {
	switch {
	case !s.encrypted() && s.srv.Mode == mail.Strict:
		return s.text(textTLSFirst)
	case s.site == "":
		return s.text(textAuthFirst)
	case s.tx.state != idle:
		return s.textf(textInMail, cmd.Verb.String())
	case s.c.Arrived(0):
		return s.behindTurn(cmd.Verb)
	}
	may, err := s.srv.Sites.Turns(ctx, s.site, s.from.Helo)
	if err == nil && !may {
		return s.textf(textNoTurn, ascii(printable(s.from.Helo, 100)))
	}
	if err != nil {
		return s.noFetch(err)
	}
	domains, waiting, err := s.srv.Sites.Fetch(ctx, s.site, nil)
	if err != nil {
		return s.noFetch(err)
	}
	if len(waiting) > 0 { // else nothing follows that it would explain
		s.c.State(event.Asked{By: cmd.Verb.String(), Site: s.site, Domains: waiting})
	}
	return s.turnAround(ctx, cmd.Verb, domains)
}

func (s *session) noFetch(err error) smtp.Reply {
	switch {
	case errors.Is(err, ErrNotTheirs):
		return s.text(textNotYours)
	case errors.Is(err, ErrTooSoon):
		return s.text(textTooSoon)
	}
	s.note("a fault inside: " + printable(err.Error(), 300))
	return s.text(textNoFetchNow)
}

// behindTurn ends a session in which something was sent behind the verb: it
// would be read in another role than it was meant for.
func (s *session) behindTurn(v smtp.Verb) smtp.Reply {
	s.end = "refused: octets behind " + v.String()
	s.unread(v)
	return s.textf(textBehindTurn, v.String())
}

// unread says why a line of the record is hidden that is no secret: what was sent
// behind a verb could be anything's.
func (s *session) unread(v smtp.Verb) {
	s.note("what came behind " + v.String() + " was not read as commands; it stands as ********")
}

// turnAround says 250, and from there on the house asks and the peer answers.
// All that the peer was until now is forgotten; TLS stays.
func (s *session) turnAround(ctx context.Context, v smtp.Verb, domains []string) smtp.Reply {
	by := Turned{Site: s.site, Domains: domains, Lab: s.srv.Mode == mail.Lab, Mechanism: s.siteBy}
	s.say(s.text(textTurning))
	if err := s.c.Turn(turnedFor); err != nil {
		s.end = "refused: octets behind " + v.String()
		return smtp.Reply{}
	}
	s.forget()
	s.end = s.srv.Sites.Reverse(ctx, by, s.c)
	if s.end == "" {
		s.end = "quit"
	}
	return smtp.Reply{}
}
