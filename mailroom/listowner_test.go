package mailroom

import (
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
