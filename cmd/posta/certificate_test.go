package main

import (
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/words"
)

func TestEnding(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: w}
	const day = 24 * time.Hour
	for left, want := range map[time.Duration]string{90 * day: "", 15 * day: "", 13 * day: "c.pem ends on", time.Hour: "c.pem ends on", -time.Hour: "c.pem ended on"} {
		got := a.ending(admin.Certificate{File: "c.pem", Ends: time.Now().Add(left)})
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%v before its end: %q", left, got)
		}
	}
}
