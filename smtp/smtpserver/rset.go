package smtpserver

import (
	"context"

	"posta/smtp"
)

// rset answers RSET (RFC 5321 §4.1.1.5).
func (s *session) rset(context.Context, smtp.Command) smtp.Reply {
	s.reset()
	return s.text(textReset)
}
