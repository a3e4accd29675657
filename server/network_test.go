package server

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/observe"
)

// The rules of a network reach all engines, the list of what is configured, and
// the records of sessions.
func TestNetworks(t *testing.T) {
	h, addrs := start(t, func(c *config.Config) {
		for i := range c.Listeners {
			c.Listeners[i].Mode = config.ModeStrict
		}
		c.Networks = []config.Network{
			{CIDR: netip.MustParsePrefix("127.0.0.0/8"), Name: "scanners", Auth: config.Optional, TLS: config.Optional, BareLF: config.BareNormalise, Relay: true},
			{CIDR: netip.MustParsePrefix("127.1.0.0/16"), Auth: config.Required, TLS: config.Required, BareLF: config.BareRefuse},
		}
	})
	ops, ctx, secret := h.Operations(), t.Context(), "clave-2026"
	if err := ops.Call(ctx, "domain.add", admin.DomainChange{Name: "pepito.es"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := ops.Call(ctx, "account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &secret}, nil); err != nil {
		t.Fatal(err)
	}
	letter := []string{"EHLO scanner", "MAIL FROM:<pepe@pepito.es>", "RCPT TO:<pepe@pepito.es>", "DATA", "page 1\npage 2\r\n.", "QUIT"}
	codes := []string{"220", "250", "250", "250", "354", "250", "221"}
	for i, answer := range dialogue(t, addrs["submission"], letter...) {
		if !strings.HasPrefix(answer, codes[i]) {
			t.Errorf("submission answers %q, want %s", answer, codes[i])
		}
	}
	for _, answer := range dialogue(t, addrs["pop3"], "USER pepe@pepito.es", "PASS clave-2026", "QUIT") {
		if !strings.HasPrefix(answer, "+OK") {
			t.Errorf("POP3 answers %q", answer)
		}
	}

	var s admin.Status
	if err := ops.Call(ctx, "status", admin.None{}, &s); err != nil {
		t.Fatal(err)
	}
	want := []admin.Network{{CIDR: "127.0.0.0/8", Name: "scanners", Auth: "optional", TLS: "optional", BareLF: "normalise", Relay: true},
		{CIDR: "127.1.0.0/16", Auth: "required", TLS: "required", BareLF: "refuse"}}
	if !reflect.DeepEqual(s.Rules, want) {
		t.Errorf("status has %+v", s.Rules)
	}
	for id, notes := range map[uint64][]string{
		1: {"in clear text: the network scanners (127.0.0.0/8)", "nobody is logged in: the network scanners (127.0.0.0/8)", "bare LFs in the message"},
		2: {"in clear text: the network scanners (127.0.0.0/8)"},
	} {
		var transcript observe.Transcript
		if err := ops.Call(ctx, "session.show", admin.SessionID{ID: id}, &transcript); err != nil {
			t.Fatal(err)
		}
		for _, note := range notes {
			if strings.Count(transcript.String(), note) != 1 {
				t.Errorf("session %d does not say once: %s\n%s", id, note, transcript.String())
			}
		}
	}
	for remote, let := range map[string]bool{"127.0.0.9": true, "::ffff:127.0.0.9": true, "127.1.0.9": false, "192.0.2.1": false} {
		addr := netip.MustParseAddr(remote)
		leave := h.leave(addr)
		if leave.TLS != let || leave.Login != let || h.bareLF(addr) != let || (h.clear(addr) != "") != let {
			t.Errorf("%s: %+v, %v, %q", remote, leave, h.bareLF(addr), h.clear(addr))
		}
	}
}
