//go:build whole

package peers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posta/config"
)

// msmtp are the arguments that make msmtp send to a listener as an account.
func (w *world) msmtp(listener, password string, args ...string) []string {
	all := []string{"--host=127.0.0.1", "--port=" + w.port(listener), "--domain=arquiredes.net", "--from=" + pepe,
		"--tls-trust-file=" + w.ca, "--user=" + pepe, "--passwordeval=echo " + password, "--timeout=30", "--debug"}
	return append(append(all, args...), "--", usuario)
}

// msmtp sends with STARTTLS and with TLS from the start, with each mechanism.
func TestMsmtp(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct {
			name, listener string
			args           []string
		}{
			{"STARTTLS, SCRAM-SHA-256", "submission", []string{"--tls=on", "--auth=scram-sha-256"}},
			{"STARTTLS, own choice", "submission", []string{"--tls=on", "--auth=on"}},
			{"TLS, PLAIN", "submissions", []string{"--tls=on", "--tls-starttls=off", "--auth=plain"}},
			{"TLS, LOGIN", "submissions", []string{"--tls=on", "--tls-starttls=off", "--auth=login"}},
			{"MX", "smtp", []string{"--tls=off", "--auth=off"}},
			{"MX, STARTTLS", "smtp", []string{"--tls=on", "--auth=off"}},
		} {
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				w.must(strings.ReplaceAll(letter, "\r\n", "\n"), "msmtp", w.msmtp(c.listener, secret, c.args...)...)
				w.arrived(usuario, letter)
			})
		}
		t.Run(mode+"/wrong password", func(t *testing.T) {
			w := w.in(t)
			said := w.fails(77, letter, "msmtp", w.msmtp("submission", "wrong", "--tls=on", "--auth=scram-sha-256")...)
			if !strings.Contains(said, "535") {
				t.Errorf("msmtp says\n%s", said)
			}
		})
	}
}

// mpop are the arguments that make mpop fetch from a listener into a maildir.
func (w *world) mpop(listener, user, maildir string, args ...string) []string {
	return append([]string{"--host=127.0.0.1", "--port=" + w.port(listener), "--tls-trust-file=" + w.ca, "--user=" + user,
		"--passwordeval=echo " + secret, "--deliver=maildir," + maildir, "--uidls-file=" + filepath.Join(maildir, "uidls"),
		"--received-header=off", "--timeout=30", "--debug"}, args...)
}

// maildir makes an empty one.
func (w *world) maildir() string {
	dir, err := os.MkdirTemp(w.home, "maildir")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			w.t.Fatal(err)
		}
	}
	return dir
}

// delivered are the messages of a maildir; the programs keep them with LF.
func (w *world) delivered(dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, strings.ReplaceAll(string(text), "\n", "\r\n"))
	}
	return all
}

// mpop fetches with STLS and TLS, with each way to log in, pipelined or not,
// leaves mail or takes it away, and knows again what it has.
func TestMpop(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, c := range []struct {
			name, listener, user string
			args                 []string
			lab                  bool
		}{
			{"STLS, own choice", "pop3", pepe, []string{"--tls=on", "--auth=on"}, false},
			{"STLS, SCRAM-SHA-256", "pop3", pepe, []string{"--tls=on", "--auth=scram-sha-256", "--pipelining=auto"}, false},
			{"STLS, USER", "pop3", pepe, []string{"--tls=on", "--auth=user", "--pipelining=on"}, false},
			{"TLS, PLAIN", "pop3s", pepe, []string{"--tls=on", "--tls-starttls=off", "--auth=plain", "--pipelining=auto"}, false},
			{"TLS, LOGIN", "pop3s", pepe, []string{"--tls=on", "--tls-starttls=off", "--auth=login", "--pipelining=off"}, false},
			{"APOP", "pop3", marked, []string{"--tls=off", "--auth=apop"}, true},
			{"APOP under STLS", "pop3", marked, []string{"--tls=on", "--auth=apop"}, true},
			{"SCRAM in the clear", "pop3", pepe, []string{"--tls=off", "--auth=scram-sha-256"}, true},
		} {
			if c.lab && mode != config.ModeLab {
				continue
			}
			t.Run(mode+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				for range 3 {
					w.curlIn(c.user, letter)
				}
				w.curlIn(c.user, "Subject: dots\r\n\r\n.\r\n..\r\nend\r\n")
				kept, dir := w.inbox(c.user), w.maildir()
				w.must("", "mpop", w.mpop(c.listener, c.user, dir, append(c.args, "--keep=on")...)...)
				w.same(w.delivered(dir), kept)
				w.curlIn(c.user, letter)
				kept = append(kept, w.inbox(c.user)[4])
				w.must("", "mpop", w.mpop(c.listener, c.user, dir, append(c.args, "--keep=off")...)...)
				w.same(w.delivered(dir), kept) // only the new one was fetched
				if n := len(w.inbox(c.user)); n != 0 {
					t.Errorf("%d messages are left", n)
				}
			})
		}
	}
}

// same wants the same messages in both, in any order.
func (w *world) same(got, want []string) {
	w.t.Helper()
	if len(got) != len(want) {
		w.t.Fatalf("%d messages were fetched, want %d\n%s", len(got), len(want), w.story())
	}
	left := map[string]int{}
	for _, m := range got {
		left[m]++
	}
	for _, m := range want {
		if left[m]--; left[m] < 0 {
			w.t.Errorf("not fetched: %s", brief(m))
		}
	}
}
