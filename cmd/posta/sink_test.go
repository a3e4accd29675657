package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"posta/admin"
	"posta/config"
)

func TestSinkCard(t *testing.T) {
	r := ready{Ready: true, Mode: config.ModeSink, Status: admin.Status{Version: "1", Data: "/data", MaxMessages: 500,
		Listeners: []admin.Listener{
			{Name: "smtp", Service: "smtp", Mode: "sink", TLS: "starttls", Address: "127.0.0.1:1025", Port: 1025},
			{Name: "pop3", Service: "pop3", Mode: "sink", TLS: "starttls", Address: "127.0.0.1:1110", Port: 1110},
		}}}
	for lang, own := range map[string]string{"en": "nothing is sent anywhere", "es": "nada se envía a ninguna parte"} {
		card := speaking(t, lang).card(r)
		for _, want := range []string{own, "    SMTP_HOST=127.0.0.1\n    SMTP_PORT=1025\n    POP3_HOST=127.0.0.1\n    POP3_PORT=1110\n",
			"swaks --server 127.0.0.1:1025 --to ana@example.net\n", "curl --crlf smtp://127.0.0.1:1025 ",
			"bin/posta message wait --to ana@example.net --json\n", "curl pop3://127.0.0.1:1110/1 ", "500", "/data"} {
			if !strings.Contains(card, want) {
				t.Errorf("%s: the card lacks %q:\n%s", lang, want, card)
			}
		}
		for row := range strings.Lines(card) {
			if n := utf8.RuneCountInString(strings.TrimRight(row, "\n")); n > helpWidth {
				t.Errorf("%s: a line of %d letters: %s", lang, n, row)
			}
		}
	}
	r.Listeners[0].Name, r.Listeners[0].Address, r.Listeners[1].Address = "submissions", "127.0.0.4:1025", "[::1]:1110"
	card := speaking(t, "en").card(r)
	for _, want := range []string{"SMTP_HOST=127.0.0.4\n", "--server 127.0.0.4:1025 ", "POP3_HOST=::1\n", "curl pop3://[::1]:1110/1 "} {
		if !strings.Contains(card, want) {
			t.Errorf("of several addresses the card lacks %q:\n%s", want, card)
		}
	}
	r.Listeners = r.Listeners[1:] // no SMTP
	r.Ephemeral = true
	if card := speaking(t, "en").card(r); strings.Contains(card, "swaks") || strings.Contains(card, "/data") || !strings.Contains(card, "--ephemeral") {
		t.Error(card)
	}
}

// The text of a message in JSON is bounded, and says so.
func TestCapped(t *testing.T) {
	var c capped
	for range 2 {
		if n, err := c.Write(make([]byte, maxShown/2)); n != maxShown/2 || err != nil || c.cut {
			t.Fatal(n, err, c.cut)
		}
	}
	if n, err := c.Write([]byte("xy")); n != 2 || err != nil || !c.cut || len(c.kept) != maxShown {
		t.Error(n, err, c.cut, len(c.kept))
	}
}
