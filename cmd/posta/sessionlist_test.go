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
	for lang, want := range map[string]string{"en": "broken off The host's certificate is not valid: it is not for mx.x.example but for other.example",
		"es": "interrumpida El certificado del servidor no es válido: no es para mx.x.example, sino para other.example"} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for width, whole := range map[string]bool{"80": true, "": false} {
			a := &app{words: w, terminal: terminal{Getenv: func(k string) string { return map[string]string{"COLUMNS": width}[k] }}}
			var b strings.Builder
			one := observe.Session{ID: 7, Opened: time.Now(), Closed: time.Now(), Listener: "outgoing", Remote: netip.MustParseAddrPort("192.168.100.107:25"), Reason: "broken off: " + reason}
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

// What a session says of its end fits the screen, in the list and at its head, and
// nothing of it is for programmers.
func TestEndsFitTheScreen(t *testing.T) {
	const reason = "broken off: The host's certificate is not valid: it is not for mx.x.example but for other.example"
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: w, terminal: terminal{Getenv: func(k string) string { return map[string]string{"COLUMNS": "80"}[k] }}}
	one := observe.Transcript{Session: observe.Session{ID: 7, Opened: time.Now(), Closed: time.Now(), Listener: "outgoing", Remote: netip.MustParseAddrPort("192.168.100.107:25"), Reason: reason},
		Lines: []observe.Line{{Kind: observe.LineNote, Text: "[" + strings.TrimPrefix(reason, "broken off: ") + "]"}}}
	var b strings.Builder
	if err := a.transcript(&b, &one); err != nil {
		t.Fatal(err)
	}
	head, course, _ := strings.Cut(b.String(), "\n\n")
	for line := range strings.Lines(head) {
		if len([]rune(line)) > 81 {
			t.Errorf("%q is wider than 80 columns", line)
		}
	}
	const doubt = "El certificado del servidor no es válido: no es para mx.x.example, sino para other.example"
	if !strings.Contains(flat(head), "interrumpida: "+doubt) || !strings.Contains(course, "["+doubt+"]") {
		t.Error(b.String())
	}
	for reason, want := range map[string]string{
		"peer closed: 421 4.3.2 later":                                           "cerrada por el otro lado: 421 4.3.2 «later»",
		"broken off: The connection broke: the other side closed the connection": "interrumpida: Se cortó la conexión: el otro lado cerró la conexión",
	} {
		if got := ended(w, reason); got != want {
			t.Errorf("%q is %q", reason, got)
		}
	}
}
