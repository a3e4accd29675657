package smtpserver

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"posta/event"
	"posta/mail"
	"posta/wire"
)

const odmrEhlo = `
	S: 220 mx.example ESMTP posta
	C: EHLO gw.north.example
	S: 250-mx.example Hello gw.north.example
	S: 250-ENHANCEDSTATUSCODES
	S: 250-AUTH SCRAM-SHA-256 CRAM-MD5
	S: 250-HELP
	S: 250-ETRN
	S: 250 ATRN
`

// rfc: 2645-5.1.1-1, 2645-5.1.2-1, 2645-5.2.1-1, 2645-5.4-1
func TestODMR(t *testing.T) {
	c := shop()
	talk(t, c.odmr, odmrEhlo+`
		C: ATRN
		S: 530 5.7.0 Authentication required
		C: ATRN north.example
		S: 530 5.7.0 Authentication required
		C: MAIL FROM:<a@b.example>
		S: 502 5.5.1 MAIL is not served here
		C: VRFY pepe
		S: 502 5.5.1 VRFY is not served here
		C: TURN
		S: 502 5.5.1 TURN is not served here
		C: AUTH PLAIN AG5vcnRoAGdlaGVpbQ==
		S: 504 5.5.4 Mechanism …
		C: HELP
		S: 214-2.0.0 …
		S: 214 2.0.0 HELO EHLO RSET NOOP HELP QUIT AUTH ETRN ATRN
		C: QUIT
		S: 221 2.0.0 Bye
		S: <closed>`)
	if len(c.asked) != 0 {
		t.Error(c.asked)
	}
}

// In the lab the same, and a secret may pass as it is.
func TestODMRInTheLab(t *testing.T) {
	c := shop()
	talk(t, func(cfg *Config) { lab(cfg); c.odmr(cfg) }, `
		S: 220 mx.example ESMTP posta (lab)
		C: EHLO gw.north.example
		S: 250-mx.example Hello gw.north.example
		S: 250-ENHANCEDSTATUSCODES
		S: 250-AUTH SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN
		S: 250-HELP
		S: 250-ETRN
		S: 250 ATRN
		C: AUTH PLAIN AG5vcnRoAGdlaGVpbQ==
		S: 235 2.7.0 Authentication successful
		C: ATRN empty.example
		S: 453 4.2.0 You have no mail`)
}

// Its people's passwords open nothing on port 366, nor a site's secret the
// submission of mail.
func TestSitesAndPeople(t *testing.T) {
	c := shop()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, c.odmr)
		r.play(odmrEhlo)
		r.login("pepe", "secreto")
		r.play(`S: 535 5.7.8 Authentication credentials invalid
			C: AUTH CRAM-MD5 AAAA
			S: 501 5.7.0 The server begins in this mechanism; send no initial response`)
		r.login("north", "geheim")
		r.play(`S: 235 2.7.0 Authentication successful
			C: AUTH CRAM-MD5
			S: 503 5.5.1 Somebody is logged in already`)
		r.finish()
		if got := facts[event.Authenticated](r.h); len(got) != 2 || got[1].User != "north" || !got[1].OK || got[0].OK {
			t.Errorf("%+v", got)
		}
		if strings.Contains(r.h.octets.String(), base64.StdEncoding.EncodeToString([]byte("north "))[:6]) {
			t.Error("a response was seen")
		}
	})
	// nor is a mechanism shown to people that is not theirs (many of their
	// programs would try it first)
	for _, change := range []func(*Config){labSubmission, lab} {
		talk(t, func(cfg *Config) { change(cfg); cfg.Sites = c }, labHelo+`
			C: AUTH CRAM-MD5
			S: 504 5.5.4 Mechanism not offered; EHLO lists those that are`)
	}
	talk(t, func(cfg *Config) { labSubmission(cfg); cfg.Sites = c }, `
		S: 220 mx.example ESMTP posta (lab)
		C: EHLO gw.north.example
		S: 250-mx.example Hello gw.north.example
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-ENHANCEDSTATUSCODES
		S: 250-DSN
		S: 250-AUTH SCRAM-SHA-256 PLAIN LOGIN
		S: 250-EXPN
		S: 250 HELP
		C: ETRN north.example
		S: 502 5.5.1 ETRN is not served here`)
}

