package sasl

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/xdg-go/scram"
)

// scramServer is SCRAM-SHA-256 and, with plus, SCRAM-SHA-256-PLUS (RFC 5802,
// RFC 7677). SMTP and POP3 have no place for data with success, so that the
// server's last message is a challenge that the client answers with nothing
// (RFC 4422 §3.6).
type scramServer struct {
	outcome
	auth    Authenticator
	binding scram.ChannelBinding // zero where PLUS is not offered
	plus    bool
	nonce   scram.NonceGeneratorFcn // nil: random

	talk   *scram.ServerConversation
	found  Identity // whose keys the proof is held against
	failed error    // what the look-up said
	step   int
	asked  bool
}

func newScramServer(auth Authenticator, state *tls.ConnectionState, plus bool) (*scramServer, error) {
	cb, ok := exporter(state)
	if plus && !ok {
		return nil, ErrMechanism
	}
	return &scramServer{auth: auth, binding: cb, plus: plus}, nil
}

func (s *scramServer) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	if s.over {
		return nil, false, ErrSyntax
	}
	if response == nil && !s.asked {
		s.asked = true
		return []byte{}, false, nil
	}
	s.asked = true
	s.step++
	challenge, err := s.answer(ctx, response)
	s.over = err != nil || s.step == 3
	if err != nil {
		s.identity = Identity{}
		return nil, false, err
	}
	return challenge, s.step == 3, nil
}

func (s *scramServer) answer(ctx context.Context, response []byte) ([]byte, error) {
	if len(response) > MaxMessage || !utf8.Valid(response) || bytes.IndexByte(response, 0) >= 0 {
		return nil, ErrSyntax
	}
	switch s.step {
	case 1:
		return s.first(ctx, response)
	case 2:
		return s.final(ctx, string(response))
	}
	if len(response) > 0 {
		return nil, ErrSyntax
	}
	return nil, nil
}

func (s *scramServer) first(ctx context.Context, message []byte) ([]byte, error) {
	// The base mechanism never carries a binding, and PLUS always does
	// (RFC 5802 §6); the conversation itself refuses "y" where PLUS was offered.
	if bound := bytes.HasPrefix(message, []byte("p=")); bound != s.plus {
		if bound || bytes.HasPrefix(message, []byte("n,")) || bytes.HasPrefix(message, []byte("y,")) {
			return nil, fmt.Errorf("%w: channel binding does not fit the mechanism", ErrCredentials)
		}
		return nil, ErrSyntax
	}
	server, err := scram.SHA256.NewServer(func(user string) (scram.StoredCredentials, error) {
		stored, err := s.lookUp(ctx, user)
		s.failed = err
		return stored, err
	})
	if err != nil {
		return nil, fmt.Errorf("sasl: scram: %w", err)
	}
	if s.nonce != nil {
		server.WithNonceGenerator(s.nonce)
	}
	s.talk = server.NewConversationWithChannelBinding(s.binding)
	challenge, err := s.talk.Step(string(message))
	if err != nil {
		return nil, s.refused(challenge)
	}
	return []byte(challenge), nil
}

func (s *scramServer) lookUp(ctx context.Context, user string) (scram.StoredCredentials, error) {
	name, err := s.named(user)
	if err != nil {
		return scram.StoredCredentials{}, err
	}
	id, v, err := s.auth.Verifier(ctx, name)
	if err != nil {
		return scram.StoredCredentials{}, err
	}
	s.found = id
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(v.Salt), Iters: v.Iterations},
		StoredKey:  v.StoredKey, ServerKey: v.ServerKey,
	}, nil
}

func (s *scramServer) final(ctx context.Context, message string) ([]byte, error) {
	challenge, err := s.talk.Step(message)
	if err != nil {
		return nil, s.refused(challenge)
	}
	if !s.found.Known() {
		return nil, ErrCredentials // keys of nobody
	}
	s.identity = s.found
	if err := s.actsAs(ctx, s.auth, s.talk.AuthzID()); err != nil {
		return nil, err
	}
	return []byte(challenge), nil
}

// refused turns the library's verdict, a server-error-value of RFC 5802 §7,
// into ours. Its error texts quote the client and are dropped.
func (s *scramServer) refused(verdict string) error {
	if s.failed != nil {
		return s.failed
	}
	switch verdict {
	case "", scram.ErrInvalidEncoding, scram.ErrInvalidUsernameEncoding, scram.ErrExtensionsNotSupported:
		return ErrSyntax
	}
	return fmt.Errorf("%w: %s", ErrCredentials, verdict)
}

// NewVerifier derives SCRAM-SHA-256's keys from a password (RFC 5802 §3).
func NewVerifier(password string, salt []byte, iterations int) (Verifier, error) {
	if len(salt) == 0 || iterations < 1 {
		return Verifier{}, errors.New("sasl: SCRAM keys need a salt and iterations")
	}
	c, err := scram.SHA256.NewClientUnprepped("", PreparePassword(password), "")
	if err != nil {
		return Verifier{}, fmt.Errorf("sasl: scram keys: %w", err)
	}
	k, err := c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: iterations})
	if err != nil {
		return Verifier{}, fmt.Errorf("sasl: scram keys: %w", err)
	}
	return Verifier{Salt: salt, Iterations: iterations, StoredKey: k.StoredKey, ServerKey: k.ServerKey}, nil
}
