package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/event"
)

// growing is a capture that is read while it is written.
type growing struct {
	texts  chan string // octets of streams
	status chan int    // of who writes it
}

func (g growing) Wants(uint64, event.Layer, event.Part) bool { return true }

func (g growing) Emit(e *event.Event) {
	if e.Kind == event.Data {
		g.texts <- string(e.Data)
	}
}

// await waits for octets that hold a text.
func (g growing) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(startTime)
	for {
		select {
		case got := <-g.texts:
			if strings.Contains(got, text) {
				return
			}
		case <-late:
			t.Fatalf("%q does not come", text)
		}
	}
}

// capturing runs a `posta capture` to standard output until ctx is done, and reads it.
func (s *setting) capturing(ctx context.Context, t *testing.T, line string) growing {
	t.Helper()
	args, around, _ := s.terminal(t, line, "")
	in, out := io.Pipe()
	around.Out = out
	g := growing{make(chan string, 1000), make(chan int, 1)}
	go func() {
		g.status <- run(ctx, args, around)
		out.Close()
	}()
	go func() {
		r, err := capture.NewReader(in)
		if err == nil {
			err = capture.Read(context.WithoutCancel(ctx), r, g, capture.Limits{})
		}
		if err != nil {
			t.Error(err)
		}
	}()
	return g
}

// What is said stands in the capture while its session goes on; a session in
// which the filter holds of nothing does not.
func TestCaptureLive(t *testing.T) {
	set := newSetting(t, filepath.Join(t.TempDir(), "data"), "en")
	end := set.serve(t, "quickstart pepito.es --account pepe")
	defer end()
	ctx, cancel := context.WithCancel(t.Context())
	all := set.capturing(ctx, t, "posta capture -w -")
	some := set.capturing(ctx, t, "posta capture --past -w - --filter 'smtp.response.code == 502'")
	c, err := net.Dial("tcp", set.addressOf(t, "smtp"))
	if err != nil {
		t.Fatal(err)
	}
	all.await(t, "220 ")
	if _, err := c.Write([]byte("EHLO first.example\r\n")); err != nil {
		t.Fatal(err)
	}
	all.await(t, "EHLO first.example")
	dialogue(t, c, "NOOP", "QUIT")
	again, err := net.Dial("tcp", set.addressOf(t, "smtp"))
	if err != nil {
		t.Fatal(err)
	}
	dialogue(t, again, "EHLO second.example", "TURN", "QUIT")
	all.await(t, "EHLO second.example")
	first := <-some.texts
	if !strings.HasPrefix(first, "220 ") {
		t.Errorf("the session that was picked begins with %q", first)
	}
	if second := <-some.texts; second != "EHLO second.example\r\n" {
		t.Errorf("another session was picked: %q", second)
	}
	some.await(t, "502 ")
	cancel()
	for _, g := range []growing{all, some} {
		if status := <-g.status; status != exitDone {
			t.Errorf("it ends with status %d", status)
		}
	}
}

func TestRingFlag(t *testing.T) {
	a := &app{}
	name := filepath.Join(t.TempDir(), "x.pcapng")
	for _, good := range []string{"10x100MB", "2x64KiB", "24x1h", "10000x1s"} {
		out, err := a.openRing(name, good)
		if err != nil {
			t.Errorf("%s: %v", good, err)
			continue
		}
		out.close()
	}
	for _, bad := range []string{"", "10", "x", "1x10MB", "0x1h", "-2x1h", "10001x1h", "10x", "10x1kB", "10x1ms", "10x-1h", "10x0", "axb", "10x100MBx2"} {
		if _, err := a.openRing(name, bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := a.openRing("-", "10x100MB"); err == nil {
		t.Error("a ring goes to standard output")
	}
}
