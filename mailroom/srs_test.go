package mailroom

import (
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
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

// A rewritten path that another server made is good where the mailboxes of its domain are
// elsewhere, or may be: reports go on to who has them, listed or not, and other mail
// only as to anybody there. In a domain of ours alone it is nobody's.
func TestRewrittenElsewhere(t *testing.T) {
	for _, off := range []bool{false, true} {
		h, g := open(t, func(c *Config) {
			if off {
				c.SRS = nil
			}
		})
		for _, d := range []directory.Domain{
			{Name: "list.es", Kind: directory.KindRelay, Relay: "in.list.es"},
			{Name: "kept.es", Kind: directory.KindOnDemand, Site: "s"},
			{Name: "any.es", Kind: directory.KindOnDemand, Site: "s", AnyRecipient: true},
			{Name: "asks.es", Kind: directory.KindRelay, Relay: "in.asks.es", Callout: true},
			{Name: "both.es", Relay: "in.both.es"},
			{Name: "also.es", AliasOf: "kept.es"},
		} {
			h.domain(d)
		}
		local := "SRS0=ffvvht=JQ=sink.example=str"
		g.known[local+"@asks.es"], g.known[local+"@both.es"] = nil, nil
		for _, tt := range []struct{ from, to, want, left string }{
			{"", local + "@list.es", "", local + "@list.es"},
			{"", local + "@kept.es", "", local + "@kept.es"},
			{"", local + "@also.es", "", local + "@kept.es"},
			{"", "SRS1=x=y.example==a=b=c=d@kept.es", "", "SRS1=x=y.example==a=b=c=d@kept.es"},
			{"", local + "@any.es", "", local + "@any.es"},
			{"", local + "@asks.es", "", local + "@asks.es"},
			{"", local + "@both.es", "", local + "@both.es"},
			{"x@example.net", local + "@kept.es", "550 5.1.1", ""},
			{"x@example.net", local + "@list.es", "550 5.1.1", ""},
			{"x@example.net", local + "@any.es", "", local + "@any.es"},
			{"", "srsly@kept.es", "550 5.1.1", ""},
			{"", strings.ToLower(local) + "@asks.es", "550 5.1.1", ""}, // it says that it has no such
			{"", strings.ToLower(local) + "@both.es", "550 5.1.1", ""},
			{"", local + "@pepito.es", "550 5.1.1", ""},
		} {
			h.store.out = nil
			env := mail.Envelope{}
			if tt.from != "" {
				env.From = addr(tt.from)
			}
			_, err := h.send(mx(), env, plain, 0, rcpts(tt.to)...)
			wantReply(t, tt.from+" to "+tt.to, err, tt.want)
			if tt.left != "" {
				h.wantLeft(tt.to, "<"+tt.from+"> "+tt.left+"  0")
			}
		}

		// So it is for what this server has to report itself.
		h.store.out = nil
		rep := &dsn.Report{To: addr(local + "@kept.es"), Date: h.now, MTA: "mx.pepito.es", Recipients: []dsn.Recipient{
			{Final: "rfc822;dead@sink.example", Action: dsn.Failed, Status: mail.Status{Class: 5, Subject: 1, Detail: 1}}}}
		if err := h.room.Report(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		h.wantLeft("a report", "<> "+local+"@kept.es  1")
	}

	// One of ours leads back from there as from any domain, and ends as there.
	h, _ := open(t)
	h.domain(directory.Domain{Name: "kept.es", Kind: directory.KindOnDemand, Site: "s"})
	own, _ := h.room.cfg.SRS.Forward(addr("x@example.net"), "kept.es")
	_, err := h.send(mx(), mail.Envelope{}, plain, 0, rcpts(own.String())...)
	wantReply(t, "ours", err, "")
	h.wantLeft("ours", "<> x@example.net  0")
	h.now = h.now.AddDate(0, 0, 30)
	_, err = h.send(mx(), mail.Envelope{}, plain, 0, rcpts(own.String())...)
	wantReply(t, "late", err, "550 5.1.6")
}
