package pop3server

import (
	"context"
	"strings"

	"posta/pop3"
)

// capa lists what is served (RFC 2449 §5). What is announced before the log-in
// stays announced after it (RFC 2449 §5, RFC 5034 §3).
func (s *session) capa(context.Context, pop3.Command) {
	b := []byte("+OK Capabilities:\r\n")
	for _, c := range s.capabilities() {
		b = append(c.Append(b), "\r\n"...)
	}
	s.c.Reply(string(b) + ".\r\n")
}

func (s *session) capabilities() pop3.Capabilities {
	cs := pop3.Capabilities{{Tag: "TOP"}, {Tag: "UIDL"}}
	if !s.bare() {
		cs = append(cs, pop3.Capability{Tag: "USER"},
			pop3.Capability{Tag: "SASL", Params: s.srv.Mechanisms.Names(s.tls())})
	}
	if s.hasSTLS() {
		cs = append(cs, pop3.Capability{Tag: "STLS"})
	}
	return append(cs,
		pop3.Capability{Tag: "UTF8", Params: []string{"USER"}}, // names and passwords may be UTF-8 (RFC 6856 §2.2)
		pop3.Capability{Tag: "RESP-CODES"},
		pop3.Capability{Tag: "AUTH-RESP-CODE"}, // RFC 3206 §6
		pop3.Capability{Tag: "PIPELINING"},
		pop3.Capability{Tag: "EXPIRE", Params: []string{"NEVER"}},
		pop3.Capability{Tag: "LOGIN-DELAY", Params: []string{"0"}},
		pop3.Capability{Tag: "IMPLEMENTATION", Params: []string{s.srv.implementation()}},
	)
}

// implementation is one word, as RFC 2449 §6.9 advises.
func (srv *Server) implementation() string {
	if srv.Version == "" {
		return "posta"
	}
	return "posta-" + strings.Join(strings.Fields(srv.Version), "-")
}
