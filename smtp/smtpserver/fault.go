package smtpserver

import (
	"strconv"
	"strings"

	"posta/smtp"
)

// fault asks for a mistake to make at a point of the dialogue. With met the
// command is not run: the Reply, which may be zero, is all.
func (s *session) fault(at string, about ...string) (r smtp.Reply, met bool) {
	if s.srv.Faults == nil {
		return smtp.Reply{}, false
	}
	reply, hangUp, met := s.srv.Faults.Meet(s.c, at, about...)
	if !met {
		return smtp.Reply{}, false
	}
	if hangUp {
		s.end = "closed by a fault"
	}
	code, text, _ := strings.Cut(reply, " ")
	r.Code, _ = strconv.Atoi(code) // "" is no reply
	r.Text = text                  // with its enhanced code, which is said whatever the persona
	return r, true
}

// client is the peer's address, to be matched.
func (s *session) client() string { return s.from.Remote.Addr().Unmap().String() }

// parties are the sender and the recipients of the message under way, to be
// matched.
func (s *session) parties() []string {
	if s.srv.Faults == nil {
		return nil
	}
	return append([]string{s.tx.from}, s.tx.to...)
}
