package pop3server

import (
	"strings"

	"posta/event"
	"posta/pop3"
)

// fault asks for a mistake to make at a point of the dialogue, and makes it.
// With true the command is done.
func (s *session) fault(v pop3.Verb, at, about string) bool {
	if s.srv.Faults == nil {
		return false
	}
	reply, hangUp, met := s.srv.Faults.Meet(s.c, at, about)
	if !met {
		return false
	}
	if reply != "" {
		s.c.Reply(reply + "\r\n")
	}
	if strings.HasPrefix(reply, "-ERR") {
		s.c.State(event.Refused{Verb: v.String(), Reply: reply})
	}
	if hangUp {
		s.end("closed by a fault")
	}
	return true
}

// client is the peer's address, to be matched.
func (s *session) client() string { return s.remote.Addr().Unmap().String() }
