package smtpserver

import (
	"context"
	"errors"

	"posta/mail"
	"posta/smtp"
	"posta/wire"
)

// data answers DATA (RFC 5321 §4.1.1.4). Without a recipient there is no 354,
// so that a pipelining client's lone dot sends nothing (RFC 2920 §3.2).
func (s *session) data(_ context.Context, cmd smtp.Command) smtp.Reply {
	switch {
	case s.tx.state == chunks:
		return s.refuse(cmd, s.text(textNoDataNow)) // RFC 3030 §2
	case s.tx.tried == 0:
		return s.refuse(cmd, s.text(textRcptFirst))
	case s.tx.accepted == 0:
		return s.refuse(cmd, s.text(textNoRcpt))
	}
	if r, met := s.fault("data", s.parties()...); met {
		return r
	}
	s.say(s.text(textGoAhead))
	if s.flush(); s.end != "" {
		return smtp.Reply{}
	}
	s.tx.body = body{letter: s.tx.letter}
	_, err := s.c.Dot(&s.tx.body, s.srv.MaxSize)
	switch {
	case err == nil:
		return s.commit()
	case errors.Is(err, wire.ErrTooBig):
		s.reset()
		return s.textf(textTooBig, s.srv.MaxSize)
	case errors.Is(err, wire.ErrBareEnd):
		// Somebody may have tried to hide a message inside of another.
		s.reset()
		s.end = "refused: bare CR or LF in a message"
		return s.bareData()
	}
	s.reset()
	s.lost(err)
	return smtp.Reply{}
}

// bareData refuses a message with a CR or LF alone. The lab says what a line
// end is, who sends it, and which setting matters.
func (s *session) bareData() smtp.Reply {
	r := s.text(textBareData)
	if s.srv.Mode == mail.Lab {
		for _, t := range []text{textBareHint, textBareSettings, textBareProgram} {
			r.More = append(r.More, s.text(t).Text)
		}
	}
	return r
}
