package main

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/event"
)

// tlsCapture is a session of OpenSSL's on port 465 that tlsview has for its
// tests, and its keys. They stand in the capture before the packet that is told;
// before none where that is 0.
func tlsCapture(t *testing.T, secretAt int) (file, keys []byte) {
	t.Helper()
	tape, err := os.ReadFile("../../tlsview/testdata/aes256.tape")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s, err := capture.NewSessions(&out, capture.SessionOptions{Application: "test"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	s.Emit(&event.Event{Conn: 1, Kind: event.Open, Time: now, Fact: event.Opened{Protocol: "smtp", TLS: true, Endpoints: event.Endpoints{
		Remote: netip.MustParseAddrPort("192.0.2.10:40001"), Local: netip.MustParseAddrPort("192.0.2.25:465")}}})
	n := 0
	for line := range strings.Lines(string(tape)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind == "key" {
			keys = append(keys, rest+"\n"...)
			continue
		}
		octets, err := hex.DecodeString(rest)
		if err != nil || kind == "" {
			continue
		}
		if n++; n == secretAt {
			err = s.Secret(capture.Secret{Type: capture.SecretTLS, Data: keys})
		}
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Millisecond)
		s.Emit(&event.Event{Conn: 1, Kind: event.Data, Time: now, Dir: event.Dir(kind[0] - '0'), Layer: event.Wire, Data: octets, Len: int64(len(octets))})
	}
	s.Emit(&event.Event{Conn: 1, Kind: event.Close, Time: now, Fact: event.Closed{Reason: "quit"}})
	return out.Bytes(), keys
}

func TestReadKeys(t *testing.T) {
	commands := []string{"--filter", "smtp.req || smtp.rsp", "--fields", "frame.number,smtp.req.command,smtp.response.code", "--format", "json"}
	const all = `{"frame.number":"9","smtp.response.code":"220"}
{"frame.number":"10","smtp.req.command":"EHLO"}
{"frame.number":"11","smtp.response.code":"250"}
{"frame.number":"12","smtp.req.command":"NOOP"}
{"frame.number":"13","smtp.response.code":"250"}
`
	dir := t.TempDir()
	file, keys := tlsCapture(t, 0)
	some, none := filepath.Join(dir, "keys.log"), filepath.Join(dir, "none.log")
	long := "#" + strings.Repeat("x", 1<<20) + "\n"
	for name, text := range map[string]string{some: long + string(keys), none: long} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, out, errs := readCapture(t, file, append(commands, "--keylog", some)...); out != all || errs != "" {
		t.Errorf("with a key log:\n%s%s", out, errs)
	}
	if _, out, errs := readCapture(t, file, commands...); out != "" || errs != "" {
		t.Errorf("without keys:\n%s%s", out, errs)
	}
	file, _ = tlsCapture(t, 1)
	if _, out, errs := readCapture(t, file, commands...); out != all || errs != "" {
		t.Errorf("with keys in the capture:\n%s%s", out, errs)
	}
	file, _ = tlsCapture(t, 8)
	_, rest, _ := strings.Cut(all, "EHLO\"}\n")
	if _, out, errs := readCapture(t, file, commands...); out != rest || errs != "" {
		t.Errorf("with keys in the middle of the capture:\n%s%s", out, errs)
	}
	for _, one := range []struct{ name, want string }{{none, "none.log holds no key of TLS; programs"}, {filepath.Join(dir, "missing"), "cannot read"}} {
		if status, _, errs := readCapture(t, file, "--keylog", one.name, "--lang", "en"); status != exitFailed || !strings.Contains(errs, one.want) {
			t.Errorf("%s: %d %s", one.name, status, errs)
		}
	}
}

// Who follows a stream sees what is inside of TLS.
func TestReadKeysFollow(t *testing.T) {
	file, _ := tlsCapture(t, 1)
	_, out, _ := readCapture(t, file, "--follow", "0", "--lang", "en")
	if _, said, _ := strings.Cut(out, "\n\n"); said != `C: [225 octets of TLS]
S: [1351 octets of TLS]
C: [80 octets of TLS]
S: [510 octets of TLS]
S: 220 here
C: EHLO x
S: 250 ok
C: NOOP
S: 250 yes
` {
		t.Error(said)
	}
	_, out, _ = readCapture(t, file, "--follow", "0", "--format", "json")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 10 || !strings.Contains(lines[5], `"frame":9,"time":"2026-09-21T14:13:20.006Z","from":"server","size":9,`) {
		t.Error(out)
	}
	file, _ = tlsCapture(t, 0)
	if _, out, _ = readCapture(t, file, "--follow", "0", "--lang", "en"); strings.Contains(out, "EHLO") || !strings.Contains(out, "octets of TLS") {
		t.Error(out)
	}
}

// A list of frames says what records hold, hidden or not.
func TestReadTLSFrames(t *testing.T) {
	info := func(file []byte) string {
		_, out, _ := readCapture(t, file, "--filter", "tls", "--fields", "_ws.col.Protocol,_ws.col.Info", "--lang", "en")
		var lines []string
		for line := range strings.Lines(out) {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		return strings.Join(lines[1:], "\n")
	}
	hidden, _ := tlsCapture(t, 0)
	if got := info(hidden); got != `TLS Client Hello
TLS Server Hello, Change Cipher Spec, Application Data, Application Data, Application Data, Application Data
TLS Change Cipher Spec, Application Data
`+strings.TrimSuffix(strings.Repeat("TLS Application Data\n", 8), "\n") {
		t.Error(got)
	}
	opened, _ := tlsCapture(t, 1)
	if got := info(opened); got != `TLS Client Hello
TLS Server Hello, Change Cipher Spec, Encrypted Extensions, Certificate, Certificate Verify, Finished
TLS Change Cipher Spec, Finished
TLS New Session Ticket
TLS New Session Ticket
SMTP S: 220 here
SMTP C: EHLO x
SMTP S: 250 ok
SMTP C: NOOP
SMTP S: 250 yes
TLS Alert: decode_error` {
		t.Error(got)
	}
}
