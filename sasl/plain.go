package sasl

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// outcome is what every exchange ends with.
type outcome struct {
	identity Identity
	user     string
	over     bool
}

func (o *outcome) Identity() Identity { return o.identity }
func (o *outcome) User() string       { return o.user }

// named keeps the name that the client gave and says whether it can be one.
func (o *outcome) named(name string) (prepared string, err error) {
	if len(name) > MaxName {
		return "", fmt.Errorf("%w: user name of %d octets", ErrSyntax, len(name))
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: the user name is not valid UTF-8", ErrSyntax)
	}
	o.user = name
	if name == "" {
		return "", fmt.Errorf("%w: the user name is empty", ErrSyntax)
	}
	prepared, err = PrepareName(name)
	if err != nil {
		return "", fmt.Errorf("%w: %s", ErrCredentials, err)
	}
	return prepared, nil
}

// check asks for the account of a plain password.
func (o *outcome) check(ctx context.Context, auth Authenticator, user, password string) error {
	if password == "" || len(password) > MaxPassword {
		return ErrCredentials // nobody's: it says nothing about who exists
	}
	id, err := auth.Password(ctx, user, password)
	if err != nil {
		return err
	}
	if !id.Known() {
		return ErrCredentials
	}
	o.identity = id
	return nil
}

// actsAs says whether the authorization identity is the account itself: nobody
// acts for others here (RFC 4422 §3.4.1).
func (o *outcome) actsAs(ctx context.Context, auth Authenticator, authzid string) error {
	if authzid == "" {
		return nil
	}
	name, err := PrepareName(authzid)
	if err != nil {
		return fmt.Errorf("%w: authorization identity: %s", ErrCredentials, err)
	}
	if name == o.user || strings.EqualFold(name, o.identity.Address) {
		return nil
	}
	other, _, err := auth.Verifier(ctx, name)
	if err != nil {
		return err
	}
	if other != o.identity {
		return fmt.Errorf("%w: may not act as another", ErrCredentials)
	}
	return nil
}

// plainServer is PLAIN (RFC 4616): authzid NUL authcid NUL passwd.
type plainServer struct {
	outcome
	auth  Authenticator
	asked bool
}

func (s *plainServer) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	if s.over {
		return nil, false, ErrSyntax
	}
	if response == nil && !s.asked {
		s.asked = true
		return []byte{}, false, nil
	}
	s.over = true
	if err := s.verify(ctx, response); err != nil {
		s.identity = Identity{}
		return nil, false, err
	}
	return nil, true, nil
}

func (s *plainServer) verify(ctx context.Context, message []byte) error {
	parts := bytes.Split(message[:min(len(message), MaxMessage)], []byte{0})
	if len(message) > MaxMessage || len(parts) != 3 || !utf8.Valid(message) || len(parts[0]) > MaxName {
		return ErrSyntax
	}
	name, err := s.named(string(parts[1]))
	if err != nil {
		return err
	}
	if err := s.check(ctx, s.auth, name, string(parts[2])); err != nil {
		return err
	}
	return s.actsAs(ctx, s.auth, string(parts[0]))
}