// rfc: 1985-5.1-1, 1985-5.1-2, 1985-5.1-5, 1985-5.1-6, 1985-5.1-7, 1985-5.3-3
func TestETRN(t *testing.T) {
	c := shop()
	script := strings.Replace(ehlo, "S: 250 HELP", "S: 250-HELP\n\tS: 250 ETRN", 1)
	talk(t, c.mx, `
		S: 220 mx.example ESMTP posta
		C: ETRN north.example
		S: 503 5.5.1 Send HELO or EHLO first`+strings.Replace(script, "S: 220 mx.example ESMTP posta", "", 1)+`
		C: ETRN
		S: 500 5.5.2 Say which queue: …
		C: ETRN localname
		S: 501 5.5.4 A fully qualified domain name is needed: …
		C: ETRN north.example
		S: 252 2.0.0 OK, pending messages for node north.example started
		C: etrn @north.example
		S: 252 2.0.0 OK, pending messages for node @north.example started
		C: ETRN empty.example
		S: 251 2.0.0 OK, no messages waiting for node empty.example
		C: ETRN #shared
		S: 250 2.0.0 OK, queuing for node #shared started
		C: ETRN nowhere.example
		S: 459 4.7.1 Node nowhere.example not allowed: it is not known to be yours
		C: ETRN soon.example
		S: 458 4.7.0 Unable to queue messages for node soon.example so soon again
		C: ETRN broken.example
		S: 458 4.3.0 Unable to queue messages for node broken.example
		C: MAIL FROM:<a@b.example>
		S: 250 2.1.0 OK
		C: ETRN north.example
		S: 503 5.5.1 ETRN cannot stand inside a message; RSET forgets it
		C: RSET
		S: 250 2.0.0 OK
		C: ETRN north.example
		S: 252 2.0.0 OK, pending messages for node north.example started
		C: AUTH CRAM-MD5
		S: 503 5.5.1 AUTH is for submission, ports 465 and 587
		C: TURN
		S: 502 5.5.1 TURN is not served here
		C: ATRN
		S: 502 5.5.1 ATRN is not served here`)
	if want := "release  north.example 192.0.2.1"; len(c.asked) != 8 || c.asked[0] != want {
		t.Errorf("%q", c.asked)
	}
	// Who has logged in hears how many there are.
	visit(t, c, c.odmr, odmrEhlo, `
		C: ETRN north.example
		S: 253 2.0.0 OK, 14 pending messages for node north.example started`)
}

// Without a site there is no ETRN, and the lab shows no CRAM-MD5.
func TestNoSites(t *testing.T) {
	c := &customers{none: true}
	talk(t, c.mx, ehlo+`
		C: ETRN north.example
		S: 502 5.5.1 ETRN is not served here`)
	talk(t, func(cfg *Config) { lab(cfg); c.mx(cfg) }, labHelo+`
		C: AUTH CRAM-MD5
		S: 504 5.5.4 Mechanism not offered; EHLO lists those that are`)
	talk(t, func(cfg *Config) { c.odmr(cfg) }, strings.Replace(odmrEhlo, "S: 250-ETRN\n", "", 1))
}

