package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"posta/capture/capturetest"
)

// public reads one of the public captures.
func public(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(capturetest.Dir(t) + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadFindings(t *testing.T) {
	pop := public(t, "zeek/pop3.pcap")
	_, out, errs := readCapture(t, pop, "--findings", "--lang", "en")
	for _, want := range []string{"frame 66 · danger · stream 5 · 192.168.0.4:26308 → 212.227.15.166:110\n", "Decoded it is: napier123 (PLAIN; the server let the user in).",
		"password-clear, RFC 1939 §13, RFC 8314 §4.1, RFC 2595 §9\n", "16 findings: dangers 3,"} {
		if !strings.Contains(out, want) || errs != "" {
			t.Errorf("%q is missing in\n%s%s", want, out, errs)
		}
	}
	if n := strings.Count(out, "Whoever sees the packets has the password"); n != 1 {
		t.Errorf("why it matters stands %d times", n)
	}
	_, out, _ = readCapture(t, pop, "--findings", "--lang", "es")
	if !strings.Contains(out, "trama 66 · peligro · flujo 5") {
		t.Error(out)
	}
	// A filter chooses sessions.
	_, out, _ = readCapture(t, pop, "--findings", "--format", "json", "--filter", `pop.request.command == "RETR"`)
	for line := range strings.Lines(out) {
		var f findingLine
		if err := json.Unmarshal([]byte(line), &f); err != nil || *f.Stream != 6 || f.Rule == "" || f.Text == "" || f.Why == "" || len(f.Cites) == 0 {
			t.Errorf("%v: %s", err, line)
		}
	}
	if n := strings.Count(out, "\n"); n < 5 {
		t.Errorf("%d findings of the session", n)
	}
	if status, _, _ := readCapture(t, labCapture, "--findings", "--fail-empty"); status != exitFailed {
		t.Errorf("no finding: %d", status)
	}
	for _, two := range [][]string{{"--findings", "--credentials"}, {"--findings", "--streams"}, {"--eavesdrop", "--fields", "frame.number"}} {
		if status, _, _ := readCapture(t, labCapture, two...); status != exitUsage {
			t.Errorf("%v: %d", two, status)
		}
	}
	if status, _, errs := readCapture(t, labCapture, "--findings", "--filter", "smtp ="); status != exitUsage || !strings.Contains(errs, "^") {
		t.Errorf("a wrong filter: %d %s", status, errs)
	}
}

// What TLS hides is no finding, and the port is found by Decode As.
func TestReadFindingsDecodedAs(t *testing.T) {
	_, out, _ := readCapture(t, public(t, "suricata-verify/smtp-url-base64.pcap"), "--findings", "--format", "json", "--decode-as", "tcp.port==2525,smtp")
	if !strings.Contains(out, `"rule":"smuggling"`) {
		t.Error(out)
	}
	_, out, _ = readCapture(t, public(t, "zeek/smtp-starttls.pcap"), "--findings", "--format", "json")
	if strings.Contains(out, `"danger"`) || strings.Contains(out, `"warning"`) {
		t.Error(out)
	}
}

// The log-ins are those that tshark decodes.
func TestReadCredentialsAsTshark(t *testing.T) {
	dir := capturetest.Dir(t)
	users, passwords := 0, 0
	for _, answer := range capturetest.Answers(t) {
		name := strings.TrimPrefix(strings.TrimSuffix(answer, ".tshark.jsonl"), dir+"/")
		args := []string{"--credentials", "--format", "json"}
		if strings.Contains(name, "smtp-url-base64") {
			args = append(args, "--decode-as", "tcp.port==2525,smtp")
		}
		_, out, _ := readCapture(t, public(t, name), args...)
		ours := map[string]bool{}
		for line := range strings.Lines(out) {
			var c credential
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatal(err)
			}
			ours[c.User], ours[c.Password] = true, true
		}
		truth, err := os.ReadFile(answer)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(truth) {
			var f capturetest.Frame
			if err := json.Unmarshal(line, &f); err != nil {
				t.Fatal(err)
			}
			for _, user := range f.Texts("smtp.auth.username") {
				if users++; !ours[decoded(t, user)] {
					t.Errorf("%s: user %q is not listed: %s", name, user, out)
				}
			}
			for _, password := range f.Texts("smtp.auth.password") {
				if passwords++; !ours[decoded(t, password)] {
					t.Errorf("%s: password %q is not listed: %s", name, password, out)
				}
			}
			if requests := f.Texts("pop.request.command"); len(requests) == 1 && strings.EqualFold(requests[0], "PASS") {
				for _, password := range f.Texts("pop.request.parameter") {
					if passwords++; !ours[password] {
						t.Errorf("%s: password %q is not listed: %s", name, password, out)
					}
				}
			}
		}
	}
	if users < 3 || passwords < 5 {
		t.Errorf("%d users, %d passwords of tshark's were compared", users, passwords)
	}
}

// decoded undoes the base64 that tshark leaves.
func decoded(t *testing.T, text string) string {
	t.Helper()
	clear, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(text, err)
	}
	return string(clear)
}

