package smtpserver

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/mail"
	"posta/sasl"
	"posta/sasl/sasltest"
)

func TestStartTLS(t *testing.T) {
	h := talk(t, withTLS(t, submission), `
		S: 220…
		C: EHLO a.example
		S: 250-mx.example Hello a.example
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-ENHANCEDSTATUSCODES
		S: 250-DSN
		S: 250-STARTTLS
		S: 250-EXPN
		S: 250 HELP
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 530 5.7.0 Must issue a STARTTLS command first
		C: MAIL FROM:<a@b>
		S: 530 5.7.0 Must issue a STARTTLS command first
		C: VRFY pepe
		S: 530 5.7.0 Must issue a STARTTLS command first
		C: NOOP
		S: 250…
		C: STARTTLS now
		S: 501 5.5.4…
		C: STARTTLS
		S: 220 2.0.0 Ready to start TLS
		TLS
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 503 5.5.1 Send HELO or EHLO first
		C: HELO a.example
		S: 250…
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 503 5.5.1 Send EHLO first
		C: EHLO b.example
		S: 250-mx.example Hello b.example
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-ENHANCEDSTATUSCODES
		S: 250-DSN
		S: 250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
		S: 250-EXPN
		S: 250 HELP
		C: STARTTLS
		S: 503 5.5.1 TLS is active already
		C: MAIL FROM:<a@b>
		S: 530 5.7.0 Authentication required
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		C: MAIL FROM:<a@b> AUTH=x@y
		C: RCPT TO:<a@b>
		S: 235 2.7.0 Authentication successful
		S: 250 2.1.0 OK
		S: 250 2.1.5 OK
		C: DATA
		S: 354…
		C: x
		C: .
		S: 250 2.0.0 OK: queued as Q1`)
	o := h.got[0].origin
	if !strings.HasPrefix(o.TLS, "TLSv1.3 ") || o.Login != (mail.Login{Account: 7, Address: "pepe@pepito.es"}) || o.Helo != "b.example" || h.got[0].env.Auth != "x@y" {
		t.Errorf("origin %+v, envelope %+v", o, h.got[0].env)
	}
	if s := h.octets.String(); strings.Contains(s, "c2VjcmV0bw") || !strings.Contains(s, "AUTH PLAIN *") {
		t.Errorf("watchers saw %q", s)
	}
}

func TestStartTLSRefused(t *testing.T) {
	h := talk(t, withTLS(t, nil), ehloWithout(ehlo, "S: 250-EXPN", "S: 250-STARTTLS\nS: 250-EXPN")+`
		C: STARTTLS
		C: EHLO evil
		S: 503 5.5.0 Octets were sent behind STARTTLS, closing transmission channel
		S: <closed>`)
	if got := facts[event.Closed](h); got[0].Reason != "refused: octets behind STARTTLS" {
		t.Errorf("%+v", got)
	}
	talk(t, func(c *Config) {
		withTLS(t, nil)(c)
		c.TLS.Certificates = nil
	}, "S: 220…\nC: STARTTLS\nS: 454 4.7.0 TLS is not available now")
	synctest.Test(t, func(t *testing.T) { // no handshake but rubbish
		r := start(t, withTLS(t, nil))
		r.greet()
		r.play("C: STARTTLS\nS: 220…")
		r.send("rubbish rubbish rubbish\r\n")
		_, _ = io.Copy(io.Discard, r.conn)
		r.finish()
	})
}

func ehloWithout(s, old, new string) string { return strings.Replace(s, old, new, 1) }

func TestImplicitTLS(t *testing.T) {
	h := talk(t, withTLS(t, func(c *Config) {
		submission(c)
		c.ImplicitTLS = true
	}), `
		TLS
		S: 220 mx.example ESMTP posta
		C: MAIL FROM:<a@b>
		S: 503 5.5.1 Send HELO or EHLO first
		C: STARTTLS
		S: 503 5.5.1 TLS is active already
		C: HELP
		S: 214-2.0.0…
		S: 214-2.0.0 HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN
		S: 214 2.0.0 HELP QUIT AUTH`)
	if len(h.got) != 0 {
		t.Error("a letter")
	}
	talk(t, func(c *Config) { c.ImplicitTLS = true }, "S: <closed>")
}