// rfc: 2645-5.2.1-3, 2645-5.2.1-4, 2645-5.2.1-6
func TestATRN(t *testing.T) {
	for _, tt := range []struct{ name, script, reversed string }{
		{"all that is the site's", `
			C: ATRN
			S: 250 2.0.0 OK, now reversing the connection
			C: 220 gw.north.example ready
			S: EHLO mx.example
			C: 250 gw.north.example
			S: QUIT
			C: 221 bye
			S: <closed>`, "reverse north empty.example,north.example"},
		{"what is named", `
			C: ATRN north.example
			S: 250 2.0.0 OK, now reversing the connection
			C: 220 gw.north.example ready
			S: EHLO mx.example`, "reverse north north.example"},
		{"one of another", `
			C: ATRN north.example,south.example
			S: 450 4.7.1 Not all of these domains are yours; nothing is sent
			C: QUIT
			S: 221 2.0.0 Bye`, ""},
		{"nothing waits", `
			C: ATRN empty.example
			S: 453 4.2.0 You have no mail
			C: ATRN org
			S: 501 5.5.4 Domain names …`, ""},
		{"too often", `
			C: ATRN soon.example
			S: 450 4.7.0 Asked too often; try again later`, ""},
		{"a fault inside", `
			C: ATRN broken.example
			S: 451 4.3.0 Unable to process the request now; try again later`, ""},
		{"a greeting ahead of time", `
			C: ATRN
			C: 220 gw.north.example ready
			S: 503 5.5.0 Octets were sent behind ATRN, closing transmission channel
			S: <closed>`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := shop()
			visit(t, c, c.odmr, odmrEhlo, tt.script)
			got := strings.Join(c.asked[max(0, len(c.asked)-1):], "")
			if tt.reversed == "" && strings.HasPrefix(got, "reverse") || tt.reversed != "" && got != tt.reversed {
				t.Errorf("%q", c.asked)
			}
		})
	}
}

// A turned connection keeps nothing of what the peer was but TLS.
func TestTurned(t *testing.T) {
	c := shop()
	c.turned = func(conn *wire.Conn) string {
		if _, secure := conn.TLS(); !secure {
			return "in clear"
		}
		return polite(conn)
	}
	turns := func(cfg *Config) { c.mx(cfg); cfg.Turn = true }
	cfg := withTLS(t, turns)
	synctest.Test(t, func(t *testing.T) {
		r := start(t, cfg)
		r.play(`
			S: 220 mx.example ESMTP posta
			C: EHLO gw.north.example
			S: 250-mx.example …
			S: 250-SIZE 1000
			S: 250-PIPELINING
			S: 250-8BITMIME
			S: 250-SMTPUTF8
			S: 250-CHUNKING
			S: 250-ENHANCEDSTATUSCODES
			S: 250-STARTTLS
			S: 250-EXPN
			S: 250-HELP
			S: 250 ETRN
			C: TURN
			S: 530 5.7.0 Must issue a STARTTLS command first
			C: AUTH PLAIN AG5vcnRoAGdlaGVpbQ==
			S: 530 5.7.0 Must issue a STARTTLS command first
			C: STARTTLS
			S: 220 2.0.0 Ready to start TLS
			TLS
			C: EHLO gw.north.example
			S: 250-mx.example …
			S: 250-SIZE 1000
			S: 250-PIPELINING
			S: 250-8BITMIME
			S: 250-SMTPUTF8
			S: 250-CHUNKING
			S: 250-ENHANCEDSTATUSCODES
			S: 250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
			S: 250-EXPN
			S: 250-HELP
			S: 250 ETRN
			C: TURN
			S: 530 5.7.0 Authentication required
			C: AUTH CRAM-MD5
			S: 504 5.5.4 Mechanism …
			C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
			S: 535 5.7.8 Authentication credentials invalid
			C: AUTH PLAIN AG5vcnRoAGdlaGVpbQ==
			S: 235 2.7.0 Authentication successful
			C: TURN now
			S: 501 5.5.4 TURN takes no argument
			C: MAIL FROM:<a@b.example>
			S: 250 2.1.0 OK
			C: TURN
			S: 503 5.5.1 TURN cannot stand inside a message; RSET forgets it
			C: EHLO other.example
			S: 250-mx.example …
			S: 250-SIZE 1000
			S: 250-PIPELINING
			S: 250-8BITMIME
			S: 250-SMTPUTF8
			S: 250-CHUNKING
			S: 250-ENHANCEDSTATUSCODES
			S: 250-AUTH …
			S: 250-EXPN
			S: 250-HELP
			S: 250 ETRN
			C: TURN
			S: 502 5.7.1 No turning for a host named other.example; with posta, site set --helo says for which
			C: HELO broken.example
			S: 250 mx.example Hello broken.example
			C: TURN
			S: 451 4.3.0 Unable to process the request now; try again later
			C: HELO gw.north.example
			S: 250 mx.example Hello gw.north.example
			C: TURN
			S: 250 2.0.0 OK, now reversing the connection
			C: 220 gw.north.example ready
			S: EHLO mx.example
			C: 250 gw.north.example
			S: QUIT
			C: 221 bye
			S: <closed>`)
		r.finish()
	})
	if got := c.asked[len(c.asked)-1]; got != "reverse north empty.example,north.example" {
		t.Error(got)
	}
}

