package pop3server

import (
	"context"

	"posta/pop3"
)

// stat gives the drop listing (RFC 1939 §5).
func (s *session) stat(context.Context, pop3.Command) {
	d := pop3.Drop{Messages: s.box.live, Octets: s.box.octets}
	s.ok(string(d.Append(nil)))
}

func (s *session) noop(context.Context, pop3.Command) { s.c.Reply("+OK\r\n") }
