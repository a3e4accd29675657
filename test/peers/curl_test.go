//go:build whole

package peers

import (
	"regexp"
	"strings"
	"testing"

	"posta/config"
)

// matched is where the first match of a pattern ends, or -1.
func matched(pattern, text string) int {
	if found := regexp.MustCompile(pattern).FindStringIndex(text); found != nil {
		return found[1]
	}
	return -1
}

// curlIn hands a message in on the MX port.
func (w *world) curlIn(to, message string, args ...string) {
	w.t.Helper()
	w.must("", "curl", w.curlSend("smtp", to, message, args...)...)
}

// curlSend are the arguments that make curl send a message.
func (w *world) curlSend(listener, to, message string, args ...string) []string {
	return append(w.curl("smtp", listener, "arquiredes.net"),
		append([]string{"--mail-from", "luis@jaramillo.edu.ec", "--mail-rcpt", to, "-T", w.file("", message)}, args...)...)
}

// curlFetch are the arguments that make curl fetch a message, or the list.
func (w *world) curlFetch(listener, user, number string, args ...string) []string {
	return append(w.curl("pop3", listener, number), append([]string{"-u", user + ":" + secret}, args...)...)
}

// curl are the arguments for a listener; the ones with an s at the end speak
// TLS from the first octet.
func (w *world) curl(scheme, listener, path string) []string {
	if listener == "submissions" || listener == "pop3s" {
		scheme += "s"
	}
	return []string{"-sS", "--max-time", "100", "--cacert", w.ca, "--resolve", host + ":" + w.port(listener) + ":127.0.0.1",
		scheme + "://" + host + ":" + w.port(listener) + "/" + path}
}

const letter = "From: <pepe@pepito.es>\r\nTo: <usuario@servidor.es>\r\nDate: Mon, 5 Oct 2026 10:00:00 -0500\r\n" +
	"Message-ID: <1@pepito.es>\r\nSubject: Asunto\r\n\r\nEste mensaje es de prueba.\r\n"

// curl sends with every way of TLS and every mechanism that it knows.
func TestCurlSends(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct {
			name, listener string
			args           []string
			lab            bool // only there
		}{
			{"MX", "smtp", nil, false},
			{"MX, TLS", "smtp", []string{"--ssl-reqd"}, false},
			{"MX, TLS 1.2", "smtp", []string{"--ssl-reqd", "--tls-max", "1.2"}, false},
			{"submission", "submission", []string{"--ssl-reqd", "-u", pepe + ":" + secret}, false},
			{"submissions", "submissions", []string{"-u", pepe + ":" + secret}, false},
			{"PLAIN", "submissions", []string{"-u", pepe + ":" + secret, "--login-options", "AUTH=PLAIN"}, false},
			{"PLAIN with initial response", "submissions", []string{"-u", pepe + ":" + secret, "--login-options", "AUTH=PLAIN", "--sasl-ir"}, false},
			{"LOGIN", "submissions", []string{"-u", pepe + ":" + secret, "--login-options", "AUTH=LOGIN"}, false},
			{"default domain", "submissions", []string{"-u", "pepe:" + secret}, false},
			{"LOGIN in the clear", "smtp", []string{"-u", pepe + ":" + secret, "--login-options", "AUTH=LOGIN"}, true},
			{"PLAIN in the clear", "submission", []string{"-u", pepe + ":" + secret, "--login-options", "AUTH=PLAIN"}, true},
		} {
			if c.lab && mode != config.ModeLab {
				continue
			}
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				args := append(w.curlSend(c.listener, usuario, letter, c.args...), "--mail-from", pepe)
				w.must("", "curl", args...)
				w.arrived(usuario, letter)
			})
		}
	}
}

// What is not allowed fails in curl with the code that tells why.
func TestCurlRefused(t *testing.T) {
	w := start(t, config.ModeStrict)
	for _, c := range []struct {
		name string
		code int
		says string
		args []string
	}{
		{"wrong password", 67, "", append(w.curlSend("submissions", usuario, letter), "-u", pepe+":wrong")},
		{"password in the clear", 55, "530", append(w.curlSend("submission", usuario, letter), "-u", pepe+":"+secret)},
		{"submission in the clear", 55, "530", w.curlSend("submission", usuario, letter)},
		{"nobody", 55, "RCPT failed: 550", w.curlSend("smtp", "nadie@pepito.es", letter)},
		{"relay", 55, "RCPT failed: 550", w.curlSend("smtp", "a@example.com", letter)},
		{"somebody else's address", 55, "MAIL failed: 5", append(w.curlSend("submissions", usuario, letter, "-u", pepe+":"+secret), "--mail-from", gorka)},
		{"too big", 55, "MAIL failed: 552", w.curlSend("smtp", usuario, letter+strings.Repeat(strings.Repeat("x", 1022)+"\r\n", 51<<10))},
		{"POP3 in the clear", 67, "", w.curlFetch("pop3", pepe, "")},
		{"POP3, wrong password", 67, "", append(w.curlFetch("pop3s", pepe, ""), "-u", pepe+":wrong")},
		{"POP3, no such message", 8, "", w.curlFetch("pop3s", pepe, "1")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			if said := w.fails(c.code, "", "curl", c.args...); !strings.Contains(said, c.says) {
				t.Errorf("curl says %q, want %q in it\n%s", said, c.says, w.story())
			}
			if n := len(w.inbox(usuario)); n != 0 {
				t.Errorf("%d messages arrived", n)
			}
		})
	}
}

// curl fetches, looks and deletes with POP3.
func TestCurlFetches(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct {
			name, listener, user string
			args                 []string
			lab                  bool
		}{
			{"POP3S", "pop3s", usuario, nil, false},
			{"STLS", "pop3", usuario, []string{"--ssl-reqd"}, false},
			{"STLS, PLAIN", "pop3", usuario, []string{"--ssl-reqd", "--login-options", "AUTH=PLAIN"}, false},
			{"LOGIN", "pop3s", usuario, []string{"--login-options", "AUTH=LOGIN"}, false},
			{"initial response", "pop3s", usuario, []string{"--login-options", "AUTH=PLAIN", "--sasl-ir"}, false},
			{"in the clear", "pop3", usuario, nil, true},
			{"APOP", "pop3", marked, []string{"--login-options", "AUTH=+APOP"}, true},
		} {
			if c.lab && mode != config.ModeLab {
				continue
			}
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				w.curlIn(c.user, letter)
				kept := w.inbox(c.user)[0]
				fetch := func(path string, args ...string) string {
					return w.must("", "curl", w.curlFetch(c.listener, c.user, path, append(c.args, args...)...)...)
				}
				if got := fetch("1"); got != kept {
					t.Errorf("RETR gives %s, want %s", brief(got), brief(kept))
				}
				head, _, _ := strings.Cut(kept, "\r\n\r\n")
				if got := fetch("", "-X", "TOP 1 0"); got != head+"\r\n\r\n" {
					t.Errorf("TOP gives %s", brief(got))
				}
				if got := fetch("", "-X", "UIDL"); matched(`^1 [!-~]{1,70}\r\n$`, got) < 0 {
					t.Errorf("UIDL gives %q", got)
				}
				fetch("1", "-X", "DELE", "--list-only")
				if n := len(w.inbox(c.user)); n != 0 {
					t.Errorf("%d messages are left after DELE", n)
				}
			})
		}
	}
}
