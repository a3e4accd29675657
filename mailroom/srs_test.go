package mailroom

import (
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
)

// What leaves by an address of ours under a stranger's reverse-path gets one of
// ours, and reports to that one find the stranger.
func TestRewritten(t *testing.T) {
	h, g := open(t)
	h.alias("uno@pepito.es", "one@far.example")
	h.alias("aqui@pepito.es", "ana@pepito.es")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "member@far.example", "usuario@servidor.es")
	h.list("suya@pepito.es", directory.Public, "owner@far.example", "member@far.example", "usuario@servidor.es")
	h.domain(directory.Domain{Name: "relay.es", Kind: directory.KindRelay, Relay: "in.relay.es", Callout: true})
	g.known["eva@relay.es"] = nil
	path := func(from, to string) string {
		t.Helper()
		h.store.out = nil
		env := mail.Envelope{}
		if from != "" {
			env.From = addr(from)
		}
		if _, err := h.send(mx(), env, plain, 0, rcpts(to)...); err != nil {
			t.Fatalf("%s to %s: %v", from, to, err)
		}
		return h.store.out[0].From
	}
	for _, tt := range []struct{ from, to, want string }{
		{"x@example.net", "uno@pepito.es", "SRS0="},
		{"SRS0=aaaa=bb=c.example=d@example.net", "uno@pepito.es", "SRS1="},
		{"", "uno@pepito.es", ""},
		{"usuario@servidor.es", "uno@pepito.es", "usuario@servidor.es"},
		{"x@example.net", "eva@relay.es", "x@example.net"}, // passed on for its own domain
		{"x@example.net", "lista@pepito.es", "ana@pepito.es"},
		{"x@example.net", "suya@pepito.es", "SRS0="}, // the owner lives elsewhere
		{strings.Repeat("x", 60) + "@example.net", "uno@pepito.es", strings.Repeat("x", 60) + "@example.net"},
	} {
		got := path(tt.from, tt.to)
		if strings.HasSuffix(tt.want, "=") {
			if !strings.HasPrefix(got, tt.want) || !strings.HasSuffix(got, "@pepito.es") {
				t.Errorf("%s to %s leaves as %s", tt.from, tt.to, got)
			}
		} else if got != tt.want {
			t.Errorf("%s to %s leaves as %s, want %s", tt.from, tt.to, got, tt.want)
		}
	}

	back := path("x@Example.net", "uno@pepito.es")
	h.store.out = nil
	local, _, _ := strings.Cut(back, "@")
	for _, tt := range []struct{ from, to, want string }{
		{"", back, ""},
		{"", strings.ToLower(back), ""},
		{"", local + "@servidor.es", ""}, // whatever domain of ours
		{"spammer@example.org", back, "550 5.7.1"},
		{"", strings.Replace(back, "=x@", "=y@", 1), "550 5.1.1"},
		{"", local + "@example.org", "550 5.7.1"}, // not ours to answer for
		{"", "SRS0=x@pepito.es", "550 5.1.1"},
	} {
		env := mail.Envelope{}
		if tt.from != "" {
			env.From = addr(tt.from)
		}
		_, err := h.send(mx(), env, plain, 0, rcpts(tt.to)...)
		wantReply(t, tt.from+" to "+tt.to, err, tt.want)
	}
	h.wantLeft("reports", "<> x@example.net  0", "<> x@example.net  0", "<> x@example.net  0")
	h.store.out = nil
	h.now = h.now.AddDate(0, 0, 30)
	_, err := h.send(mx(), mail.Envelope{}, plain, 0, rcpts(back)...)
	wantReply(t, "late", err, "550 5.1.6")

	// Somebody here who wrote through another's forward.
	own, ok := h.room.cfg.SRS.Forward(addr("ana@pepito.es"), "pepito.es")
	if !ok {
		t.Fatal(own)
	}
	if _, err := h.send(mx(), mail.Envelope{}, plain, 0, rcpts(own.String())...); err != nil || len(h.got("ana@pepito.es")) != 1 {
		t.Errorf("%v, %q", err, h.got("ana@pepito.es"))
	}
}

// Where no key is given paths leave as they are, and no address is special.
func TestNotRewritten(t *testing.T) {
	h, _ := open(t, func(c *Config) { c.SRS = nil })
	h.alias("uno@pepito.es", "one@far.example")
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("uno@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	h.wantLeft("as it came", "<x@example.net> one@far.example rfc822;uno@pepito.es 0")
	_, err := h.send(mx(), mail.Envelope{}, plain, 0, rcpts("SRS0=aaaaaa=bb=c.example=d@pepito.es")...)
	wantReply(t, "no address", err, "550 5.1.1")
}
