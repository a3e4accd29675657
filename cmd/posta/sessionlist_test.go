package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"posta/observe"
	"posta/words"
)

// On a narrow screen a reason has the width of its own line, two of them at most.
func TestReasonsBeneathAreWhole(t *testing.T) {
	const reason = "The host's certificate is not valid: it is not for mx.x.example but for other.example"
	for lang, want := range map[string]string{"en": "given up The host's certificate is not valid: it is not for mx.x.example but for other.example",
		"es": "abandonada El certificado del servidor no es válido: no es para mx.x.example, sino para other.example"} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for width, whole := range map[string]bool{"80": true, "": false} {
			a := &app{words: w, terminal: terminal{Getenv: func(k string) string { return map[string]string{"COLUMNS": width}[k] }}}
			var b strings.Builder
			one := observe.Session{ID: 7, Opened: time.Now(), Closed: time.Now(), Listener: "outgoing", Remote: netip.MustParseAddrPort("192.168.100.107:25"), Reason: "given up: " + reason}
			if err := a.sessionTable(&b, []observe.Session{one}); err != nil {
				t.Fatal(err)
			}
			if got := flat(b.String()); strings.Contains(got, want) != whole {
				t.Errorf("%s, %q columns:\n%s", lang, width, b.String())
			}
			for line := range strings.Lines(b.String()) {
				if whole && len([]rune(line)) > 81 {
					t.Errorf("%q is wider than 80 columns", line)
				}
			}
		}
	}
}
