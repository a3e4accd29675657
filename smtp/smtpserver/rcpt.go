package smtpserver

import (
	"context"

	"posta/event"
	"posta/smtp"
)

// rcpt answers RCPT (RFC 5321 §4.1.1.3).
func (s *session) rcpt(ctx context.Context, cmd smtp.Command) smtp.Reply {
	if s.tx.state == chunks {
		return s.text(textNoRcptNow)
	}
	s.tx.tried++
	if r := s.needsEhlo(cmd); r.Code != 0 {
		return r
	}
	to, fault := cmd.Recipient(s.offered())
	switch {
	case fault != nil:
		return fault.Reply()
	case !s.tx.utf8 && !to.To.IsASCII(): // RFC 6531 §3.5
		return s.text(textUTF8Rcpt)
	case s.tx.accepted == s.srv.MaxRecipients: // RFC 5321 §4.5.3.1.10
		return s.text(textTooManyRcpt)
	}
	if r, met := s.fault("rcpt", to.To.String()); met {
		return r
	}
	if err := s.tx.letter.Rcpt(event.WithWitness(ctx, event.Witness{Session: s.from.Session, Note: s.note}), to); err != nil {
		return s.refusal(err)
	}
	s.tx.accepted++
	if s.srv.Faults != nil {
		s.tx.to = append(s.tx.to, to.To.String())
	}
	s.c.State(event.Addressed{To: to.To.String()})
	return s.pathReply(cmd, textRcpt, textRcptLax)
}
