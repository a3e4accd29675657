package mailroom

import (
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
)

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
		if len(got) != 1 || strings.Contains(got[0], "owner of the mailing list\r\nlista@pepito.es,") != tt.list || strings.Contains(got[0], "a message of yours") == tt.list {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
