//go:build !windows

package main

import (
	"net"
	"path/filepath"
	"testing"
)

func TestNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := notify("READY=1"); err != nil {
		t.Errorf("without a socket: %v", err)
	}
	path := filepath.Join(t.TempDir(), "s")
	t.Setenv("NOTIFY_SOCKET", path)
	if notify("READY=1") == nil {
		t.Error("nobody listens, and it was told")
	}
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := notify("READY=1"); err != nil {
		t.Fatal(err)
	}
	var got [20]byte
	if n, err := c.Read(got[:]); err != nil || string(got[:n]) != "READY=1" {
		t.Errorf("systemd hears %q, %v", got[:n], err)
	}
}

// A service passes over SIGHUP; who has a terminal ends with it.
func TestOutliveTerminal(t *testing.T) {
	for _, tt := range []struct {
		socket         string
		terminal, want bool
	}{{"", true, false}, {"/run/systemd/notify", true, true}, {"", false, true}} {
		ignored := false
		a := &app{terminal: terminal{
			Getenv:       func(name string) string { return map[string]string{"NOTIFY_SOCKET": tt.socket}[name] },
			HasTerminal:  func() bool { return tt.terminal },
			IgnoreHangup: func() { ignored = true },
		}}
		if a.outliveTerminal(); ignored != tt.want {
			t.Errorf("%+v: ignored %v", tt, ignored)
		}
	}
	(&app{terminal: terminal{Getenv: func(string) string { return "x" }}}).outliveTerminal() // tests have neither
}
