package pop3server

import (
	"strings"
	"testing"

	"posta/sasl/sasltest"
)

// However a mechanism is made, an exchange ends, and the session goes on.
func TestRoundsAreBounded(t *testing.T) {
	cfg := config(newDrops())
	cfg.Mechanisms = sasltest.Endless{}
	dial(t, New(cfg)).play("C: AUTH ENDLESS\n" + strings.Repeat("S: + Pw==\nC: QQ==\n", rounds) + "S: -ERR …\nC: NOOP\nS: -ERR …\nC: QUIT\nS: +OK …")
}
