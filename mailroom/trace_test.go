package mailroom

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/imf"
	"posta/mail"
)

func TestReceived(t *testing.T) {
	ana, two := rcpts("ana@pepito.es"), rcpts("ana@pepito.es", "pepe@pepito.es")
	tests := []struct {
		name string
		o    func(*mail.Origin)
		utf8 bool
		to   []mail.Recipient
		want string
	}{
		{"plain", func(*mail.Origin) {}, false, ana,
			"from client.example.net ([192.0.2.1])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1 for <ana@pepito.es>"},
		{"two", func(*mail.Origin) {}, false, two,
			"from client.example.net ([192.0.2.1])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1"},
		{"postmaster", func(*mail.Origin) {}, false, rcpts("postmaster"),
			"from client.example.net ([192.0.2.1])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1 for <postmaster@pepito.es>"},
		{"helo, v6", func(o *mail.Origin) { o.ESMTP, o.Remote = false, netip.MustParseAddrPort("[2001:db8::1]:25") }, false, two,
			"from client.example.net ([IPv6:2001:db8::1])\r\n\tby mx.pepito.es with SMTP\r\n\tid id1"},
		{"4 in 6, literal", func(o *mail.Origin) {
			o.Remote, o.Helo = netip.MustParseAddrPort("[::ffff:192.0.2.7]:25"), "[192.0.2.7]"
		}, false, two, "from [192.0.2.7] ([192.0.2.7])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1"},
		{"zone", func(o *mail.Origin) { o.Remote = netip.MustParseAddrPort("[fe80::1%eth0]:25") }, false, two,
			"from client.example.net ([IPv6:fe80::1])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1"},
		{"rubbish", func(o *mail.Origin) { o.Helo = "a (b)\r\nX: \\y\xff" }, false, two,
			"from [192.0.2.1] ([192.0.2.1]) (HELO a ?b???X: ?y?)\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1"},
		{"no helo", func(o *mail.Origin) { o.Helo = "" }, false, two,
			"from [192.0.2.1] ([192.0.2.1])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1"},
		{"inside", func(o *mail.Origin) { o.Remote = netip.AddrPort{} }, false, two, "by mx.pepito.es\r\n\tid id1"},
		{"utf8", func(o *mail.Origin) { o.Helo = "españa.es" }, true, two,
			"from españa.es ([192.0.2.1])\r\n\tby mx.pepito.es with UTF8SMTP\r\n\tid id1"},
	}
	for _, tt := range tests {
		h := newHouse(t)
		o := mx()
		tt.o(&o)
		if _, err := h.send(o, mail.Envelope{From: addr("x@y.z"), UTF8: tt.utf8}, "A: b\r\n\r\n", 0, tt.to...); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := h.store.boxes[0].octets
		want := "\r\nReceived: " + tt.want + ";\r\n\tWed, 4 Mar 2026 05:06:07 +0100\r\nA: b\r\n\r\n"
		if !strings.HasSuffix(got, want) || h.store.boxes[0].traits.UTF8 != tt.utf8 {
			t.Errorf("%s: %q\nwant %q", tt.name, got, want)
		}
		s := imf.Scanner{Max: 1 << 20}
		s.Scan([]byte(got))
		if s.Finish() != imf.Ended || len(s.Fields()) != 4 {
			t.Errorf("%s: %d fields in %q", tt.name, len(s.Fields()), got)
		}
	}
}

// UTF-8 in the lines before a message counts as the message's.
func TestTraceUTF8(t *testing.T) {
	h := newHouse(t)
	h.account("peña@pepito.es", 0)
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@y.z"), UTF8: true}, "A: b\r\n\r\n", 0, rcpts("peña@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	if _, err := h.send(mx(), mail.Envelope{From: addr("ñ@y.z"), UTF8: true}, "A: b\r\n\r\n", 0, rcpts("ana@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	for _, b := range h.store.boxes {
		if !b.traits.UTF8 {
			t.Errorf("%+v", b)
		}
	}
}

func TestIDs(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newIDs(func() time.Time { return now })
	var all []string
	for i := range 2000 {
		if i%3 == 0 {
			now = now.Add(time.Duration(i%7-1) * time.Second)
		}
		all = append(all, g.next())
	}
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	if !slices.Equal(all, sorted) || len(slices.Compact(sorted)) != len(all) {
		t.Error("ids repeat or do not sort")
	}
	for _, id := range all {
		if len(id) != idLength {
			t.Fatalf("id %q", id)
		}
	}
	if a, b := idText(1<<50-1, 1<<14-1), idText(1<<50, 0); a >= b || len(b) != idLength {
		t.Errorf("the 65th bit: %s, %s", a, b)
	}
	if a, b := newIDs(time.Now), newIDs(time.Now); a.tag == b.tag && newIDs(time.Now).tag == a.tag {
		t.Error("the tags are alike")
	}
}
