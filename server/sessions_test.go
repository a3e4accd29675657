package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
	"posta/event"
	"posta/observe"
)

// heard sends on what it is told, a line each.
type heard chan string

func (h heard) Wants(uint64, event.Layer, event.Part) bool { return true }

func (h heard) Emit(e *event.Event) {
	switch e.Kind {
	case event.Open:
		h <- "open " + e.Fact.(event.Opened).Listener
	case event.Close:
		h <- "close"
	case event.Data:
		h <- fmt.Sprintf("%q", e.Data)
	}
}

// until waits for a line with a text in it.
func (h heard) until(t *testing.T, text string) {
	t.Helper()
	late := time.After(busy)
	for {
		select {
		case line := <-h:
			if strings.Contains(line, text) {
				return
			}
		case <-late:
			t.Fatalf("nobody hears %q", text)
		}
	}
}

// Whoever watches through the control socket hears of sessions as they go on,
// masked or clear as their listeners are, until the server and its sessions have
// ended; and it stands in the audit log.
func TestWatchSessions(t *testing.T) {
	cfg := config.Lab()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	for i := range cfg.Listeners {
		cfg.Listeners[i].Addr = "127.0.0.1:0"
		if cfg.Listeners[i].Name == "submission" {
			cfg.Listeners[i].Mode = config.ModeStrict
		}
	}
	audited, ready := make(chan admin.Audit, 10), make(chan struct{})
	h, err := Open(t.Context(), *cfg, Options{Audit: func(a admin.Audit) { audited <- a }, Ready: func() { close(ready) }})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	bounds, err := h.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	addrs := map[string]string{}
	for _, b := range bounds {
		addrs[b.Name] = b.Actual
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx) }()
	<-ready
	client, err := admin.Dial(t.Context(), cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	told, watched := make(heard, 100), make(chan error, 1)
	go func() {
		watched <- client.Call(t.Context(), "session.watch", admin.SessionWatch{}, event.NewRecords(told))
	}()
	for _, name := range []string{"smtp", "submissions", "pop3", "pop3s"} {
		if a := <-audited; a.Operation != "record.clear" || a.About != name {
			t.Errorf("audited, of %s: %+v", name, a)
		}
	}
	if a := <-audited; a.Operation != "session.watch" || a.Err != nil {
		t.Errorf("audited: %+v", a)
	}
	open := dialed(t, addrs["smtp"])
	told.until(t, "open smtp")
	told.until(t, "220 mail.test")
	say(t, open, "EHLO clear.example\r\n")
	told.until(t, `EHLO clear.example\r\n`)
	say(t, open, "AUTH PLAIN AGFuYQBnZWhlaW0=\r\n")
	told.until(t, "AUTH PLAIN AGFuYQBnZWhlaW0=")
	strict := dialed(t, addrs["submission"])
	told.until(t, "open submission")
	say(t, strict, "PASS geheim\r\n")
	told.until(t, event.Masked)
	began := time.Now()
	stop()
	told.until(t, "close")
	told.until(t, "close")
	if err := <-watched; err != nil {
		t.Errorf("the watch ends with %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 15*time.Second { // sessions may have 20 s, and need none
		t.Errorf("with a watcher the end took %s", took)
	}
	if err := h.Operations().Call(t.Context(), "session.watch", admin.SessionWatch{IDs: []uint64{99}}, event.NewRecords(told)); err == nil {
		t.Error("a session is watched that is not recorded")
	}
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// With a disk for them, sessions are there after a restart, under their numbers,
// which no later session has.
func TestSessionsOutlive(t *testing.T) {
	data := t.TempDir()
	change := func(cfg *config.Config) { cfg.Data, cfg.Record.Disk = data, 16<<20 }
	run := func(f func(h *House, addrs map[string]string)) {
		t.Run("", func(t *testing.T) {
			h, addrs := start(t, change)
			f(h, addrs)
		})
	}
	var first, second []admin.Recorded
	ask := func(h *House, out *[]admin.Recorded) {
		if err := h.Operations().Call(t.Context(), "session.recorded", admin.RecordedWhich{}, out); err != nil {
			t.Fatal(err)
		}
	}
	run(func(h *House, addrs map[string]string) {
		dialogue(t, addrs["smtp"], "EHLO first.example", "QUIT")
	})
	run(func(h *House, addrs map[string]string) {
		ask(h, &first)
		dialogue(t, addrs["smtp"], "EHLO second.example", "QUIT")
		ask(h, &second)
		var out bytes.Buffer
		if err := h.Operations().Call(t.Context(), "session.export", admin.SessionExport{IDs: []uint64{first[0].ID}}, &out); err != nil || !bytes.Contains(out.Bytes(), []byte("EHLO first.example")) {
			t.Errorf("the first session's capture has %d octets (%v)", out.Len(), err)
		}
	})
	var listed []observe.Session
	var shown observe.Transcript
	run(func(h *House, addrs map[string]string) {
		dialogue(t, addrs["smtp"], "EHLO third.example", "QUIT")
		err := errors.Join(h.Operations().Call(t.Context(), "session.list", observe.Filter{Limit: 2, Protocol: "smtp"}, &listed),
			h.Operations().Call(t.Context(), "session.show", admin.SessionID{ID: first[0].ID}, &shown))
		if err != nil {
			t.Fatal(err)
		}
	})
	if len(listed) != 2 || listed[1].ID != second[1].ID || listed[1].Helo != "second.example" || listed[1].Reason != "quit" || listed[0].Helo != "third.example" {
		t.Errorf("listed: %+v", listed)
	}
	if shown.Helo != "first.example" || !strings.Contains(shown.String(), "C: EHLO first.example\n") {
		t.Errorf("shown: %+v\n%s", shown.Session, &shown)
	}
	if len(first) != 1 || len(second) != 2 || second[0].ID != first[0].ID || second[1].ID <= second[0].ID {
		t.Errorf("there were %+v, then %+v", first, second)
	}
}
