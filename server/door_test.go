package server

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"

	"posta/config"
)

// Who is turned away is told of; on a TLS port he hears nothing in clear text.
func TestTurnedAway(t *testing.T) {
	cfg := *config.Default()
	cfg.Data, cfg.Hostname = t.TempDir(), "mail.door.test"
	cfg.Listeners = []config.Listener{
		{Name: "smtp", Service: config.SMTP, Addr: "127.0.0.1:0", Mode: config.ModeStrict, TLS: config.TLSNone, MaxPerAddress: 1},
		{Name: "submissions", Service: config.Submission, Addr: "127.0.0.1:0", Mode: config.ModeStrict, TLS: config.TLSImplicit, MaxPerAddress: 1},
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, told := make(chan struct{}), make(chan string, 9)
	h, err := Open(ctx, cfg, Options{Ready: func() { close(ready) },
		Refused: func(listener string, remote netip.AddrPort, line string) {
			told <- listener + " " + remote.Addr().String() + " " + line
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	bounds, err := h.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx) }()
	<-ready
	const many = "421 4.7.0 Too many connections from your address; try again later"
	for i, want := range []string{many + "\r\n", ""} {
		first := dialed(t, bounds[i].Actual)
		if i == 0 {
			if _, err := bufio.NewReader(first).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		second, err := io.ReadAll(dialed(t, bounds[i].Actual))
		if err != nil || string(second) != want {
			t.Errorf("%s: %q, %v", bounds[i].Name, second, err)
		}
		if got := <-told; got != bounds[i].Name+" 127.0.0.1 "+many {
			t.Errorf("told %q", got)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if h.turnedAway.Load() != 2 {
		t.Errorf("%d were turned away", h.turnedAway.Load())
	}
}

func dialed(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
