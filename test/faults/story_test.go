//go:build whole && linux

package faults

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/trace"
)

// Mail that was queued in the moment before a kill -9, and so before its trace was
// written, is found by its sender and its Message-ID when it is tried again.
func TestStoryOfWhatWaitedThroughAKill(t *testing.T) {
	dir := t.TempDir()
	program, data := buildPosta(t, dir), filepath.Join(dir, "data")
	hop, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hop.Close()
	h := quickstart(t, program, data)
	posta(t, program, data, "route", "add", "far.test", hop.Addr().String(), "--tls", "none")
	from := accountName(0)
	id := queueFor(t, h, from, "eva@far.test", "before@the.kill")
	h.kill()
	h = quickstart(t, program, data)
	answered := make(chan struct{})
	go func() { // what was dialed before the kill, and after it
		defer close(answered)
		for {
			conn, err := hop.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("421 4.3.2 later\r\n"))
			conn.Close()
		}
	}()
	for _, by := range [][]string{{"--from", from}, {"--message-id", "<before@the.kill>"}, {"--message-id", id}} {
		s := awaitStory(t, program, data, by...)
		if s.From != from || s.MessageID != "before@the.kill" || s.ID != id || s.To != "eva@far.test" || s.Status != "delayed" {
			t.Errorf("%q finds %+v", by, s)
		}
	}
	hop.Close()
	<-answered
	h.interrupt(t)
}

// buildPosta builds the program into a folder.
func buildPosta(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "posta")
	build := exec.Command("go", "build", "-o", program, "posta/cmd/posta")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// posta runs a command of the program.
func posta(t *testing.T, program, data string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, append(args, "--data", data)...).CombinedOutput()
	if err != nil {
		t.Fatalf("posta %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// queueFor hands in a message as who is logged in, and gives its queue id.
func queueFor(t *testing.T, h *house, from, to, messageID string) string {
	t.Helper()
	c, err := textproto.Dial("tcp", h.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, step := range []struct {
		code int
		line string
	}{
		{250, "EHLO client.test"},
		{235, "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+from+"\x00"+password))},
		{250, "MAIL FROM:<" + from + ">"}, {250, "RCPT TO:<" + to + ">"}, {354, "DATA"},
		{250, "From: " + from + "\r\nMessage-ID: <" + messageID + ">\r\n\r\nx\r\n."},
	} {
		if err := c.PrintfLine("%s", step.line); err != nil {
			t.Fatal(err)
		}
		if _, said, err = c.ReadResponse(step.code); err != nil {
			t.Fatal(err)
		}
	}
	return said[strings.LastIndexByte(said, ' ')+1:]
}

// awaitStory gives the one story that a search finds of what was tried.
func awaitStory(t *testing.T, program, data string, by ...string) (s trace.Story) {
	t.Helper()
	for end := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		found := posta(t, program, data, append([]string{"trace", "--json"}, by...)...)
		if strings.Contains(found, fmt.Sprintf("%q", "delayed")) {
			if err := json.Unmarshal([]byte(found), &s); err != nil {
				t.Fatalf("%v\n%s", err, found)
			}
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("trace %q finds\n%s\nin the queue is\n%s", by, found, posta(t, program, data, "queue", "list"))
		}
	}
}
