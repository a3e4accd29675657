package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/admin"
	"posta/mail"
	"posta/wire/wiretest"
	"posta/words"
)

// hostThat is a mail server that plays a script on each of its connections.
func hostThat(t *testing.T, scripts ...string) (port string) {
	t.Helper()
	return hostWith(t, &tls.Config{}, scripts...)
}

// hostWith is hostThat with TLS that comes about.
func hostWith(t *testing.T, cfg *tls.Config, scripts ...string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for i, script := range scripts {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if i == len(scripts)-1 {
				l.Close() // who comes once more is refused
			}
			_ = wiretest.Script(nc, script, cfg) // what came of it the probe says
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// selfSigned is a certificate that nobody believes.
func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"x"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
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
		"not here":            {exitFailed, "takes no mail at this port, whoever sends it: 502 5.5.1 no", []string{hello + "C*\nS: 502 5.5.1 no\nC: QUIT\nS: 221 bye"}},
		"not the sender":      {exitFailed, "takes no mail from <>: 550 no", []string{hello + "C*\nS: 550 no\nC: QUIT\nS: 221 bye"}},
		"not from here":       {exitFailed, "wants no mail from this computer: 554 dial-up", []string{"S: 554 dial-up\nC: QUIT\nS: 221 bye"}},
		"421":                 {exitFailed, "421 busy", []string{"S: 421 busy"}},
		"closes":              {exitFailed, "closed the connection", []string{"S: 220 x\nC*"}},
		"a log-in first":      {exitFailed, "wants a log-in first, which the probe leaves out: 530 5.7.0 who are you", []string{hello + "C*\nS: 530 5.7.0 who are you\nC: QUIT\nS: 221 bye"}},
		"no mail server":      {exitFailed, "makes no sense", []string{"S: SSH-2.0-OpenSSH_9"}},
		"POP3":                {exitFailed, "answers as a POP3 server", []string{"S: +OK ready"}},
		"TLS fails":           {exitDone, "it was asked again in the clear", []string{offered + "S: 220 go", asked + "S: 250 ok" + leave}},
		"STARTTLS taken back": {exitDone, "would take", []string{offered + "S: 454 no\n" + strings.TrimPrefix(asked, hello) + "S: 250 ok" + leave}},
		"TLS fails and gone":  {exitAbsent, "none of its hosts takes a connection", []string{offered + "S: 220 go"}},
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

// Who says nothing in time has not answered; where TLS must begin, that is found out.
func TestProbeSilent(t *testing.T) {
	for says, scripts := range map[string][]string{
		" has said nothing for too long": {"C*", "S: x\nclosed"},
		"takes TLS from the start":       {"C*", "tls\nclosed"},
	} {
		var out, errs bytes.Buffer
		env := map[string]string{"HOME": t.TempDir(), "POSTA_LANG": "en", "XDG_STATE_HOME": t.TempDir(), "POSTA_DATA": t.TempDir()}
		status := run(t.Context(), []string{"probe", "ana@[127.0.0.1]", "--port", hostWith(t, selfSigned(t), scripts...), "--patience", "300ms", "--resolver", "127.0.0.1:9"},
			terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string { return env[k] }})
		if said := strings.Join(strings.Fields(errs.String()), " "); status != exitAbsent || !strings.Contains(said, says) {
			t.Errorf("status %d: %s", status, said)
		}
	}
}

// Where nothing can be kept the probe says so, and what it found counts.
func TestProbeWithoutState(t *testing.T) {
	const dialogue = "S: 220 x\nC*\nS: 250 x\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<ana@[127.0.0.1]>\nS: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye"
	for lang, want := range map[string]string{"en": "- Nothing was recorded: ", "es": "- No se grabó nada: "} {
		blocked := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(blocked, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		env := map[string]string{"HOME": blocked, "POSTA_LANG": lang, "XDG_STATE_HOME": filepath.Join(blocked, "state"), "POSTA_DATA": t.TempDir()}
		status := run(t.Context(), []string{"probe", "ana@[127.0.0.1]", "--port", hostThat(t, dialogue), "--resolver", "127.0.0.1:9"},
			terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string { return env[k] }})
		if status != exitDone || !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "--record") || errs.Len() > 0 {
			t.Errorf("status %d: %s\n%s", status, out.String(), errs.String())
		}
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

// A host that takes TLS and then no EHLO is asked again in clear, as mail would be.
func TestProbeRefusedWithinTLS(t *testing.T) {
	const hello = "S: 220 x\nC*\nS: 250-x\nS: 250 STARTTLS\n"
	port := hostWith(t, selfSigned(t),
		hello+"C: STARTTLS\nS: 220 go\ntls\nC*\nS: 450 no\nC: QUIT\nS: 221 bye",
		hello+"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<ana@[127.0.0.1]>\nS: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye")
	var out, errs bytes.Buffer
	env := map[string]string{"HOME": t.TempDir(), "POSTA_LANG": "en", "XDG_STATE_HOME": t.TempDir(), "POSTA_DATA": t.TempDir()}
	status := run(t.Context(), []string{"probe", "ana@[127.0.0.1]", "--port", port, "--resolver", "127.0.0.1:9", "--json"},
		terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string { return env[k] }})
	if said := out.String(); status != exitDone || !strings.Contains(said, `"verdict":"accepted"`) || strings.Contains(said, `"certificate"`) {
		t.Errorf("status %d: %s%s", status, said, errs.String())
	}
}

// The verdict is what would become of mail: who lets nobody begin is passed over,
// and the first answer to MAIL or RCPT counts, also one that may change later.
func TestProbeJudges(t *testing.T) {
	a := &app{}
	var err error
	if a.words, err = words.New("en"); err != nil {
		t.Fatal(err)
	}
	down := probedAddress{State: probeRefused}
	dialUp, busy := probedAddress{State: probeOpen, Code: 554}, probedAddress{State: probeOpen, Code: 451, Verb: "EHLO"}
	leaves, grey := probedAddress{State: probeOpen, Code: 421, Verb: "MAIL"}, probedAddress{State: probeOpen, Code: 450, Verb: "RCPT"}
	mute := probedAddress{State: probeOpen, Problem: "x", mute: true}
	ill, never := probedAddress{State: probeOpen, Problem: "x"}, probedAddress{State: probeOpen, Problem: "x", never: true}
	own, yes, no := probedAddress{State: probeOpen, Problem: "x", loops: true}, probedAddress{State: probeOpen, Code: 250, Verb: "RCPT"}, probedAddress{State: probeOpen, Code: 550, Verb: "RCPT"}
	for name, test := range map[string]struct {
		want string
		all  []probedAddress
	}{
		"passed over":            {"accepted", []probedAddress{down, dialUp, busy, leaves, ill, never, yes, no}},
		"a no is a no":           {"refused", []probedAddress{down, no, yes}},
		"for now":                {"later", []probedAddress{grey, yes}},
		"all want none":          {"refused", []probedAddress{dialUp, dialUp}},
		"one may want it":        {"later", []probedAddress{dialUp, down}},
		"it leaves":              {"later", []probedAddress{leaves}},
		"something came between": {"later", []probedAddress{ill, dialUp}},
		"it says nothing":        {"unanswered", []probedAddress{mute, down}},
		"not carried":            {"failed", []probedAddress{never, down}},
		"itself":                 {"loop", []probedAddress{own}},
		"others behind":          {"loop", []probedAddress{own, yes}},
		"one before":             {"accepted", []probedAddress{yes, own}},
		"one before is down":     {"later", []probedAddress{down, own}},
		"nobody":                 {"unreachable", []probedAddress{down, down}},
	} {
		p := &prober{a: a, o: &probeOptions{}, to: &mail.Address{}}
		for i, one := range test.all {
			one.pref = i
			p.result.Hosts = append(p.result.Hosts, probedHost{Addresses: []probedAddress{one}})
		}
		if err := p.judge(); p.result.Verdict != test.want || (err == nil) != (test.want == "accepted") {
			t.Errorf("%s: %s, %v", name, p.result.Verdict, err)
		}
	}
}

// Who looks on is told that a host says nothing, not of one that only takes a moment.
func TestProbeTellsThatItWaits(t *testing.T) {
	for after, want := range map[time.Duration]string{time.Second: "",
		30 * time.Second: "192.0.2.7:2526 has taken the connection and says nothing yet; its greeting is waited for, up to 30 seconds\n"} {
		synctest.Test(t, func(t *testing.T) {
			w, err := words.New("en")
			if err != nil {
				t.Fatal(err)
			}
			var screen strings.Builder
			p := &prober{a: &app{words: w}, o: &probeOptions{patience: 30 * time.Second}, screen: &screen}
			heard := p.waiting(target{Protocol: protoSMTP, Host: "192.0.2.7", Port: 2526})
			time.Sleep(after)
			heard()
			time.Sleep(time.Minute)
			synctest.Wait() // what the timer wrote may be read
			if got := screen.String(); got != want {
				t.Errorf("after %v: %q", after, got)
			}
		})
	}
}

// A host that DNS names, and that greets with the running server's name, is it;
// a gateway that a route names may have the same name.
func TestProbeMeetsItself(t *testing.T) {
	for way, want := range map[string]string{wayMX: "loop", wayRoute: "answers"} {
		a := &app{}
		var err error
		if a.words, err = words.New("en"); err != nil {
			t.Fatal(err)
		}
		p := &prober{a: a, o: &probeOptions{patience: time.Minute}, rec: newRecording(),
			way: &admin.RouteTest{Helo: "us.example", Names: []string{"mail.us.example", "us.example"}}}
		p.result.Way = way
		at := "127.0.0.1:" + hostThat(t, "S: 220 US.example ESMTP\nC: EHLO us.example\nS: 250 x\nC: QUIT\nS: 221 bye")
		if err := p.takeTarget(&admin.RouteTarget{Host: "mx.x.example", Address: at, Source: "127.0.0.1"}); err != nil {
			t.Fatal(err)
		}
		p.askAll(t.Context())
		if err := p.judge(); p.result.Verdict != want {
			t.Errorf("%s: %s, %v", way, p.result.Verdict, err)
		}
		p.rec.ring.Close()
	}
}
