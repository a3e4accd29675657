package pop3server

import (
	"context"

	"posta/pop3"
)

// batch is how much of a listing is handed to the connection at once.
const batch = 4 << 10

// list gives scan listings (RFC 1939 §5).
func (s *session) list(_ context.Context, cmd pop3.Command) {
	s.listing(&cmd, func(dst []byte, n int) []byte {
		return pop3.Scan{Message: n, Octets: s.box.messages[n-1].size}.Append(dst)
	})
}

// uidl gives unique-id listings (RFC 1939 §7).
func (s *session) uidl(_ context.Context, cmd pop3.Command) {
	s.listing(&cmd, func(dst []byte, n int) []byte {
		return pop3.Unique{Message: n, ID: s.box.id(n)}.Append(dst)
	})
}

// listing answers with the line of one message, or those of all that are not
// marked as deleted.
func (s *session) listing(cmd *pop3.Command, line func([]byte, int) []byte) {
	if cmd.N == 1 {
		if s.message(cmd) != nil {
			s.c.Reply(string(append(line([]byte("+OK "), cmd.Message), "\r\n"...)))
		}
		return
	}
	b := make([]byte, 0, batch)
	b = append(append(append(b, "+OK "...), s.box.count()...), "\r\n"...)
	for i := range s.box.messages {
		if s.box.messages[i].deleted {
			continue
		}
		if len(b) > batch-pop3.MaxUIDL-20 {
			s.c.Reply(string(b))
			b = b[:0]
		}
		b = append(line(b, i+1), "\r\n"...)
	}
	s.c.Reply(string(append(b, ".\r\n"...)))
}
