package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
)

// exportOf runs --export-mail on a capture, and gives what it lists.
func exportOf(t *testing.T, file []byte, args ...string) (all []exportedMail) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	status, out, errs := readCapture(t, file, append([]string{"--export-mail", dir, "--format", "json"}, args...)...)
	if status != exitDone {
		t.Fatalf("%d %s", status, errs)
	}
	for line := range strings.Lines(out) {
		var one exportedMail
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func content(t *testing.T, m exportedMail) []byte {
	t.Helper()
	octets, err := os.ReadFile(m.File)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// The messages are those that tshark exports, to the octet. Where the text ends in
// an empty line tshark loses it; of out-of-order segments, of what it took for a
// message, and of POP3 it exports something else.
func TestExportedMailIsTsharks(t *testing.T) {
	dir := capturetest.Dir(t)
	differs := []string{"bug-3616-smtp.pcap", "smtp-bug-5981.pcap", "smtp-pipelining.pcap", "ruletype-firewall-133-smtp-out-of-order-commands.pcap",
		"pop3-02-bug-7709.pcap", "pop3.pcap"}
	answers, err := filepath.Glob(dir + "/*/*.imf.jsonl")
	if err != nil || len(answers) < 30 {
		t.Fatal(answers, err)
	}
	same := 0
	for _, answer := range answers {
		name := strings.TrimSuffix(answer, ".imf.jsonl")
		truth, err := os.ReadFile(answer)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range exportOf(t, public(t, strings.TrimPrefix(name, dir+"/"))) {
			octets := content(t, m)
			sum := func(octets []byte) string { return fmt.Sprintf("%x", sha256.Sum256(octets)) }
			switch {
			case strings.Contains(string(truth), sum(octets)), strings.Contains(string(truth), sum(bytes.TrimSuffix(octets, []byte("\r\n")))):
				same++
			case !slices.Contains(differs, filepath.Base(name)):
				t.Errorf("%s: frame %d, %d octets: tshark exports something else", name, m.Frame, len(octets))
			}
		}
	}
	if same < 22 {
		t.Errorf("%d messages are tshark's", same)
	}
}

// largeCapture is a session with a message of so many octets, written as a capture.
func largeCapture(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	s, err := capture.NewSessions(&out, capture.SessionOptions{Application: "test"})
	if err != nil {
		t.Fatal(err)
	}
	at, off := time.Unix(1_700_000_000, 0), [2]int64{}
	s.Emit(&event.Event{Conn: 1, Kind: event.Open, Time: at, Fact: event.Opened{Protocol: "smtp", Endpoints: event.Endpoints{
		Remote: netip.MustParseAddrPort("192.0.2.9:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")}}})
	say := func(d event.Dir, octets []byte) {
		at = at.Add(time.Millisecond)
		s.Emit(&event.Event{Conn: 1, Kind: event.Data, Time: at, Dir: d, Layer: event.Text, Data: octets, Len: int64(len(octets)), Off: off[d]})
		off[d] += int64(len(octets))
	}
	say(event.FromListener, []byte("220 x\r\n"))
	say(event.FromDialer, []byte("HELO y\r\n"))
	say(event.FromListener, []byte("250 x\r\n"))
	say(event.FromDialer, []byte("MAIL FROM:<a@b.example>\r\n"))
	say(event.FromListener, []byte("250 ok\r\n"))
	say(event.FromDialer, []byte("RCPT TO:<c@d.example>\r\n"))
	say(event.FromListener, []byte("250 ok\r\n"))
	say(event.FromDialer, []byte("DATA\r\n"))
	say(event.FromListener, []byte("354 go\r\n"))
	say(event.FromDialer, append(bytes.ReplaceAll(body, []byte("\r\n."), []byte("\r\n..")), ".\r\n"...))
	say(event.FromListener, []byte("250 ok\r\n"))
	s.Emit(&event.Event{Conn: 1, Kind: event.Close, Time: at, Fact: event.Closed{Reason: "quit"}})
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return out.Bytes()
}

// A message is whole, whatever its size, and no dot is there twice.
func TestExportLargeMail(t *testing.T) {
	body := append([]byte("Subject: ../../etc/pass wd\x1b[2J\r\n\r\n"), bytes.Repeat([]byte(".a line of text that begins with a dot\r\n"), 80_000)...)
	all := exportOf(t, largeCapture(t, body))
	if len(all) != 1 || !all[0].Whole || all[0].Size != int64(len(body)) || !bytes.Equal(content(t, all[0]), body) {
		t.Fatalf("%+v of %d octets", all, len(body))
	}
	if name := filepath.Base(all[0].File); name != "000013-0-etc-pass-wd-2j.eml" {
		t.Errorf("the file is %q", name)
	}
}

// Nothing is written over, and a filter chooses messages.
func TestExportMailKeepsFiles(t *testing.T) {
	pop, dir := public(t, "zeek/pop3.pcap"), t.TempDir()
	if status, _, errs := readCapture(t, pop, "--export-mail", dir); status != exitDone {
		t.Fatal(status, errs)
	}
	before, err := os.ReadDir(dir)
	if err != nil || len(before) != 3 {
		t.Fatal(before, err)
	}
	status, _, errs := readCapture(t, pop, "--export-mail", dir, "--lang", "en")
	if status != exitFailed || !strings.Contains(errs, "is there already") {
		t.Errorf("%d %s", status, errs)
	}
	if all := exportOf(t, pop, "--filter", `imf.subject contains "RE:"`); len(all) != 1 || all[0].Subject != "RE: Testing" {
		t.Errorf("%+v", all)
	}
	if status, _, _ := readCapture(t, labCapture, "--export-mail", t.TempDir(), "--fail-empty"); status != exitFailed {
		t.Errorf("no message: %d", status)
	}
}

func TestSlug(t *testing.T) {
	for subject, want := range map[string]string{"": "", "...": "", "Re: Hello, World!": "re-hello-world", "../x": "x", "ñandú 1/2": "ñandú-1-2",
		strings.Repeat("a", 100): strings.Repeat("a", 40), "CON": "con"} {
		if got := slug(subject); got != want {
			t.Errorf("%q is %q, want %q", subject, got, want)
		}
	}
}
