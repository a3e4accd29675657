package smtpserver

import (
	"context"

	"posta/smtp"
)

// noop answers NOOP, whatever stands behind it (RFC 5321 §4.1.1.9).
func (s *session) noop(context.Context, smtp.Command) smtp.Reply { return s.text(textNoop) }
