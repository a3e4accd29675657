package smtpserver

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"posta/mail"
)

// Who may ask for reports is shown that they are served; from others their
// parameters are refused (RFC 5321 §4.1.1.11).
func TestDSN(t *testing.T) {
	for _, tt := range []struct {
		mode          mail.Mode
		service       mail.Service
		dsn           DSN
		before, after bool // a log-in
	}{
		{mail.Strict, mail.MX, "", false, false},
		{mail.Strict, mail.MX, DSNAll, true, true},
		{mail.Strict, mail.MX, DSNOff, false, false},
		{mail.Strict, mail.Submission, "", true, true},
		{mail.Strict, mail.Submission, DSNOff, false, false},
		{mail.Lab, mail.MX, "", true, true},
		{mail.Lab, mail.MX, DSNAuthenticated, false, true},
		{mail.Lab, mail.MX, DSNOff, false, false},
		{mail.Lab, mail.Submission, DSNAuthenticated, true, true},
	} {
		t.Run(fmt.Sprintf("%v %d %s", tt.mode, tt.service, tt.dsn), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(c *Config) { c.Mode, c.Service, c.DSN = tt.mode, tt.service, tt.dsn })
				r.play("S: 220…")
				served := func(want bool) {
					t.Helper()
					r.send("EHLO a.example\r\n")
					shown := false
					for line := "250-"; strings.HasPrefix(line, "250-"); {
						line = r.line()
						shown = shown || strings.HasSuffix(line, "DSN")
					}
					if shown != want {
						t.Errorf("shown: %v, want %v", shown, want)
					}
					if tt.service == mail.Submission {
						return // nobody gets as far as MAIL here
					}
					code := map[bool]string{true: "250", false: "555"}[want]
					r.play("C: MAIL FROM:<> ENVID=x\nS: " + code + "…\nC: RSET\nS: 250…\nC: MAIL FROM:<>\nS: 250…\nC: RCPT TO:<a@b> NOTIFY=NEVER\nS: " +
						code + "…\nC: RSET\nS: 250…")
				}
				served(tt.before)
				if tt.mode == mail.Lab {
					r.play("C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==\nS: 235…")
					served(tt.after)
				}
				r.play("C: QUIT\nS: 221…")
				r.finish()
			})
		})
	}
}
