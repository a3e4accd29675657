// Package sasl holds the authentication mechanisms, both sides: PLAIN, LOGIN,
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. It does no I/O and no base64: the
// protocols' engines do that. Who the users are it asks an Authenticator.
//
// Start reading at Server.
package sasl

import (
	"context"
	"crypto/tls"
	"errors"
)

var (
	ErrCredentials = errors.New("sasl: wrong user name or password")         // 535 5.7.8, -ERR [AUTH]
	ErrBusy        = errors.New("sasl: too many log-ins at once; try later") // 454 4.7.0, -ERR [SYS/TEMP]
	ErrSyntax      = errors.New("sasl: malformed response")                  // 501 5.5.2
	ErrMechanism   = errors.New("sasl: mechanism not offered")               // 504 5.5.4
)

// Identity is an authenticated account.
type Identity struct {
	Account int64  // the directory's id, never 0
	Address string // canonical address
}

// Verifier holds what SCRAM needs of an account (RFC 5802 §3).
type Verifier struct {
	Salt                 []byte
	Iterations           int
	StoredKey, ServerKey []byte
}

// Authenticator knows the accounts. directory implements it.
type Authenticator interface {
	// Password checks a user name ("pepe" or "pepe@pepito.es") and password.
	// Errors: ErrCredentials (equal work and words for unknown, disabled and
	// wrong), ErrBusy, or what failed inside.
	Password(ctx context.Context, user, password string) (Identity, error)
	// Verifier gives the SCRAM keys. For an unknown user they are stable fakes
	// that no password fits, and Identity is zero.
	Verifier(ctx context.Context, user string) (Identity, Verifier, error)
	// Secret gives the recoverable secret of an account marked for APOP
	// (RFC 1939 §7). ErrCredentials where there is none.
	Secret(ctx context.Context, user string) (Identity, []byte, error)
}

// Server is the server's side of one exchange.
type Server interface {
	// Next takes the client's response and gives the next challenge, or done.
	// A nil response means that there was no initial response; an empty
	// non-nil one that it was "=" (RFC 4954 §4). With done a non-nil challenge
	// is additional data that the client must still see and answer with an
	// empty response (SCRAM's server-final in SMTP and POP3): then done is
	// false first and true at the next call.
	Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error)
	// Identity is valid after done without error.
	Identity() Identity
	// User is the name the client gave, for the log; "" if none was seen.
	User() string
}

// Names gives the mechanisms that fit a connection, strongest first. PLUS
// needs TLS (tls-exporter for 1.3, tls-unique is not offered, RFC 9266).
func Names(state *tls.ConnectionState) []string { panic("sasl: being built") }

// NewServer starts an exchange of the mechanism, or gives ErrMechanism.
// state is nil on clear text.
func NewServer(mechanism string, auth Authenticator, state *tls.ConnectionState) (Server, error) {
	panic("sasl: being built")
}