func TestReadEavesdrop(t *testing.T) {
	_, out, errs := readCapture(t, public(t, "suricata-verify/bug-3616-smtp.pcap"), "--eavesdrop", "--format", "json", "--lang", "en")
	var l lessonLine
	if err := json.Unmarshal([]byte(out), &l); err != nil || errs != "" {
		t.Fatal(err, out, errs)
	}
	if len(l.Users) != 1 || l.Users[0].Password != "punjab@123" || len(l.Messages) != 1 || l.Messages[0].Subject != "SMTP" || l.TLS || l.Names[0] != "GP" ||
		strings.Contains(strings.Join(l.OverTLS, " "), "punjab") {
		t.Errorf("%+v", l)
	}
	_, out, _ = readCapture(t, labCapture, "--eavesdrop", "--lang", "en")
	if !strings.Contains(out, "User pepe.") || !strings.Contains(out, "An eavesdropper learnt:") || !strings.Contains(out, "Had the session been inside TLS") {
		t.Error(out)
	}
}

func TestReadFollow(t *testing.T) {
	_, out, errs := readCapture(t, labCapture, "--follow", "0", "--lang", "en")
	want := `C: 192.0.2.10:40001
S: 192.0.2.25:25

S: 220 mail.pepito.es ESMTP
C: HELO jaramillo.edu.ec
S: 250 mail.pepito.es
C: MAIL FROM:<luis@jaramillo.edu.ec>
S: 250 2.1.0 OK
C: QUIT
S: 221 2.0.0 Bye
`
	if out != want || errs != "" {
		t.Errorf("%s%s", out, errs)
	}
	_, out, _ = readCapture(t, labCapture, "--follow", "0", "--octets", "server")
	if !strings.HasPrefix(out, "220 mail.pepito.es ESMTP\r\n250 ") || strings.Contains(out, "HELO") {
		t.Errorf("%q", out)
	}
	_, out, _ = readCapture(t, labCapture, "--follow", "0", "--format", "json")
	var first followed
	line, _, _ := strings.Cut(out, "\n")
	if err := json.Unmarshal([]byte(line), &first); err != nil || first.From != "server" || first.Frame != 4 || *first.Text != "220 mail.pepito.es ESMTP\r\n" {
		t.Errorf("%v: %s", err, line)
	}
	status, _, errs := readCapture(t, labCapture, "--follow", "9", "--lang", "en")
	if status != exitFailed || !strings.Contains(errs, "no stream 9") {
		t.Errorf("%d %s", status, errs)
	}
	for _, wrong := range [][]string{{"--annotated"}, {"--octets", "client"}, {"--follow", "0", "--octets", "both"}, {"--follow", "0", "--octets", "client", "--annotated"}, {"--follow", "0", "--streams"}, {"--follow", "0", "--filter", "smtp"}} {
		if status, _, _ := readCapture(t, labCapture, wrong...); status != exitUsage {
			t.Errorf("%v: %d", wrong, status)
		}
	}
	// TLS is counted, other protocols are shown, and no octet of theirs is obeyed.
	_, out, _ = readCapture(t, public(t, "zeek/smtp-starttls.pcap"), "--follow", "0", "--lang", "en")
	if !strings.Contains(out, "S: 220 2.0.0 Ready to start TLS\nC: [517 octets of TLS]\n") || strings.Contains(out, `\x`) {
		t.Error(out)
	}
	_, out, _ = readCapture(t, public(t, "zeek/nonmail-redis-50-pings.pcap"), "--follow", "0")
	if !strings.Contains(out, "C: ") || !strings.Contains(out, "PONG") {
		t.Error(out)
	}
}

// The octets of each side are those that tshark follows.
func TestReadFollowIsWhole(t *testing.T) {
	file := public(t, "zeek/pop3.pcap")
	_, streams, _ := readCapture(t, file, "--streams", "--format", "json")
	for line := range strings.Lines(streams) {
		var s streamLine
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		_, client, _ := readCapture(t, file, "--follow", fmt.Sprint(s.Stream), "--octets", "client")
		_, server, _ := readCapture(t, file, "--follow", fmt.Sprint(s.Stream), "--octets", "server")
		sums := []string{fmt.Sprintf("%x", sha256.Sum256([]byte(client))), fmt.Sprintf("%x", sha256.Sum256([]byte(server)))}
		if !slices.Contains(sums, s.There.SHA256) || !slices.Contains(sums, s.Back.SHA256) {
			t.Errorf("stream %d: %d and %d octets are others than those of --streams: %s", s.Stream, len(client), len(server), line)
		}
	}
}

func TestReadAnnotated(t *testing.T) {
	_, out, errs := readCapture(t, labCapture, "--follow", "1", "--annotated", "--lang", "en")
	for _, want := range []string{" S: +OK ready\n", " C: USER pepe\n", "[RFC 1939 §7]", "connected → AUTHORIZATION: nobody is logged in"} {
		if !strings.Contains(out, want) || errs != "" {
			t.Errorf("%q is missing in\n%s%s", want, out, errs)
		}
	}
	_, out, _ = readCapture(t, labCapture, "--follow", "1", "--annotated", "--format", "json", "--lang", "es")
	var a annotatedAct
	line, _, _ := strings.Cut(out, "\n")
	if err := json.Unmarshal([]byte(line), &a); err != nil || a.Kind != "greeting" || a.From != "server" || a.Frame != 17 || a.Before != "conectado" || len(a.Cites) == 0 {
		t.Errorf("%v: %s", err, line)
	}
	if strings.Contains(out, "192.0.2.10:40001") {
		t.Error("another stream is annotated")
	}
}
