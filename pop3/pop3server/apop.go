package pop3server

import (
	"context"
	"crypto/subtle"
	"errors"

	"posta/pop3"
	"posta/sasl"
)

func (s *session) hasAPOP() bool { return s.stamp != "" }

// apop checks a digest of the greeting's timestamp and the account's secret
// (RFC 1939 §7). An account has either a secret or a password that PASS takes,
// never both (RFC 1939 §13); the Authenticator sees to that.
func (s *session) apop(ctx context.Context, cmd pop3.Command) {
	if s.named != "" {
		s.named = ""
		s.refuse(pop3.APOP, "", "After USER comes PASS; the name is forgotten")
		return
	}
	user := cmd.Arg(0)
	id, secret, err := s.secret(ctx, user)
	if err == nil || errors.Is(err, sasl.ErrCredentials) {
		want := pop3.Digest(s.stamp, secret)
		if subtle.ConstantTimeCompare([]byte(want), []byte(cmd.Arg(1))) != 1 {
			err = sasl.ErrCredentials
		}
	}
	s.login(ctx, attempt{verb: pop3.APOP, mechanism: "APOP", user: user}, id, err)
}

func (s *session) secret(ctx context.Context, user string) (sasl.Identity, []byte, error) {
	name, err := sasl.PrepareName(user)
	if err != nil {
		return sasl.Identity{}, nil, sasl.ErrCredentials
	}
	return s.srv.Auth.Secret(ctx, name)
}
