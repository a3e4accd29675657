package smtpserver

import (
	"net/netip"
	"reflect"
	"testing"

	"posta/event"
	"posta/mail"
)

// What a network is let off is used on strict submission only, and stands once
// in the session's record.
func TestLeave(t *testing.T) {
	let := func(c *Config) {
		submission(c)
		c.Leave = func(remote netip.Addr) Leave {
			return Leave{Network: "scanners (" + remote.String() + "/32)", TLS: true, Login: true}
		}
	}
	h := talk(t, let, `
		S: 220…
		C: EHLO a.example
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-AUTH…
		S: 250-…
		S: 250 HELP
		C: MAIL FROM:<a@b>
		S: 250…
		C: RSET
		S: 250…
		C: MAIL FROM:<a@b>
		S: 250…
		C: RSET
		S: 250…
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 235…
		C: MAIL FROM:<a@b>
		S: 250…
		C: QUIT
		S: 221…`)
	want := []any{
		event.Named{Helo: "a.example"}, event.Enveloped{From: "a@b"},
		event.Note{Text: "in clear text: the network scanners (192.0.2.1/32) need not use TLS"},
		event.Note{Text: "nobody is logged in: the network scanners (192.0.2.1/32) need not log in"},
		event.Enveloped{From: "a@b"},
		event.Authenticated{Mechanism: "PLAIN", User: "pepe@pepito.es", OK: true},
		event.Enveloped{From: "a@b"}, event.Closed{Reason: "quit"},
	}
	if !reflect.DeepEqual(h.facts, want) {
		t.Errorf("facts\n%+v\nwant\n%+v", h.facts, want)
	}
}

// On port 25 and in the lab there is nothing to be let off.
func TestLeaveElsewhere(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"smtp": func(*Config) {}, "lab": func(c *Config) { c.Mode, c.Service = mail.Lab, mail.Submission },
	} {
		asked := false
		talk(t, func(c *Config) {
			change(c)
			c.Leave = func(netip.Addr) Leave { asked = true; return Leave{TLS: true, Login: true} }
		}, "S: 220…\nC: QUIT\nS: 221…")
		if asked {
			t.Errorf("%s asked for the leave of a peer", name)
		}
	}
}
