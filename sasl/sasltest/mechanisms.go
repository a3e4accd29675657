// Package sasltest has mechanisms as no client speaks them, for tests of the
// protocols that carry them.
package sasltest

import (
	"context"
	"crypto/tls"

	"posta/sasl"
)

// Riddles offers one mechanism, RIDDLE, in which the server begins: it asks "What
// walks?", takes "A man" for an answer, and lets pepe in.
type Riddles struct{}

// Names offers RIDDLE.
func (Riddles) Names(*tls.ConnectionState) []string { return []string{"RIDDLE"} }

// New begins an exchange.
func (Riddles) New(string, sasl.Authenticator, *tls.ConnectionState) (sasl.Server, error) {
	return &riddle{}, nil
}

type riddle struct{ asked bool }

func (*riddle) ServerFirst() bool       { return true }
func (*riddle) User() string            { return "pepe" }
func (*riddle) Identity() sasl.Identity { return sasl.Identity{Account: 7, Address: "pepe@pepito.es"} }

func (r *riddle) Next(_ context.Context, response []byte) ([]byte, bool, error) {
	switch {
	case !r.asked && response == nil:
		r.asked = true
		return []byte("What walks?"), false, nil
	case r.asked && string(response) == "A man":
		return nil, true, nil
	}
	return nil, false, sasl.ErrCredentials
}

// Endless offers one mechanism, ENDLESS, that is never content.
type Endless struct{}

// Names offers ENDLESS.
func (Endless) Names(*tls.ConnectionState) []string { return []string{"ENDLESS"} }

// New begins an exchange.
func (Endless) New(string, sasl.Authenticator, *tls.ConnectionState) (sasl.Server, error) {
	return endless{}, nil
}

type endless struct{}

func (endless) User() string            { return "" }
func (endless) Identity() sasl.Identity { return sasl.Identity{} }

func (endless) Next(context.Context, []byte) ([]byte, bool, error) { return []byte("?"), false, nil }
