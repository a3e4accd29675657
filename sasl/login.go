package sasl

import (
	"bytes"
	"context"
)

// loginServer is LOGIN. It was never standardised: the server asks
// "Username:" and "Password:", many clients send the name at once as initial
// response, and some end what they say with a NUL. Here the client may begin:
// no standard says otherwise, and .NET's and PowerShell's do.
type loginServer struct {
	outcome
	auth  Authenticator
	name  string
	step  int
	asked bool
}

func (s *loginServer) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	if s.over {
		return nil, false, ErrSyntax
	}
	if response == nil && !s.asked {
		s.asked = true
		return []byte("Username:"), false, nil
	}
	said := bytes.TrimSuffix(response, []byte{0})
	if len(response) > MaxMessage || bytes.IndexByte(said, 0) >= 0 {
		s.over = true
		return nil, false, ErrSyntax
	}
	s.step++
	if s.step == 1 {
		name, err := s.named(string(said))
		s.name, s.over, s.asked = name, err != nil, true
		if err != nil {
			return nil, false, err
		}
		return []byte("Password:"), false, nil
	}
	s.over = true
	if err := s.check(ctx, s.auth, s.name, string(said)); err != nil {
		return nil, false, err
	}
	return nil, true, nil
}
