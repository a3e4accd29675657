package pop3server

import (
	"context"
	"strings"

	"posta/mail"
	"posta/pop3"
	"posta/sasl"
)

// user takes the name (RFC 1939 §7). The answer is the same for every name, so
// that names cannot be tried out (RFC 1939 §13).
func (s *session) user(_ context.Context, cmd pop3.Command) {
	switch {
	case s.bare():
		s.refuse(pop3.USER, "", s.tlsFirst())
	case s.named != "" && s.srv.Mode != mail.Lab: // where a person may correct a name
		s.named = ""
		s.refuse(pop3.USER, "", "After USER comes PASS; the name is forgotten, say USER again")
	case s.fault(pop3.USER, "user", cmd.Arg(0)):
	default:
		s.named = cmd.Arg(0)
		s.ok(s.srv.texts.name)
	}
}

// pass takes the password, which may hold spaces (RFC 1939 §7).
func (s *session) pass(ctx context.Context, cmd pop3.Command) {
	name := s.named
	s.named = ""
	switch {
	case s.bare():
		s.refuse(pop3.PASS, pop3.AuthCode, s.tlsFirst())
	case name == "":
		s.refuse(pop3.PASS, "", "Say USER and the name just before PASS")
	default:
		id, err := s.password(ctx, name, cmd.Arg(0))
		try := attempt{verb: pop3.PASS, mechanism: "USER", user: name}
		if last := cmd.Arg(0); s.srv.Mode == mail.Lab && (strings.HasSuffix(last, " ") || strings.HasSuffix(last, "\t")) {
			try.hint = "; the password ended in a blank" // which nobody sees in a terminal
		}
		s.login(ctx, try, id, err)
	}
}

// password asks whose credentials these are. Names that SASLprep prohibits are
// nobody's (RFC 6856 §2.2).
func (s *session) password(ctx context.Context, name, password string) (sasl.Identity, error) {
	name, err := sasl.PrepareName(name)
	if err != nil {
		return sasl.Identity{}, sasl.ErrCredentials
	}
	return s.srv.Auth.Password(ctx, name, password)
}

// tlsFirst tells a client in the clear what to do.
func (s *session) tlsFirst() string {
	if s.hasSTLS() {
		return "Passwords travel under TLS only; say STLS first"
	}
	return "Passwords travel under TLS only"
}
