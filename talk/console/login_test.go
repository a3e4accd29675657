package console

import (
	"errors"
	"strings"
	"testing"

	"posta/words"
)

// Log-ins: what is typed is encoded, passwords are asked for unseen, and what
// somebody encoded himself goes as it is.
func TestLogIns(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO x
		S: 250-x
		S: 250 AUTH PLAIN LOGIN
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: cGVwZQ==
		S: 334 UGFzc3dvcmQ6
		C: Z2VoZWlt
		S: 535 5.7.8 no
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: cGVwZQ==
		S: 334 UGFzc3dvcmQ6
		C: literal=
		S: 535 5.7.8 no
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: *
		S: 501 cancelled
		C: AUTH PLAIN
		S: 334
		C: AHBlcGUAZ2VoZWlt
		S: 235 2.7.0 in
		C: AUTH PLAIN AHBlcGUAZ2VoZWlt
		S: 503 already
		closed`
	screen, e, c := scene{protocol: "smtp", script: script, typed: []string{"EHLO x", "AUTH LOGIN", "pepe", "geheim", "AUTH LOGIN", "cGVwZQ==", "=literal=",
		"AUTH LOGIN", "*", "AUTH PLAIN", "pepe", "geheim", "AUTH PLAIN AHBlcGUAZ2VoZWlt"}}.play(t)
	wants(t, screen, "S: 334 VXNlcm5hbWU6", "   that is base64 for: Username:", "C: cGVwZQ==", "   that is base64 for: Password:", "C: Z2VoZWlt", "S: 535 5.7.8 no",
		"   this is base64 already, for: pepe; it is sent as it is", "C: literal=", "S: 501 cancelled", "C: AHBlcGUAZ2VoZWlt", "S: 235 2.7.0 in",
		"   now: MAIL RSET NOOP VRFY HELP QUIT", "C: AUTH PLAIN ********")
	if e.secrets != 3 {
		t.Errorf("%d passwords were asked for unseen", e.secrets)
	}
	if _, secrets, err := c.Transcript(); !secrets || err != nil {
		t.Error(secrets, err)
	}
}

// A challenge that is no base64 is answered with a star where posta makes the
// answers; a person who makes them sees it.
// rfc: 5034-4-11, 5034-4-12
func TestStrangeChallenges(t *testing.T) {
	const pop3 = `
		S: +OK x
		C: AUTH PLAIN
		S: + please
		C: *
		S: -ERR cancelled
		C: AUTH SCRAM-SHA-256
		S: + =AAA
		C: *
		S: -ERR cancelled
		C: AUTH LOGIN
		S: + who?
		C: cGVwZQ==
		S: -ERR no
		C: QUIT
		S: +OK`
	screen, e, _ := scene{protocol: "pop3", script: pop3, typed: []string{"AUTH PLAIN", "AUTH SCRAM-SHA-256", "AUTH LOGIN", "pepe", "QUIT"}}.play(t)
	wants(t, screen, "S: + please", "   the challenge is no base64; the log-in is broken off", "C: *", "S: + =AAA", "   the challenge is no base64; the log-in is broken off", "C: *", "S: + who?", "C: cGVwZQ==")
	if e.secrets != 0 {
		t.Errorf("%d passwords were asked for", e.secrets)
	}
}

// Who asks for TLS does not go on without it.
func TestStartTLSFirst(t *testing.T) {
	asked := func(o *Options) { o.StartTLS = true }
	for _, s := range []scene{
		{protocol: "smtp", script: "S: 220 x\nC: EHLO me.example\nS: 250 x\nC: STARTTLS\nS: 454 4.7.0 no\nclosed"},
		{protocol: "smtp", script: "S: 220 x\nC: EHLO me.example\nS: 502 what\nclosed"},
		{protocol: "smtp", script: "S: 220 x\nC: EHLO me.example\nS: 334 UGFzc3dvcmQ6\nclosed"},
		{protocol: "pop3", script: "S: +OK x\nC: STLS\nS: -ERR no\nclosed"},
	} {
		s.options, s.typed = asked, []string{"never typed"}
		screen, err := s.run(t)
		var said *words.Error
		if !errors.As(err, &said) || said.ID != "talk.no_tls" || strings.Contains(screen, "never typed") {
			t.Errorf("%v\n%s", err, screen)
		}
	}
	screen, _, _ := scene{protocol: "pop3", script: "S: +OK x\nC: STLS\nS: +OK\nC: CAPA\nS: +OK\nS: .\nC: QUIT\nS: +OK", typed: []string{"QUIT"}, options: asked}.play(t)
	wants(t, screen, "C: STLS", "C: CAPA", "C: QUIT")
}
