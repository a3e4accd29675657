package wire

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"

	"posta/event"
	"posta/wire/wiretest"
)

// The end that dialed sees the same directions as the one that listens, and
// its secrets are marked where they stand.
func TestDialer(t *testing.T) {
	client, server := wiretest.Pipe()
	w := &watcher{}
	c := NewConn(client, Options{ID: 1, Sink: w, Dialer: true})
	far := NewConn(server, Options{})
	far.Reply("+OK hello\n+OK in\r\n+OK\r\nA\rB\n.\nC\r\n..\r\n.\r\n")
	if err := far.Flush(); err != nil {
		t.Fatal(err)
	}
	if line, err := c.Line(512); string(line) != "+OK hello" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	c.Reply("PASS ")
	c.Secret("geheim")
	c.Reply("\r\n")
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"+OK in", "+OK"} {
		if line, err := c.Line(512); string(line) != want || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
	}
	if line, _ := far.Line(512); string(line) != "PASS geheim" {
		t.Errorf("the peer heard %q", line)
	}
	var body strings.Builder
	if _, err := c.Dot(&body, 0); err != nil || body.String() != "A\rB\r\n.\r\nC\r\n.\r\n" {
		t.Errorf("%q, %v", body.String(), err)
	}
	c.Close("quit")
	const want = `S 0 "+OK hello\n"
{a line ended in a bare LF, read as CRLF}
C 0 "PASS "
C 5 "******"
C 11 "\r\n"
S 10 "+OK in\r\n"
S 18 "+OK\r\n"
B 23 "A\rB\n.\nC\r\n..\r\n.\r\n"
close {quit}
`
	if got := w.log(); got != want {
		t.Errorf("the watchers saw\n%s", got)
	}
}

func TestDialTLS(t *testing.T) {
	client, server := wiretest.Pipe()
	w := &watcher{}
	c := NewConn(client, Options{ID: 1, Sink: w, Dialer: true})
	far := NewConn(server, Options{})
	ended := make(chan error, 1)
	go func() {
		_, err := far.Line(512)
		if err == nil {
			far.Reply("220 go\r\n")
			err = far.StartTLS(context.Background(), serverTLS(t))
		}
		if err == nil {
			_, err = far.Line(512)
		}
		ended <- err
	}()
	c.Reply("STARTTLS\r\n")
	if line, err := c.Line(512); string(line) != "220 go" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	if err := c.DialTLS(context.Background(), &tls.Config{InsecureSkipVerify: true, ServerName: "mail.example"}); err != nil {
		t.Fatal(err)
	}
	c.Reply("NOOP\r\n")
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	c.Close("quit")
	first := map[event.Dir]int64{}
	for _, e := range w.events {
		if e.Kind == event.Data && e.Layer == event.Wire {
			if _, seen := first[e.Dir]; !seen {
				first[e.Dir] = e.Off
			}
		}
	}
	if first[event.FromDialer] != int64(len("STARTTLS\r\n")) || first[event.FromListener] != int64(len("220 go\r\n")) {
		t.Errorf("ciphertext begins at %v", first)
	}
	if s := c.Secured(); s != "TLSv1.3 TLS_AES_128_GCM_SHA256" {
		t.Error(s)
	}
}
