package pop3server

import (
	"context"

	"posta/pop3"
	"posta/wire"
)

func (s *session) hasSTLS() bool { return s.srv.TLS != nil && !s.secure }

// stls begins TLS (RFC 2595 §4). Octets that came behind the command would be
// taken for words under TLS: they are an attack and end the session. What was
// said before is forgotten, but not how often a log-in failed.
func (s *session) stls(ctx context.Context, _ pop3.Command) {
	if s.c.Pending() {
		s.refuse(pop3.STLS, "", "Nothing may follow STLS before TLS is up")
		s.end("refused: octets behind STLS")
		return
	}
	s.ok("Begin TLS now")
	err := s.c.Flush()
	if err == nil {
		err = s.c.StartTLS(ctx, s.srv.TLS)
	}
	if err != nil {
		s.end("no TLS: " + wire.NoTLS(err).Error())
		return
	}
	s.secure, s.wide, s.named = true, false, ""
}

// utf8 begins UTF-8 mode (RFC 6856 §2.1).
func (s *session) utf8(context.Context, pop3.Command) {
	s.wide = true
	s.ok("UTF-8 mode")
}
