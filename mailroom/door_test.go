package mailroom

import (
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/store"
)

// A report finds its reader here or elsewhere, and settles what it is about in
// the same transaction; one that nobody can get settles all the same.
//
// rfc: 5321-4.4-27, 3461-6.1-2, 3461-6.1-3, 3461-6.1-4, 3464-2-4
func TestReport(t *testing.T) {
	var told heard
	stirred := 0
	h, g := open(t, func(c *Config) { c.Sink = &told; c.Queued = func() { stirred++ } })
	g.shut["shut.example"] = mail.Refuse(556, "5.1.10", "no")
	g.shut["later.example"] = mail.Refuse(451, "4.3.0", "not now")
	h.alias("tarde@pepito.es", "a@later.example", "b@shut.example")
	h.account("full@pepito.es", 10)
	h.alias("ambos@pepito.es", "ana@pepito.es", "a@far.example")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "usuario@servidor.es")
	h.domain(directory.Domain{Name: "relay.es", Kind: directory.KindRelay, Relay: "in.relay.es", Callout: true})
	rewritten, _ := h.room.cfg.SRS.Forward(addr("x@example.net"), "pepito.es")
	old, _ := h.room.cfg.SRS.Forward(addr("y@example.net"), "pepito.es")
	old.Local = strings.Replace(old.Local, "=y", "=z", 1)
	for _, tt := range []struct {
		to, from string // of the report's own header
		lab      bool
		box      string
		left     []string
	}{
		{"ana@pepito.es", "postmaster@pepito.es", false, "ana@pepito.es", nil},
		{"x@example.net", "postmaster@pepito.es", true, "", []string{"<> x@example.net  1"}},
		{"ambos@pepito.es", "postmaster@pepito.es", false, "ana@pepito.es", []string{"<> a@far.example  1"}},
		{"lista@pepito.es", "postmaster@pepito.es", false, "usuario@servidor.es", nil},
		{rewritten.String(), "postmaster@pepito.es", false, "", []string{"<> x@example.net  1"}},
		{"eva@relay.es", "postmaster@relay.es", false, "", []string{"<> eva@relay.es  1"}},
		{old.String(), "postmaster@pepito.es", false, "pepe@pepito.es", nil}, // who reads it instead
		{"x@shut.example", "", false, "", nil},
		{"x@later.example", "postmaster@pepito.es", false, "", []string{"<> x@later.example  1"}}, // the queue tries again
		{"tarde@pepito.es", "postmaster@pepito.es", false, "", []string{"<> a@later.example  1"}},
		{"nadie@pepito.es", "postmaster@pepito.es", false, "pepe@pepito.es", nil},
		{"full@pepito.es", "postmaster@pepito.es", false, "pepe@pepito.es", nil},
		{"", "", false, "", nil},
	} {
		h.store.boxes, h.store.out, h.store.settled, told.facts, stirred = nil, nil, nil, nil, 0
		files := h.store.files
		rep := &dsn.Report{Date: h.now, MTA: "mx.pepito.es", Lab: tt.lab, Recipients: []dsn.Recipient{{Final: "rfc822;b@far.example",
			Action: dsn.Failed, Status: mail.Status{Class: 5}}}}
		if tt.to != "" {
			rep.To = addr(tt.to)
		}
		err := h.room.Report(t.Context(), rep, store.Settlement{Item: 7, Done: true}, store.Settlement{Item: 8})
		if err != nil || h.store.files != files+1 || len(h.store.settled) != 2 {
			t.Errorf("%s: %v, %d transactions, %d settled", tt.to, err, h.store.files-files, len(h.store.settled))
		}
		h.ended()
		h.wantLeft(tt.to, tt.left...)
		if tt.box != "" && len(h.got(tt.box)) != 1 || tt.box == "" && len(h.store.boxes) > 0 {
			t.Errorf("%s: %+v", tt.to, h.store.boxes)
		}
		if rep.From.String() != tt.from {
			t.Errorf("%s: the report is from %q, want %q", tt.to, rep.From, tt.from)
		}
		for _, o := range h.store.out {
			if o.Sender != "" || o.Lab != tt.lab || o.Body != mail.Body8BitMIME || o.Ret != mail.RetAbsent || o.EnvID != "" || o.UTF8 || o.Queue == "" || o.MessageID != rep.MessageID {
				t.Errorf("%s: %+v", tt.to, o.Outgoing)
			}
		}
		tells, filed := 0, tt.box != "" || len(tt.left) > 0
		for _, f := range told.facts {
			switch f := f.(type) {
			case event.Accepted:
				tells++
			case event.Note:
				if filed || !strings.Contains(f.Text, "could not be delivered") {
					t.Errorf("%s: told %+v", tt.to, f)
				}
			}
		}
		if (tells == 1) != filed || (stirred == 1) != (len(tt.left) > 0) || tt.to != "" && len(told.facts) == 0 {
			t.Errorf("%s: told %+v, stirred %d", tt.to, told.facts, stirred)
		}
	}
}

// A store that fails takes neither the report nor the settlement.
func TestReportFails(t *testing.T) {
	h, _ := open(t)
	h.store.fail = store.ErrFull
	rep := &dsn.Report{To: addr("x@example.net"), Date: h.now, Recipients: []dsn.Recipient{{Final: "rfc822;b@c.d", Action: dsn.Failed}}}
	if err := h.room.Report(t.Context(), rep, store.Settlement{Item: 1}); err == nil || len(h.store.settled) > 0 {
		t.Errorf("%v, %+v", err, h.store.settled)
	}
	h.ended()
}

// Success is reported to senders elsewhere, where a report can reach them, or may later.
func TestReportsGoOutside(t *testing.T) {
	h, g := open(t)
	g.shut["later.example"] = mail.Refuse(451, "4.3.0", "not now")
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@later.example")}, plain, 0, asks("ana@pepito.es", "")); err != nil {
		t.Fatal(err)
	}
	h.wantLeft("the report for later", "<> x@later.example  1")
	h.store.out = nil
	g.shut["shut.example"] = mail.Refuse(556, "5.1.10", "no")
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net"), EnvID: "e"}, plain, 0, asks("ana@pepito.es", "")); err != nil {
		t.Fatal(err)
	}
	h.wantLeft("the report", "<> x@example.net  1")
	r, err := dsn.Parse([]byte(h.store.out[0].octets))
	if err != nil || r.EnvID != "e" || r.Recipients[0].Action != dsn.Delivered || r.From != addr("postmaster@pepito.es") {
		t.Errorf("%+v, %v", r, err)
	}
	for from, want := range map[string]string{"x@shut.example": "555 5.5.4", "nadie@pepito.es": "555 5.5.4"} {
		_, err := h.send(mx(), mail.Envelope{From: addr(from)}, plain, 0, asks("ana@pepito.es", ""))
		wantReply(t, from, err, want)
	}
}
