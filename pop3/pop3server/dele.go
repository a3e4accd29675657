package pop3server

import (
	"context"

	"posta/pop3"
)

// dele marks a message as deleted (RFC 1939 §5); QUIT makes it true.
func (s *session) dele(_ context.Context, cmd pop3.Command) {
	m := s.message(&cmd)
	if m == nil {
		return
	}
	m.deleted = true
	s.box.live--
	s.box.octets -= m.size
	s.ok(s.srv.texts.deleted)
}

// rset takes all marks away (RFC 1939 §5).
func (s *session) rset(context.Context, pop3.Command) {
	for i := range s.box.messages {
		m := &s.box.messages[i]
		if m.deleted {
			m.deleted = false
			s.box.live++
			s.box.octets += m.size
		}
	}
	s.ok("Maildrop has " + s.box.count())
}
