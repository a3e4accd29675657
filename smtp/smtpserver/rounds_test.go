package smtpserver

import (
	"strings"
	"testing"

	"posta/sasl/sasltest"
)

// However a mechanism is made, an exchange ends, and the session goes on.
func TestRoundsAreBounded(t *testing.T) {
	talk(t, func(c *Config) { labSubmission(c); c.Mechanisms = sasltest.Endless{} },
		"S: 220…\nC: HELO a\nS: 250…\nC: AUTH ENDLESS\n"+strings.Repeat("S: 334 Pw==\nC: QQ==\n", maxRounds)+
			"S: 501-5.5.2…\nS: 501 5.5.2…\nC: NOOP\nS: 250…")
}
