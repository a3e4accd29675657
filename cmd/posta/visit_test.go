package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// addressOf is where a listener of the running server is.
func (s *setting) addressOf(t *testing.T, listener string) string {
	t.Helper()
	status, said := s.run(t, "posta status --json", "")
	var told struct {
		Listeners []struct{ Name, Address string }
	}
	if err := json.Unmarshal([]byte(said), &told); status != exitDone || err != nil {
		t.Fatalf("status %d, %v: %s", status, err, said)
	}
	for _, l := range told.Listeners {
		if l.Name == listener {
			return l.Address
		}
	}
	t.Fatalf("there is no %s: %s", listener, said)
	return ""
}

// dialogue says the lines, and waits for an answer to each; to those of a
// message's text there is none.
func dialogue(t *testing.T, c net.Conn, lines ...string) {
	t.Helper()
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(startTime)); err != nil {
		t.Fatal(err)
	}
	in := textproto.NewReader(bufio.NewReader(c))
	hear := func() {
		for {
			line, err := in.ReadLine()
			if err != nil {
				t.Fatal(err)
			}
			if len(line) < 4 || line[3] != '-' || strings.HasPrefix(line, "-ERR") {
				return
			}
		}
	}
	hear()
	for _, line := range lines {
		if _, err := io.WriteString(c, line+"\r\n"); err != nil {
			t.Fatal(err)
		}
		hear()
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, startTime)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// send delivers a message by SMTP.
func (s *setting) send(t *testing.T, from, to, text string) {
	t.Helper()
	dialogue(t, dial(t, s.addressOf(t, "smtp")), "HELO example.net", "MAIL FROM:<"+from+">", "RCPT TO:<"+to+">", "DATA", text+".", "QUIT")
}

// visit leaves a session behind on the server: of somebody who fails to log in
// where it is strict, else of somebody who logs in.
func (s *setting) visit(t *testing.T, server string) {
	t.Helper()
	switch server {
	case labServer:
		dialogue(t, dial(t, s.addressOf(t, "pop3")), "USER pepe", "PASS "+recall(s.data).Passwords["pepe@pepito.es"], "STAT", "QUIT")
		dialogue(t, dial(t, s.addressOf(t, "smtp")), "HELO pepito.es", "QUIT")
	case strictServer:
		c := tls.Client(dial(t, s.addressOf(t, "pop3s")), &tls.Config{InsecureSkipVerify: true})
		dialogue(t, c, "USER pepe@pepito.es", "PASS wrong", "QUIT")
	}
}
