package server

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
	"posta/directory"
)

// busy is how long anything may take where the machine has much to do.
const busy = time.Minute

// start runs a whole lab on port 0 and gives the address of each listener.
func start(t testing.TB, change func(*config.Config)) (*House, map[string]string) {
	t.Helper()
	cfg := config.Lab()
	cfg.Hostname = "mail.test"
	cfg.Data = t.TempDir()
	for i := range cfg.Listeners {
		cfg.Listeners[i].Addr = "127.0.0.1:0"
	}
	if change != nil {
		change(cfg)
	}
	return run(t, cfg, Options{Version: "test"})
}

// run runs a house until the test ends.
func run(t testing.TB, cfg *config.Config, o Options) (*House, map[string]string) {
	t.Helper()
	o.Cost = directory.Cost{Memory: 64, Time: 1, Iterations: 4096}
	ctx, cancel := context.WithCancel(context.Background())
	h, err := Open(ctx, *cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	bounds, err := h.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("Serve:", err)
		}
		if err := h.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
	addrs := map[string]string{}
	for _, b := range bounds {
		addrs[b.Name] = b.Actual
	}
	return h, addrs
}

// dialogue sends lines one after the other and gives what was answered to each.
func dialogue(t *testing.T, addr string, lines ...string) []string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(busy))
	r := bufio.NewReader(c)
	answers := []string{answer(t, r)}
	for _, line := range lines {
		if _, err := c.Write([]byte(line + "\r\n")); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer(t, r))
	}
	return answers
}

// answer reads one reply; the multi-line ones of SMTP whole.
func answer(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", all.String(), err)
		}
		all.WriteString(line)
		if len(line) < 4 || line[3] != '-' || line[0] < '2' || line[0] > '5' {
			return all.String()
		}
	}
}

// A letter goes in by SMTP, is kept, and comes out by POP3; the operations see it.
func TestLetterThroughTheHouse(t *testing.T) {
	h, addrs := start(t, nil)
	ops := h.Operations()
	ctx := t.Context()
	secret := "clave-2026"
	for name, in := range map[string]any{
		"domain.add": admin.DomainChange{Name: "jaramillo.edu.ec"},
	} {
		if err := ops.Call(ctx, name, in, nil); err != nil {
			t.Fatal(name, err)
		}
	}
	if err := ops.Call(ctx, "account.add", admin.AccountChange{Address: "gorka@jaramillo.edu.ec", Password: &secret}, nil); err != nil {
		t.Fatal(err)
	}
	got := dialogue(t, addrs["smtp"], "HELO jaramillo.edu.ec", "MAIL FROM: luis@jaramillo.edu.ec",
		"RCPT TO: gorka@jaramillo.edu.ec", "DATA", "luis jaramillo uday\r\n.", "QUIT")
	for i, code := range []string{"220", "250", "250", "250", "354", "250", "221"} {
		if !strings.HasPrefix(got[i], code) {
			t.Errorf("answer %d is %q, want %s", i, got[i], code)
		}
	}
	got = dialogue(t, addrs["pop3"], "USER gorka", "PASS "+secret, "STAT", "QUIT")
	for i, want := range []string{"+OK", "+OK", "+OK", "+OK 1 ", "+OK"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("answer %d is %q, want %s", i, got[i], want)
		}
	}
	client, err := admin.Dial(ctx, h.cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	var messages []admin.Message
	if err := client.Call(ctx, "message.list", admin.ByAddress{Address: "gorka@jaramillo.edu.ec"}, &messages); err != nil {
		t.Fatal(err)
	}
	if len(messages) != 1 {
		t.Fatalf("%d messages, want 1", len(messages))
	}
	var text strings.Builder
	id := admin.MessageID{Box: admin.Box{Address: "gorka@jaramillo.edu.ec"}, UID: messages[0].UID}
	if err := client.Call(ctx, "message.export", id, &text); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(text.String(), "\r\n\r\nluis jaramillo uday\r\n") {
		t.Errorf("stored: %q", text.String())
	}
	var missing *admin.Error
	if err := client.Call(ctx, "account.show", admin.ByAddress{Address: "nadie@jaramillo.edu.ec"}, nil); !errors.As(err, &missing) || missing.Code != "not_found" {
		t.Errorf("account.show of nobody: %v", err)
	}
}
