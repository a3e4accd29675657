// Package sasl holds the authentication mechanisms, both sides: PLAIN, LOGIN,
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, and CRAM-MD5 for machines. It does no
// I/O and no base64: the protocols' engines do that. Who the users are it asks
// an Authenticator.
//
// Start reading at Server; the other side is Client.
package sasl

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
)

var (
	ErrCredentials = errors.New("sasl: wrong user name or password")         // 535 5.7.8, -ERR [AUTH]
	ErrBusy        = errors.New("sasl: too many log-ins at once; try later") // 454 4.7.0, -ERR [SYS/TEMP]
	ErrSyntax      = errors.New("sasl: malformed response")                  // 501 5.5.2
	ErrMechanism   = errors.New("sasl: mechanism not offered")               // 504 5.5.4
)

// Identity is an authenticated account, or an authenticated site.
type Identity struct {
	Account int64  // the directory's id; 0 for a site
	Address string // canonical address
	Site    string // the name of a site account, which is nobody's mailbox
}

// Known says that somebody is meant.
func (i Identity) Known() bool { return i.Account != 0 || i.Site != "" }

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

// ServerFirst is what the Server of a mechanism also is that says which side
// begins. Where the server does, an initial response is refused before Next is
// called (RFC 4954 §4, RFC 5034 §4). A Server without it lets the client begin.
type ServerFirst interface {
	ServerFirst() bool
}

// ServerBegins says that the client of this exchange may send no initial
// response.
func ServerBegins(s Server) bool {
	first, ok := s.(ServerFirst)
	return ok && first.ServerFirst()
}

// The mechanisms' registered names.
const (
	Plain        = "PLAIN"              // RFC 4616
	LoginName    = "LOGIN"              // never standardised, asked for by many programs and courses
	ScramSHA256  = "SCRAM-SHA-256"      // RFC 5802, RFC 7677
	ScramPlus256 = "SCRAM-SHA-256-PLUS" // the same, bound to its TLS channel
)

// Limits on what a client may say. Each is far above what honest ones need.
const (
	MaxName     = 512  // octets of a user name
	MaxPassword = 1024 // octets of a password
	MaxMessage  = 4096 // octets of any message of an exchange, decoded
)

// Names gives the mechanisms that fit a connection, strongest first. PLUS
// needs TLS (tls-exporter for 1.3, tls-unique is not offered, RFC 9266).
// Whether a password may cross clear text is the protocol's decision.
func Names(state *tls.ConnectionState) []string {
	if _, ok := exporter(state); ok {
		return []string{ScramPlus256, ScramSHA256, Plain, LoginName}
	}
	return []string{ScramSHA256, Plain, LoginName}
}

// Choose gives the strongest of the offered mechanisms that a client has for
// the connection, or "". It leaves out CRAM-MD5, from which a person's password
// can be guessed: machines ask for it by name.
func Choose(offered []string, state *tls.ConnectionState) string {
	for _, name := range Names(state) {
		if offers(offered, name) {
			return name
		}
	}
	return ""
}

func offers(offered []string, name string) bool {
	return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, name) })
}

// NewServer starts an exchange of the mechanism, or gives ErrMechanism.
// state is nil on clear text.
func NewServer(mechanism string, auth Authenticator, state *tls.ConnectionState) (Server, error) {
	switch strings.ToUpper(mechanism) {
	case Plain:
		return &plainServer{auth: auth}, nil
	case LoginName:
		return &loginServer{auth: auth}, nil
	case ScramSHA256:
		return newScramServer(auth, state, false)
	case ScramPlus256:
		return newScramServer(auth, state, true)
	}
	return nil, ErrMechanism
}