// Every mechanism logs in, and no watcher sees a secret.
func TestMechanisms(t *testing.T) {
	for _, mechanism := range []string{sasl.ScramPlus256, sasl.ScramSHA256, sasl.Plain, sasl.LoginName} {
		for _, password := range []string{"secreto", "falso"} {
			synctest.Test(t, func(t *testing.T) { logIn(t, mechanism, password) })
		}
	}
}

func logIn(t *testing.T, mechanism, password string) {
	r := start(t, withTLS(t, func(c *Config) {
		submission(c)
		c.ImplicitTLS = true
	}))
	r.handshake()
	r.greet()
	state := r.nc.(interface{ ConnectionState() tlsState }).ConnectionState()
	client, err := sasl.NewClient(mechanism, sasl.Wish{User: "pepe", Password: password, TLS: &state, Offered: sasl.Names(&state)})
	if err != nil {
		t.Fatal(err)
	}
	line := "AUTH " + mechanism
	initial, err := client.Start()
	if err != nil {
		t.Fatal(err)
	}
	var sent []string
	encode := func(b []byte) string {
		s := base64.StdEncoding.EncodeToString(b)
		sent = append(sent, s)
		return s
	}
	if initial != nil {
		line += " " + encode(initial)
	}
	r.send(line + "\r\n")
	got := r.line()
	for strings.HasPrefix(got, "334 ") {
		sent = append(sent, got[4:])
		challenge, err := base64.StdEncoding.DecodeString(got[4:])
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Next(challenge)
		if err != nil {
			t.Fatal(err)
		}
		r.send(encode(response) + "\r\n")
		got = r.line()
	}
	want := "235 2.7.0"
	if password != "secreto" {
		want = "535 5.7.8"
	}
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s: %s", mechanism, got)
	}
	r.finish()
	outcome := facts[event.Authenticated](r.h)
	if len(outcome) != 1 || outcome[0].OK != (password == "secreto") || outcome[0].Mechanism != mechanism || !strings.HasPrefix(outcome[0].User, "pepe") {
		t.Errorf("%s: %+v", mechanism, outcome)
	}
	for _, s := range sent {
		if len(s) > 4 && mechanism != sasl.LoginName && strings.Contains(r.h.octets.String(), s) {
			t.Errorf("%s: watchers saw %q", mechanism, s)
		}
	}
	if strings.Contains(r.h.octets.String(), base64.StdEncoding.EncodeToString([]byte(password))) {
		t.Errorf("%s: watchers saw the password", mechanism)
	}
	if strings.HasPrefix(mechanism, "SCRAM-") && strings.Count(r.h.octets.String(), "334 *")+strings.Count(r.h.octets.String(), "334 \r\n") == 0 {
		t.Errorf("%s: watchers saw no challenge in %q", mechanism, r.h.octets.String())
	}
}

// Lines that may be secrets are hidden also where nobody asked for them.
func TestSecrets(t *testing.T) {
	const secret = "c2VjcmV0bw=="
	for _, lines := range []string{
		"AUTH PLAIN " + secret, "auth  plain  " + secret + " x", "AUHT PLAIN " + secret, "AUTH LOGIN\ncGVwZQ==\n" + secret,
		"PASS " + secret, "AUTH X\n" + secret, "AUTH PLAIN " + secret + "\x01", "AUTH\tLOGIN\t" + secret,
		"AUTH " + secret, "EHLO a\nAUTH " + secret + " PLAIN", "AUTH PLAIN=" + secret,
		"AUTHLOGIN\ncGVwZQ==\n" + secret, "AUHT LOGIN\ncGVwZQ==\n" + secret, " auth plain " + secret,
		" pass " + secret, "PAS " + secret, "PASSWORD " + secret, "USER pepe " + secret,
		"AUTH PLAIN =\n" + secret, "EHLO a\nAUTH LOGIN " + strings.Repeat("x", 3000) + secret,
		"HELO a\nAUTH LOGIN\n" + strings.Repeat("x", 13000) + secret,
	} {
		for _, mode := range []func(*Config){nil, lab, labSubmission} {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, mode)
				r.line()
				for _, l := range strings.Split(lines, "\n") {
					r.send(l + "\r\n")
					synctest.Wait()
				}
				r.finish()
				seen := r.h.octets.String() + fmt.Sprintf("%+v", r.h.facts)
				if strings.Contains(seen, secret) || strings.Contains(seen, "C2VJCMV0BW") {
					t.Errorf("%q: watchers saw %q", lines, seen)
				}
			})
		}
	}
}

