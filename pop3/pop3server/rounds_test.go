package pop3server

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
	cfg := config(newDrops())
	cfg.Mechanisms = endless{}
	dial(t, New(cfg)).play("C: AUTH ENDLESS\n" + strings.Repeat("S: + Pw==\nC: QQ==\n", rounds) + "S: -ERR …\nC: NOOP\nS: -ERR …\nC: QUIT\nS: +OK …")
}
