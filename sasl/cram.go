package sasl

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// CramMD5 is the registered name of the mechanism of RFC 2195. It wants the
// secret itself to be kept and MD5 to be good, so it is in no list of Names and
// NewServer does not make it: only who keeps generated secrets for machines
// serves it (RFC 2645 §5.1.2).
const CramMD5 = "CRAM-MD5"

// NewCramMD5 starts an exchange of CRAM-MD5. host stands in the challenge, a
// domain or an address literal.
func NewCramMD5(auth Authenticator, host string) Server {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	return newCramServer(auth, fmt.Sprintf("<%x.%d@%s>", nonce, time.Now().UnixNano(), host))
}

func newCramServer(auth Authenticator, challenge string) *cramServer {
	return &cramServer{auth: auth, challenge: challenge}
}

// cramServer is CRAM-MD5 (RFC 2195 §2): the server speaks first.
type cramServer struct {
	outcome
	auth      Authenticator
	challenge string
	asked     bool
}

func (s *cramServer) ServerFirst() bool { return true }

func (s *cramServer) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	if s.over {
		return nil, false, ErrSyntax
	}
	if !s.asked {
		s.asked = true
		if response != nil {
			s.over = true
			return nil, false, ErrSyntax
		}
		return []byte(s.challenge), false, nil
	}
	s.over = true
	if err := s.verify(ctx, response); err != nil {
		s.identity = Identity{}
		return nil, false, err
	}
	return nil, true, nil
}

func (s *cramServer) verify(ctx context.Context, response []byte) error {
	at := bytes.LastIndexByte(response, ' ')
	if len(response) > MaxMessage || at < 0 || !utf8.Valid(response) || bytes.IndexByte(response, 0) >= 0 {
		return ErrSyntax
	}
	given, err := hex.DecodeString(string(response[at+1:]))
	if err != nil || len(given) != md5.Size {
		return fmt.Errorf("%w: the digest is not 32 hexadecimal digits", ErrSyntax)
	}
	name, err := s.named(string(response[:at]))
	if err != nil {
		return err
	}
	id, secret, err := s.auth.Secret(ctx, name)
	unknown := errors.Is(err, ErrCredentials)
	if err != nil && !unknown {
		return err
	}
	// Nobody's answer costs the same work.
	if fits := hmac.Equal(given, cramDigest(secret, s.challenge)); unknown || !fits || !id.Known() || len(secret) == 0 {
		return ErrCredentials
	}
	s.identity = id
	return nil
}

func cramDigest(secret []byte, challenge string) []byte {
	mac := hmac.New(md5.New, secret)
	mac.Write([]byte(challenge))
	return mac.Sum(nil)
}

type cramClient struct {
	wish Wish
	done bool
}

func newCramClient(w Wish) (*cramClient, error) {
	if w.ActAs != "" {
		return nil, errors.New("sasl: CRAM-MD5 has no way to act as another")
	}
	if w.User == "" || strings.ContainsAny(w.User, "\r\n") {
		return nil, errors.New("sasl: CRAM-MD5 needs a user name")
	}
	return &cramClient{wish: w}, nil
}

func (c *cramClient) Mechanism() string      { return CramMD5 }
func (c *cramClient) Start() ([]byte, error) { return nil, nil }

func (c *cramClient) Next(challenge []byte) ([]byte, error) {
	if c.done || len(challenge) == 0 || len(challenge) > MaxMessage {
		return nil, errors.New("sasl: CRAM-MD5 has one challenge")
	}
	c.done = true
	return []byte(c.wish.User + " " + hex.EncodeToString(cramDigest([]byte(c.wish.Password), string(challenge)))), nil
}

func (c *cramClient) Finish() error {
	if !c.done {
		return errors.New("sasl: the server reported success before it had asked")
	}
	return nil
}
