package smtpserver

import (
	"context"
	"time"

	"posta/event"
	"posta/mail"
	"posta/smtp"
)

// mail answers MAIL (RFC 5321 §4.1.1.2).
func (s *session) mail(ctx context.Context, cmd smtp.Command) smtp.Reply {
	if r := s.needsEhlo(cmd); r.Code != 0 {
		return r
	}
	env, fault := cmd.Envelope(s.offered())
	switch {
	case fault != nil:
		return fault.Reply()
	case s.srv.MaxSize > 0 && env.Size > s.srv.MaxSize: // RFC 1870 §6.1
		return s.textf(textTooBig, s.srv.MaxSize)
	case !env.UTF8 && !env.From.IsASCII(): // RFC 6531 §3.5
		return s.text(textUTF8Sender)
	}
	if env.Auth != "" && !s.from.Login.Known() {
		env.Auth = "<>" // RFC 4954 §5: nobody vouches for it
	}
	if r, met := s.fault("mail", env.From.String()); met {
		return r
	}
	letter, err := s.srv.Door.Begin(ctx, s.from, env)
	if err != nil {
		return s.refusal(err)
	}
	s.tx = transaction{state: open, letter: letter, from: env.From.String(), utf8: env.UTF8, began: time.Now()}
	s.c.State(event.Enveloped{From: s.tx.from})
	s.noteClear()
	s.noteNobody()
	return s.pathReply(cmd, textMail, textMailLax)
}

// needsEhlo refuses parameters of a peer that said HELO (RFC 5321 §4.1.1).
// The lab lets them pass.
func (s *session) needsEhlo(cmd smtp.Command) smtp.Reply {
	if len(cmd.Params) == 0 || s.from.ESMTP {
		return smtp.Reply{}
	}
	if s.srv.Mode == mail.Lab {
		s.note(cmd.Verb.String() + " with parameters after HELO; RFC 5321 wants EHLO before them")
		return smtp.Reply{}
	}
	return s.text(textNeedsEhlo)
}

// pathReply says OK; after a path that is not in the standard's form the lab
// adds that form.
func (s *session) pathReply(cmd smtp.Command, plain, lax text) smtp.Reply {
	if cmd.Lax&(smtp.LaxBlank|smtp.LaxBrackets) == 0 {
		return s.text(plain)
	}
	s.note(cmd.Verb.String() + " with a path that is not in the form of RFC 5321")
	if s.srv.Mode == mail.Strict { // a program, which does not read
		return s.text(plain)
	}
	if !cmd.Path.Address.IsASCII() {
		cmd.Path.Address = mail.Address{Local: "name", Domain: "example.net"}
	}
	cmd.Params = nil
	return s.textf(lax, cmd.String())
}
