package smtpserver

import (
	"context"

	"posta/smtp"
)

// quit answers QUIT (RFC 5321 §4.1.1.10). A message under way is forgotten.
func (s *session) quit(context.Context, smtp.Command) smtp.Reply {
	r, met := s.fault("quit", s.client())
	s.end = "quit"
	if met {
		return r
	}
	return s.text(textBye)
}
