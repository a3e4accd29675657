package smuggle

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"posta/mail"
)

// secured is TLS over a peer's connection.
func secured(p *peer) *tls.Conn {
	return tls.Client(p.Conn, &tls.Config{InsecureSkipVerify: true}) // the certificate is not what is tried here
}

// What an attacker puts behind STARTTLS or STLS in clear text must not be
// served as if it had come under TLS: the session ends, and no handshake
// comes about (RFC 3207 §6, RFC 2595 §2.1).
func TestInjectedBeforeTLS(t *testing.T) {
	for _, c := range []struct {
		kind, command, goAhead string
		hello                  []string
		injected               string
	}{
		{"smtp", "STARTTLS", "220", []string{"EHLO " + helo}, "RSET\r\n" + hidden},
		{"submission", "STARTTLS", "220", []string{"EHLO " + helo}, "EHLO x\r\nAUTH PLAIN AGEAYg==\r\n"},
		{"pop3", "STLS", "+OK", nil, "USER " + owner + "\r\nPASS " + secret + "\r\n"},
	} {
		for _, mode := range []mail.Mode{mail.Strict, mail.Lab} {
			t.Run(fmt.Sprint(c.kind, " ", mode), func(t *testing.T) {
				h := open(t, mode, false)
				stream := c.command + "\r\n" + c.injected
				for cut := range len(stream) {
					p := h.dial(t, c.kind)
					p.reply()
					for _, line := range c.hello {
						p.send(line + "\r\n")
						p.reply()
					}
					p.send(stream[:cut], stream[cut:])
					said := p.rest()
					p.Close()
					// Behind a cut after the command the server may have said go
					// already; then a handshake is all that it would take.
					inTime := cut == len(c.command)+2 && strings.HasPrefix(said[0], c.goAhead)
					refused := strings.HasPrefix(said[0], "503") || strings.HasPrefix(said[0], "-ERR")
					if len(said) != 1 || !inTime && !refused {
						t.Errorf("cut at %d: %q", cut, said)
					}
				}
				h.wants(t, "", 0)
			})
		}
	}
}

// What was said before TLS is forgotten (RFC 3207 §4.2): no half of a message
// that an attacker began in clear text is finished under it.
func TestForgottenByTLS(t *testing.T) {
	for _, mode := range []mail.Mode{mail.Strict, mail.Lab} {
		h := open(t, mode, false)
		p := h.dial(t, "smtp")
		p.reply()
		p.ask("\r\n", [2]string{"EHLO " + helo, "250"}, [2]string{"MAIL FROM:<" + forged + ">", "250"},
			[2]string{"RCPT TO:<" + loot + ">", "250"}, [2]string{"STARTTLS", "220"})
		c := secured(p)
		if err := c.Handshake(); err != nil {
			t.Fatal(mode, err)
		}
		in := &peer{t, p.Conn, bufio.NewReader(c)}
		for _, s := range [][2]string{{"DATA", "503"}, {"MAIL FROM:<x@" + helo + ">", "503"}, {"EHLO " + helo, "250"},
			{"DATA", "503"}, {"RCPT TO:<" + loot + ">", "503"}, {"QUIT", "221"}} {
			if _, err := c.Write([]byte(s[0] + "\r\n")); err != nil {
				t.Fatal(err)
			}
			if got := in.reply(); !strings.HasPrefix(got, s[1]) {
				t.Errorf("%v: under TLS %q was answered %q, want %s", mode, s[0], got, s[1])
			}
		}
		p.Close()
		h.wants(t, "", 0)
	}
}