// In the lab TURN needs no TLS, but a site all the same; and what was sent
// behind it ends the session.
func TestTurnInTheLab(t *testing.T) {
	c := shop()
	labTurn := func(cfg *Config) { lab(cfg); c.mx(cfg); cfg.Turn = true }
	talk(t, labTurn, labHelo+`
		C: TURN
		S: 530 5.7.0 Authentication required`)
	hello := `
		S: 220 mx.example ESMTP posta (lab)
		C: HELO gw.north.example
		S: 250 mx.example Hello gw.north.example`
	h := visit(t, c, labTurn, hello, `
		C: TURN
		S: 250 2.0.0 OK, now reversing the connection
		C: 220 gw.north.example ready
		S: EHLO mx.example`)
	if len(h.got) != 0 || c.asked[len(c.asked)-1] != "reverse north empty.example,north.example" {
		t.Errorf("%q", c.asked)
	}
	visit(t, c, labTurn, `
		S: 220 mx.example ESMTP posta (lab)
		C: HELO peña
		S: 250 mx.example Hello`, `
		C: TURN
		S: 502 5.7.1 No turning for a host named pe?a; …`)
	visit(t, c, labTurn, hello, `
		C: TURN
		C: 220 gw.north.example ready
		S: 503 5.5.0 Octets were sent behind TURN, closing transmission channel
		S: <closed>`)
}

// At a lab's port 25 people and sites log in by the same mechanisms; a site that
// has is none of the people, and at submission it is nobody.
func TestSiteAmongPeople(t *testing.T) {
	c := shop()
	const site, wrong, person = "AG5vcnRoAGdlaGVpbQ==", "AG5vcnRoAHdyb25n", "AHBlcGUAc2VjcmV0bw=="
	mx := func(cfg *Config) { lab(cfg); c.mx(cfg) }
	talk(t, mx, labHelo+`
		C: AUTH PLAIN `+wrong+`
		S: 535 5.7.8 Authentication credentials invalid
		C: AUTH PLAIN `+site+`
		S: 235 2.7.0 Authentication successful
		C: ETRN north.example
		S: 253 2.0.0 OK, 14 pending messages for node north.example started`)
	talk(t, mx, labHelo+`
		C: AUTH PLAIN `+person+`
		S: 235 2.7.0 Authentication successful
		C: ETRN north.example
		S: 252 2.0.0 OK, pending messages for node north.example started`)
	if got, want := c.asked, []string{"release north north.example 192.0.2.1", "release  north.example 192.0.2.1"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	talk(t, func(cfg *Config) { mx(cfg); cfg.Service = mail.Submission }, labHelo+`
		C: AUTH PLAIN `+site+`
		S: 535 5.7.8 Authentication credentials invalid`)
}
