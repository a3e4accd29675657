//go:build whole

package peers

import (
	"strings"
	"testing"

	"posta/config"
)

// swaks are the arguments that make swaks send to a listener.
func (w *world) swaks(listener string, args ...string) []string {
	return append([]string{"--server", "127.0.0.1", "--port", w.port(listener), "--helo", "arquiredes.net",
		"--from", pepe, "--to", usuario, "--data", "@" + w.file("", strings.TrimSuffix(letter, "\r\n")), "--timeout", "30"}, args...)
}

// swaks speaks HELO, EHLO, AUTH and TLS.
func TestSwaks(t *testing.T) {
	user := []string{"--auth-user", pepe, "--auth-password", secret}
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct {
			name, listener string
			args           []string
			shows          string
			lab            bool
		}{
			{"HELO", "smtp", []string{"--protocol", "SMTP"}, " -> HELO arquiredes.net", false},
			{"EHLO", "smtp", []string{"--protocol", "ESMTP"}, " -> EHLO arquiredes.net", false},
			{"pipelining", "smtp", []string{"--pipeline"}, " -> RCPT TO:<usuario@servidor.es>\n -> DATA\n<-  250 2.1.0 ", false},
			{"STARTTLS", "smtp", []string{"--tls", "--tls-verify", "--tls-ca-path", w.ca}, "~> MAIL FROM", false},
			{"PLAIN", "submission", append([]string{"--tls", "--auth", "PLAIN"}, user...), "~> AUTH PLAIN", false},
			{"LOGIN", "submission", append([]string{"--tls", "--auth", "LOGIN"}, user...), "~> AUTH LOGIN", false},
			{"implicit TLS", "submissions", append([]string{"--tls-on-connect", "--auth", "PLAIN"}, user...), "~> AUTH PLAIN", false},
			{"PLAIN in the clear", "smtp", append([]string{"--auth", "PLAIN"}, user...), " -> AUTH PLAIN", true},
			{"LOGIN in the clear", "submission", append([]string{"--auth", "LOGIN"}, user...), " -> AUTH LOGIN", true},
		} {
			if c.lab && mode != config.ModeLab {
				continue
			}
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				if shown := w.must("", "swaks", w.swaks(c.listener, c.args...)...); !strings.Contains(shown, c.shows) {
					t.Errorf("no %q in\n%s", c.shows, shown)
				}
				w.arrived(usuario, letter)
			})
		}
	}
}

// swaks ends with a code that tells what was refused.
func TestSwaksRefused(t *testing.T) {
	w := start(t, config.ModeStrict)
	wrong := []string{"--auth", "PLAIN", "--auth-user", pepe, "--auth-password", "wrong"}
	for _, c := range []struct {
		name, listener string
		args           []string
		code           int
		shows          string
	}{
		{"wrong password", "submissions", append([]string{"--tls-on-connect"}, wrong...), 28, "<~* 535 5.7.8 "},
		{"AUTH in the clear", "submission", wrong, 28, ""},
		{"AUTH on port 25", "smtp", append([]string{"--tls"}, wrong...), 28, ""},
		{"relay", "smtp", []string{"--to", "a@example.com"}, 24, "<** 550 5.7.1 "},
		{"nobody", "smtp", []string{"--to", "nadie@pepito.es"}, 24, "<** 550 5.1.1 "},
		{"HTTP", "smtp", []string{"--protocol", "SMTP", "--helo", "x\r\nGET / HTTP/1.1"}, 6, "closed connection unexpectedly"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			if shown := w.fails(c.code, "", "swaks", w.swaks(c.listener, c.args...)...); !strings.Contains(shown, c.shows) {
				t.Errorf("no %q in\n%s", c.shows, shown)
			}
			if n := len(w.inbox(usuario)); n != 0 {
				t.Errorf("%d messages arrived", n)
			}
		})
	}
}
