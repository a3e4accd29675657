package mailroom

import (
	"fmt"
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
)

// So it does where the owner lives elsewhere, and mail leaves under a rewritten
// address; and nobody is written to under such a one.
func TestReportsToRewritten(t *testing.T) {
	h, _ := open(t)
	h.domain(directory.Domain{Name: "otro.es", Kind: directory.KindLocal})
	h.list("lista@pepito.es", directory.Public, "owner@far.example", "nadie@far.example")
	for _, tt := range []struct {
		of   string
		list bool
	}{{"owner@far.example", true}, {"x@example.net", false}, {"ana@pepito.es", false}} {
		h.store.out, h.store.boxes = nil, nil
		to, _ := h.room.cfg.SRS.Forward(addr(tt.of), "otro.es")
		rep := &dsn.Report{To: to, Date: h.now, MTA: "mx.pepito.es", Header: []byte("Delivered-To: lista@pepito.es\r\n"), Recipients: []dsn.Recipient{
			{Final: "rfc822;nadie@far.example", Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
		if err := h.room.Report(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(h.got(tt.of), "")
		if len(h.store.out) > 0 {
			got = h.store.out[0].octets
			h.wantLeft(tt.of, "<> "+tt.of+"  1")
			if rep.From != addr("postmaster@otro.es") {
				t.Errorf("%s: from %s", tt.of, rep.From)
			}
		}
		if !strings.Contains(got, "\r\nTo: <"+tt.of+">\r\n") || strings.Contains(got, "SRS") || strings.Contains(got, "as the owner of the\r\nmailing list") != tt.list {
			t.Errorf("%s: %q", tt.of, got)
		}
	}
}

// The queue's report on a member elsewhere tells the list's owner of the list, and
// of no list whoever wrote the message, or got one that came by a list.
func TestQueueReportsToListOwner(t *testing.T) {
	h := newHouse(t)
	h.list("lista@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "nadie@far.example")
	for _, tt := range []struct {
		name, to, header string
		list             bool
	}{
		{"of the list", "gorka@jaramillo.edu.ec", "Delivered-To: lista@pepito.es\r\nSubject: x\r\n", true},
		{"by a member that sends on", "gorka@jaramillo.edu.ec", "DKIM-Signature: a\r\n\tb\r\nDelivered-To: otro@pepito.es\r\nDelivered-To: lista@pepito.es\r\n", true},
		{"his own", "gorka@jaramillo.edu.ec", "Subject: Delivered-To: lista@pepito.es\r\n\r\nDelivered-To: lista@pepito.es\r\n", false},
		{"a list that is gone", "gorka@jaramillo.edu.ec", "Delivered-To: fue@pepito.es\r\n", false},
		{"not its owner", "ana@pepito.es", "Delivered-To: lista@pepito.es\r\n", false},
	} {
		h.store.boxes = nil
		rep := &dsn.Report{To: addr(tt.to), Date: h.now, MTA: "mx.pepito.es", Header: []byte(tt.header), Recipients: []dsn.Recipient{
			{Final: "rfc822;nadie@far.example", Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
		if err := h.room.Report(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		got := h.got(tt.to)
		if len(got) != 1 || strings.Contains(got[0], "owner of the\r\nmailing list lista@pepito.es,") != tt.list || strings.Contains(got[0], "It writes about ") == tt.list {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// What cannot go to a list's owner, who is full, gone or elsewhere and out of reach,
// goes to the postmaster, and it is told of whom it was not sent to.
func TestOwnerOutOfReach(t *testing.T) {
	for _, tt := range []struct{ owner, why string }{
		{"lleno@pepito.es", "The mailbox is full"}, {"nadie@pepito.es", "No such user here"}, {"x@shut.example", "no way"},
	} {
		for _, postmaster := range []string{"usuario@servidor.es", "lleno@pepito.es"} {
			var told heard
			h, g := open(t, func(c *Config) { c.Sink = &told })
			g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way.")
			h.account("lleno@pepito.es", 1)
			h.alias("postmaster@pepito.es", postmaster)
			h.list("lista@pepito.es", directory.Public, tt.owner, "ana@pepito.es", "falta@pepito.es")
			h.list("larga@pepito.es", directory.Public, tt.owner, "ana@pepito.es", "falta@pepito.es", "gorka@jaramillo.edu.ec", "pepe@pepito.es", "luis@pepito.es")
			want := "The report for the owner of the mailing list could not be sent there, and went to the postmaster: " + tt.why
			if postmaster == "lleno@pepito.es" {
				want = "The report for the owner of the mailing list could not be sent: " + tt.why
			}
			check := func(what, about, got string) {
				t.Helper()
				if !strings.Contains(got, want+" [{"+about+tt.owner+"}]") {
					t.Errorf("%s, %s: told %s", tt.owner, what, got)
				}
				in := strings.Join(h.got("usuario@servidor.es"), "")
				if read := strings.Count(in, "as the postmaster,\r\nfor this could not go to the owner of the mailing list "); (read == 1) != (postmaster != "lleno@pepito.es") {
					t.Errorf("%s, %s: the postmaster reads %q", tt.owner, what, in)
				}
				h.store.boxes, told.facts = nil, nil
			}
			receipt, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("lista@pepito.es")...)
			if err != nil {
				t.Fatal(err)
			}
			check("at once", " ", fmt.Sprint(receipt.Missed))
			if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("larga@pepito.es")...); err != nil || len(h.store.expansions) != 1 {
				t.Fatal(err, h.store.expansions)
			}
			if err := h.room.expandAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			check("later", " ", fmt.Sprint(told.facts))
			rep := &dsn.Report{To: addr(tt.owner), About: "q1", Date: h.now, MTA: "mx.pepito.es", Header: []byte("Delivered-To: lista@pepito.es\r\n"), Recipients: []dsn.Recipient{
				{Final: "rfc822;nadie@far.example", Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
			if err := h.room.Report(t.Context(), rep); err != nil {
				t.Fatal(err)
			}
			check("of the queue", "nadie@far.example ", fmt.Sprint(told.facts))
		}
	}
}