// Failed log-ins wait as long as the guard says; three end a strict session.
func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, withTLS(t, func(c *Config) {
			submission(c)
			c.ImplicitTLS = true
		}))
		r.handshake()
		r.greet()
		r.h.wait = 3 * time.Second
		r.h.banned = time.Now().Add(time.Hour)
		from := time.Now()
		r.play(`
			C: AUTH PLAIN AHBlcGUAeA==
			S: 535 5.7.8…
			C: AUTH PLAIN AHBlcGUAeA==
			S: 535 5.7.8…
			C: AUTH PLAIN AHBlcGUAeA==
			S: 421 4.7.0…
			S: <closed>`)
		if d := time.Since(from); d < 9*time.Second || d > 12*time.Second {
			t.Errorf("after %v", d)
		}
		r.finish()
		if f, ok := r.h.facts[2].(event.Banned); !ok || f.User != "pepe" || !f.Until.Equal(r.h.banned) {
			t.Errorf("facts %+v", r.h.facts)
		}
		if want := slices.Repeat([]string{"192.0.2.1 pepe false"}, 3); !slices.Equal(r.h.logins, want) {
			t.Errorf("guard heard %q", r.h.logins)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the end of the server ends the wait
		r := start(t, lab)
		r.h.wait = time.Hour
		r.play(labHelo + "C: AUTH PLAIN AHBlcGUAeA==")
		synctest.Wait()
		from := time.Now()
		r.stop()
		r.play("S: 535…")
		if time.Since(from) > time.Second {
			t.Error("the session waited on")
		}
		r.finish()
	})
}

// An endless exchange is cut off.
func TestLongExchange(t *testing.T) {
	talk(t, labSubmission, labHelo+"C: AUTH LOGIN\nS: 334…\nC: "+strings.Repeat("A", 12300)+"\nS: 500 5.5.6…\nC: NOOP\nS: 250…")
}

// Where the server begins, an initial response is refused on every listener,
// also an empty one; the exchange then works without it.
// rfc: 4954-4-10, 4954-4-11
func TestServerFirst(t *testing.T) {
	for _, mode := range []func(*Config){lab, labSubmission, withTLS(t, func(c *Config) {
		submission(c)
		c.ImplicitTLS = true
	})} {
		synctest.Test(t, func(t *testing.T) {
			secured := false
			r := start(t, func(c *Config) {
				mode(c)
				c.Mechanisms, secured = sasltest.Riddles{}, c.ImplicitTLS
			})
			if secured {
				r.handshake()
			}
			r.greet()
			r.play(`
				C: AUTH RIDDLE QSBtYW4=
				S: 501 5.7.0 The server begins in this mechanism; send no initial response
				C: AUTH RIDDLE =
				S: 501 5.7.0 The server begins in this mechanism; send no initial response
				C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
				S: 504 5.5.4…
				C: AUTH riddle
				S: 334 V2hhdCB3YWxrcz8=
				C: QSBtYW4=
				S: 235 2.7.0 Authentication successful`)
			r.finish()
			for _, f := range facts[event.Authenticated](r.h) {
				if !f.OK {
					t.Errorf("a refused response was tried: %+v", f)
				}
			}
		})
	}
}

// LOGIN's client may begin, as .NET's SmtpClient and PowerShell's
// Send-MailMessage do.
func TestLoginInitial(t *testing.T) {
	talk(t, withTLS(t, func(c *Config) {
		submission(c)
		c.ImplicitTLS = true
	}), `
		TLS
		S: 220 mx.example ESMTP posta
		C: EHLO a.example
		S: 250-mx.example Hello a.example
		S: 250-SIZE 1000
		S: 250-PIPELINING
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-CHUNKING
		S: 250-ENHANCEDSTATUSCODES
		S: 250-DSN
		S: 250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
		S: 250-EXPN
		S: 250 HELP
		C: AUTH login cGVwZQ==
		S: 334 UGFzc3dvcmQ6
		C: c2VjcmV0bw==
		S: 235 2.7.0 Authentication successful`)
}
