package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"posta/admin"
	"posta/talk"
	"posta/words"
)

func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"localhost": "localhost 0", "mail.example.net:2525": "mail.example.net 2525", "192.0.2.7": "192.0.2.7 0", "192.0.2.7:25": "192.0.2.7 25",
		"::1": "::1 0", "[::1]": "::1 0", "[::1]:2525": "::1 2525", "fe80::1%eth0": "fe80::1%eth0 0", "[fe80::1%eth0]:25": "fe80::1%eth0 25",
		"": "", ":25": "", "host:": "", "host:x": "", "host:0": "", "host:65536": "", "[x]": "", "[::1": "", "a b": "", "http://x": "", "a@b": "",
	} {
		host, port, err := parseHost(in)
		got := fmt.Sprint(host, " ", port)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestStateHome(t *testing.T) {
	env := map[string]string{"HOME": "/home/pepe", "LOCALAPPDATA": "/appdata"}
	for system, want := range map[string]string{
		"linux":   "/home/pepe/.local/state/posta",
		"darwin":  "/home/pepe/Library/Application Support/posta/state",
		"windows": "/appdata/posta/state",
	} {
		if got := filepath.ToSlash(stateHome(system, func(k string) string { return env[k] })); got != want {
			t.Errorf("%s: %s", system, got)
		}
		if got := stateHome(system, func(string) string { return "" }); got != "" {
			t.Errorf("%s without a home: %s", system, got)
		}
	}
	env["XDG_STATE_HOME"] = "/state"
	if got := filepath.ToSlash(stateHome("linux", func(k string) string { return env[k] })); got != "/state/posta" {
		t.Error(got)
	}
}

// The oldest recordings go, by number and by size; the newest stays.
func TestPrune(t *testing.T) {
	for _, c := range []struct {
		files  int
		octets int64
		left   string
	}{{3, 1000, "3 4 5"}, {10, 25, "4 5"}, {10, 5, "5"}, {0, 1000, "5"}} {
		dir := t.TempDir()
		for i := range 6 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.pcapng", i)), make([]byte, 10), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := prune(dir, c.files, c.octets); err != nil {
			t.Fatal(err)
		}
		all, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, name := range all {
			left = append(left, strings.TrimSuffix(filepath.Base(name), ".pcapng"))
		}
		if got := strings.Join(left, " "); got != c.left {
			t.Errorf("%d files, %d octets: %s are left, want %s", c.files, c.octets, got, c.left)
		}
	}
}

// A connection that does not come about is explained, in both languages.
func TestWhyNot(t *testing.T) {
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w, data: t.TempDir(), terminal: terminal{Getenv: func(string) string { return "" }}}
		silent := &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
		unknown := &net.DNSError{IsNotFound: true}
		refused := a.whyNot(t.Context(), target{Protocol: "smtp", Host: "192.0.2.1", Port: 25}, unknown)
		said := []string{a.words.Error(refused), a.words.Error(a.whyNot(t.Context(), target{Host: "192.0.2.1", Port: 25}, silent))}
		nobody := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		said = append(said, a.words.Error(a.whyNot(t.Context(), target{Protocol: "smtp", Host: "127.0.0.2", Port: 9}, nobody)))
		for i, want := range []map[string]string{
			{"en": "no computer is called", "es": "ningún equipo se llama"},
			{"en": "Wi-Fi", "es": "Wi-Fi"},
			{"en": "nothing listens at 127.0.0.2", "es": "nadie escucha en 127.0.0.2"},
		} {
			if !strings.Contains(said[i], want[lang]) {
				t.Errorf("%q does not say %q", said[i], want[lang])
			}
		}
	}
}

// What a server said is shown to a person so that no terminal obeys it.
func TestScriptEnded(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &app{words: w, terminal: terminal{Out: &out}}
	failed := &talk.Error{Line: 1, Got: &talk.Got{Said: "250 \x1b]0;x\x07\u009b2J ñ"}}
	told := a.words.Error(a.scriptEnded(&talk.File{}, "x.talk", failed))
	if strings.ContainsAny(told, "\x1b\x07\u009b") || !strings.Contains(told, `250 \x1b]0;x\x07\u009b2J ñ`) {
		t.Errorf("%q", told)
	}
}

// A --ca that cannot be read believes nobody, not the system's authorities; and
// --starttls is for transcripts that do it.
func TestScriptTrust(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: w, data: t.TempDir(), terminal: terminal{Getenv: func(string) string { return "" }}}
	script := filepath.Join(t.TempDir(), "x.talk")
	if err := os.WriteFile(script, []byte("engine: server\n\nconnect smtp\nS: {code 220}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := trust{file: filepath.Join(t.TempDir(), "none.pem")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := target{Protocol: "smtp", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
	var said *words.Error
	if err := a.playScript(t.Context(), &talkOptions{script: script, trust: missing, patience: 10 * time.Millisecond}, []target{at}); !errors.As(err, &said) || said.ID != "fail.unreadable" {
		t.Error(err)
	}
	at.StartTLS = true
	if err := a.playScript(t.Context(), &talkOptions{script: script}, []target{at}); !errors.As(err, &said) || said.ID != "talk.script_clear" {
		t.Error(err)
	}
	rec := newRecording()
	defer rec.ring.Close()
	cfg := (&remote{ctx: t.Context(), a: a, by: missing, rec: rec}).TLS()
	if cfg.VerifyConnection == nil || cfg.VerifyConnection(tls.ConnectionState{}) == nil || cfg.KeyLogWriter == nil {
		t.Error("a file that cannot be read is passed over")
	}
}

// Where the wanted port refuses, those that answer are named, and those of the own
// server, which nobody tries.
func TestOpenPorts(t *testing.T) {
	if l, err := net.Listen("tcp", "127.0.0.1:2995"); err == nil { // otherwise somebody else answers there
		defer l.Close()
	}
	if got := openPorts(t.Context(), target{Protocol: "pop3", Host: "127.0.0.1", Port: 110}, []int{110, 4711}); !strings.Contains(got, "2995, 4711") || strings.HasPrefix(got, "110,") {
		t.Errorf("open are %q", got)
	}
}

// A server is called where it listens; by its name wherever that leads there.
func TestReachedAt(t *testing.T) {
	for at, want := range map[string]string{
		"127.0.5.1:2525": "127.0.5.1", "127.0.0.1:2525": "localhost", "[::1]:2525": "localhost", "[::]:25": "localhost", "0.0.0.0:25": "localhost",
		"192.0.2.7:25": "192.0.2.7", "[2001:db8::7]:25": "2001:db8::7", "": "localhost",
	} {
		if got := reachedAt(admin.Listener{Address: at}); got != want {
			t.Errorf("%q: %q, want %q", at, got, want)
		}
	}
}
