package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/words"
)

// What is being collected says since when, and a schedule that asks more often than
// the server there allows says so.
func TestCollectNow(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	c := admin.Collected{Every: "1m0s", Apart: "15m0s", Running: &admin.Running{Since: at, Session: 7}}
	for lang, want := range map[string][2]string{
		"en": {"running since 2026-01-02 03:04:05, session 7", "1 min, but the server there wants 15 min between two log-ins"},
		"es": {"en marcha desde 2026-01-02 03:04:05, sesión 7", "1 min, pero el servidor de allí quiere 15 min entre dos entradas"},
	} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w}
		if got := a.collectRunning(c, when); got != want[0] {
			t.Errorf("%q, want %q", got, want[0])
		}
		if got := a.collectEvery(c); !strings.HasPrefix(got, want[1]) {
			t.Errorf("%q, want %q", got, want[1])
		}
		if rare := a.collectEvery(admin.Collected{Every: "1h0m0s", Apart: "15m0s"}); rare != "1 h" {
			t.Errorf("%q", rare)
		}
	}
}

// A server that ends before it answers is no fault in the program, and said in the
// user's language.
func TestServerGone(t *testing.T) {
	code, status := verdict(fmt.Errorf("admin: control socket: %w: %w", admin.ErrBroken, io.EOF))
	if code != "absent" || status != exitAbsent {
		t.Errorf("%s %d", code, status)
	}
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	a := &app{words: w}
	a.Err, a.Getenv = &out, func(string) string { return "" }
	a.fail(fmt.Errorf("admin: control socket: %w: %w", admin.ErrBroken, io.EOF))
	if !strings.HasPrefix(out.String(), "posta: el servidor terminó antes de responder") {
		t.Errorf("%q", out.String())
	}
}
