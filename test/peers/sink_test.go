//go:build whole

package peers

import (
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/fault"
)

// Programs send to anybody, with whatever credentials, and fetch it as anybody.
func TestSink(t *testing.T) {
	w := start(t, config.ModeSink)
	send := func(t *testing.T, name string, args ...string) {
		t.Helper()
		w.call("message.delete", admin.MessagesOf{All: true}, nil)
		w.in(t).must("", name, args...)
		w.arrived("ana@example.net", letter)
	}
	file := w.file("", letter)
	swaks := func(listener string, args ...string) []string {
		return append([]string{"--server", "127.0.0.1", "--port", w.port(listener), "--from", "app@example.org",
			"--to", "Ana@Example.NET", "--data", "@" + w.file("", strings.TrimSuffix(letter, "\r\n")), "--timeout", "30"}, args...)
	}
	for _, c := range []struct {
		name, listener string
		args           []string
	}{
		{"nobody", "smtp", nil},
		{"PLAIN", "smtp", []string{"--auth", "PLAIN", "--auth-user", "apikey", "--auth-password", "x"}},
		{"LOGIN", "submission", []string{"--auth", "LOGIN", "--auth-user", "who", "--auth-password", "ever"}},
		{"submission without a log-in", "submission", nil},
		{"STARTTLS", "smtp", []string{"--tls", "--tls-verify", "--tls-ca-path", w.ca, "--auth", "PLAIN", "--auth-user", "x", "--auth-password", "x"}},
		{"implicit TLS", "submissions", []string{"--tls-on-connect"}},
	} {
		t.Run("swaks/"+c.name, func(t *testing.T) { send(t, "swaks", swaks(c.listener, c.args...)...) })
	}
	t.Run("curl", func(t *testing.T) {
		send(t, "curl", "-sS", "smtp://"+w.addrs["smtp"], "-u", "any:thing", "--mail-from", "app@example.org", "--mail-rcpt", "ana@example.net", "-T", file)
	})
	t.Run("POP3", func(t *testing.T) {
		w.in(t).must("", "swaks", swaks("smtp")...)
		shown := w.in(t).must("", "curl", "-sS", "pop3://"+w.addrs["pop3"]+"/1", "-u", "ana@example.net:whatever")
		if _, kept := prefix(shown); kept != letter {
			t.Errorf("fetched %s", brief(shown))
		}
		w.in(t).must("", "curl", "-sS", "-l", "-X", "DELE", "pop3://"+w.addrs["pop3"]+"/1", "-u", "ana@example.net:other")
		if n := len(w.inbox("ana@example.net")); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

// swaks and curl meet faults as they would at a server that really fails.
func TestFaults(t *testing.T) {
	w := start(t, config.ModeSink)
	swaks := []string{"--server", "127.0.0.1", "--port", w.port("smtp"), "--from", "app@example.org", "--to", "ana@example.net", "--timeout", "30"}
	for _, c := range []struct {
		rule  fault.Rule
		code  int // swaks'
		shows string
	}{
		{fault.Rule{At: "connect", Reply: "421 4.3.2 Busy"}, 21, "<** 421 4.3.2 Busy"},
		{fault.Rule{At: "ehlo", Close: true}, 6, ""},
		{fault.Rule{At: "mail", Match: "app@*", Reply: "550 5.7.1 Blocked"}, 23, "<** 550 5.7.1 Blocked"},
		{fault.Rule{At: "rcpt", Match: "/^ana@/", Reply: "451 4.7.1 Greylisted"}, 24, "<** 451 4.7.1 Greylisted"},
		{fault.Rule{At: "data", Reply: "451 4.3.0 Not now"}, 25, "<** 451 4.3.0 Not now"},
		{fault.Rule{At: "dot", Delay: 20, Reply: "554 5.6.0 Not this one"}, 26, "<** 554 5.6.0 Not this one"},
	} {
		t.Run(c.rule.At, func(t *testing.T) {
			c.rule.Times = 1
			w.call("fault.add", c.rule, nil)
			if shown := w.in(t).fails(c.code, "", "swaks", swaks...); !strings.Contains(shown, c.shows) {
				t.Errorf("no %q in\n%s", c.shows, shown)
			}
			if n := len(w.inbox("ana@example.net")); n != 0 {
				t.Errorf("%d messages arrived", n)
			}
			w.in(t).must("", "swaks", swaks...) // once only
			w.call("message.delete", admin.MessagesOf{All: true}, nil)
		})
	}
	t.Run("pass", func(t *testing.T) {
		w.call("fault.add", fault.Rule{At: "pass", Match: "ana@*", Reply: "-ERR [AUTH] No"}, nil)
		w.in(t).fails(67, "", "curl", "-sS", "pop3://"+w.addrs["pop3"], "-u", "ana@example.net:x")
		w.in(t).must("", "curl", "-sS", "pop3://"+w.addrs["pop3"], "-u", "bob@example.net:x")
	})
}
