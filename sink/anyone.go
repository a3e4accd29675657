package sink

import (
	"bytes"
	"context"
	"crypto/tls"
	"strings"
	"unicode"

	"posta/sasl"
)

// Anyone lets everybody log in, with any password or none. It is what POP3's
// USER and PASS ask, and gives the mechanisms that AUTH can be asked for.
// SCRAM is not among them: there the server has to prove that it knows the
// password, and it knows none.
type Anyone struct{ sink *Sink }

var _ sasl.Authenticator = Anyone{}

// Anyone gives who may log in.
func (s *Sink) Anyone() Anyone { return Anyone{s} }

// nobody is who logs in without a name.
const nobody = "anonymous"

// Password implements sasl.Authenticator. A name that cannot be an address
// logs in, too, and has no mail.
func (a Anyone) Password(_ context.Context, user, _ string) (sasl.Identity, error) {
	if user == "" {
		user = nobody
	}
	account, canonical, err := a.sink.Mailbox(user)
	if err != nil {
		canonical = visible(user)
		account = number(canonical)
	}
	return sasl.Identity{Account: account, Address: canonical}, nil
}

// visible is a name that a stranger made up, fit for a log.
func visible(name string) string {
	const most = 100
	name = strings.ToValidUTF8(name[:min(len(name), most)], "?")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}

// Verifier implements sasl.Authenticator; no mechanism here asks it.
func (a Anyone) Verifier(context.Context, string) (sasl.Identity, sasl.Verifier, error) {
	return sasl.Identity{}, sasl.Verifier{}, sasl.ErrCredentials
}

// Secret implements sasl.Authenticator: there is no APOP.
func (a Anyone) Secret(context.Context, string) (sasl.Identity, []byte, error) {
	return sasl.Identity{}, nil, sasl.ErrCredentials
}

// Names lists what AUTH can be asked for.
func (a Anyone) Names(*tls.ConnectionState) []string { return []string{sasl.Plain, sasl.LoginName} }

// New begins an exchange.
func (a Anyone) New(name string, _ sasl.Authenticator, _ *tls.ConnectionState) (sasl.Server, error) {
	switch strings.ToUpper(name) {
	case sasl.Plain:
		return &exchange{anyone: a, challenges: [][]byte{{}}, name: nameOfPlain}, nil
	case sasl.LoginName:
		return &exchange{anyone: a, challenges: [][]byte{[]byte("Username:"), []byte("Password:")}, name: nameOfLogin}, nil
	}
	return nil, sasl.ErrMechanism
}

// exchange asks its challenges, one after the other, and believes the answers.
type exchange struct {
	anyone     Anyone
	challenges [][]byte
	name       func(responses [][]byte) (string, bool)
	responses  [][]byte
	asked      int
	user       string
	identity   sasl.Identity
}

// Next implements sasl.Server.
func (x *exchange) Next(ctx context.Context, response []byte) ([]byte, bool, error) {
	if len(response) > sasl.MaxMessage || len(x.responses) == len(x.challenges) {
		return nil, false, sasl.ErrSyntax
	}
	if response != nil {
		x.responses = append(x.responses, bytes.Clone(response))
	}
	if n := len(x.responses); n < len(x.challenges) {
		if x.asked > n { // asked, and not answered
			return nil, false, sasl.ErrSyntax
		}
		x.asked = n + 1
		return x.challenges[n], false, nil
	}
	name, ok := x.name(x.responses)
	if !ok || len(name) > sasl.MaxName {
		return nil, false, sasl.ErrSyntax
	}
	x.user = visible(name)
	var err error
	x.identity, err = x.anyone.Password(ctx, name, "")
	return nil, err == nil, err
}

// Identity implements sasl.Server.
func (x *exchange) Identity() sasl.Identity { return x.identity }

// User implements sasl.Server.
func (x *exchange) User() string { return x.user }

// nameOfPlain reads authzid NUL authcid NUL passwd (RFC 4616 §2).
func nameOfPlain(responses [][]byte) (string, bool) {
	parts := bytes.Split(responses[0], []byte{0})
	if len(parts) != 3 {
		return "", false
	}
	return string(parts[1]), true
}

func nameOfLogin(responses [][]byte) (string, bool) {
	return string(bytes.TrimSuffix(responses[0], []byte{0})), true
}
