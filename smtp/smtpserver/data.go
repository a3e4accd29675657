package smtpserver

import (
	"context"
	"errors"

	"posta/smtp"
	"posta/wire"
)

// data answers DATA (RFC 5321 §4.1.1.4). Without a recipient there is no 354,
// so that a pipelining client's lone dot sends nothing (RFC 2920 §3.2).
func (s *session) data(_ context.Context, _ smtp.Command) smtp.Reply {
	switch {
	case s.tx.state == chunks:
		return s.text(textNoDataNow) // RFC 3030 §2
	case s.tx.tried == 0:
		return s.text(textRcptFirst)
	case s.tx.accepted == 0:
		return s.text(textNoRcpt)
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
		return s.text(textBareData)
	}
	s.reset()
	s.lost(err)
	return smtp.Reply{}
}
