package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"posta/wire/wiretest"
)

// hostThat is a mail server that plays a script on each of its connections.
func hostThat(t *testing.T, scripts ...string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for _, script := range scripts {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			_ = wiretest.Script(nc, script, &tls.Config{}) // what came of it the probe says
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Whatever a host does, the verdict says it in words and in the status.
func TestProbeVerdicts(t *testing.T) {
	const hello = "S: 220 x\nC*\nS: 250 x\n"
	const offered = "S: 220 x\nC*\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\n"
	const asked = hello + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<ana@[127.0.0.1]>\n"
	const leave = "\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye"
	for name, test := range map[string]struct {
		status  int
		says    string
		scripts []string
	}{
		"yes":                 {exitDone, "would take mail for ana@[127.0.0.1]: 251 forwards", []string{asked + "S: 251 forwards" + leave}},
		"in clear":            {exitDone, "without TLS", []string{asked + "S: 250 ok" + leave}},
		"no":                  {exitFailed, "takes no mail for ana@[127.0.0.1]: 550 5.1.1 who is ? ana", []string{asked + "S: 550-5.1.1 who is \x1b\nS: 550 5.1.1 ana" + leave}},
		"later":               {exitFailed, "just now: 450 grey", []string{asked + "S: 450 grey" + leave}},
		"not the sender":      {exitFailed, "takes no mail from <>: 550 no", []string{hello + "C*\nS: 550 no\nC: QUIT\nS: 221 bye"}},
		"not from here":       {exitFailed, "wants no mail from this computer: 554 dial-up", []string{"S: 554 dial-up\nC: QUIT\nS: 221 bye"}},
		"421":                 {exitFailed, "421 busy", []string{"S: 421 busy"}},
		"closes":              {exitFailed, "closed the connection", []string{"S: 220 x\nC*"}},
		"no mail server":      {exitFailed, "makes no sense", []string{"S: SSH-2.0-OpenSSH_9"}},
		"POP3":                {exitFailed, "answers as a POP3 server", []string{"S: +OK ready"}},
		"TLS fails":           {exitDone, "it was asked again in the clear", []string{offered + "S: 220 go", asked + "S: 250 ok" + leave}},
		"STARTTLS taken back": {exitDone, "would take", []string{offered + "S: 454 no\n" + strings.TrimPrefix(asked, hello) + "S: 250 ok" + leave}},
		"TLS fails and no":    {exitFailed, "takes no mail", []string{offered + "S: 220 go", asked + "S: 550 no" + leave}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			env := map[string]string{"HOME": t.TempDir(), "POSTA_LANG": "en", "XDG_STATE_HOME": t.TempDir(), "POSTA_DATA": t.TempDir()}
			status := run(t.Context(), []string{"probe", "ana@[127.0.0.1]", "--port", hostThat(t, test.scripts...), "--resolver", "127.0.0.1:9"},
				terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string { return env[k] }})
			said := strings.Join(strings.Fields(out.String()+errs.String()), " ")
			if status != test.status || !strings.Contains(said, test.says) {
				t.Errorf("status %d: %s\n%s", status, out.String(), errs.String())
			}
			for line := range strings.Lines(out.String()) {
				if len([]rune(line)) > terminalWidth+1 {
					t.Errorf("a line is wider than a terminal: %s", line)
				}
			}
		})
	}
}

// Why TLS did not come about is said in the user's language.
func TestProbeWithoutTLS(t *testing.T) {
	const offered = "S: 220 x\nC*\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\n"
	var out, errs bytes.Buffer
	env := map[string]string{"HOME": t.TempDir(), "POSTA_LANG": "es", "XDG_STATE_HOME": t.TempDir(), "POSTA_DATA": t.TempDir()}
	port := hostThat(t, offered+"S: 220 go\ntls", "S: 421 x") // whose TLS has no certificate to show
	run(t.Context(), []string{"probe", "ana@[127.0.0.1]", "--port", port, "--resolver", "127.0.0.1:9"},
		terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string { return env[k] }})
	said := strings.Join(strings.Fields(out.String()+errs.String()), " ")
	if !strings.Contains(said, "no se logró TLS (el otro lado lo rechaza (") || strings.Contains(said, "remote error") {
		t.Error(said)
	}
}
