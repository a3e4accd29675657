package smtpserver

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"posta/sasl"
)

// endless is a mechanism that is never content.
type endless struct{}

func (endless) Names(*tls.ConnectionState) []string { return []string{"ENDLESS"} }

func (endless) New(string, sasl.Authenticator, *tls.ConnectionState) (sasl.Server, error) {
	return endless{}, nil
}

func (endless) User() string            { return "" }
func (endless) Identity() sasl.Identity { return sasl.Identity{} }

func (endless) Next(context.Context, []byte) ([]byte, bool, error) { return []byte("?"), false, nil }

// However a mechanism is made, an exchange ends, and the session goes on.
func TestRoundsAreBounded(t *testing.T) {
	talk(t, func(c *Config) { labSubmission(c); c.Mechanisms = endless{} },
		"S: 220…\nC: HELO a\nS: 250…\nC: AUTH ENDLESS\n"+strings.Repeat("S: 334 Pw==\nC: QQ==\n", maxRounds)+
			"S: 501-5.5.2…\nS: 501 5.5.2…\nC: NOOP\nS: 250…")
}
