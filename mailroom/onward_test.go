package mailroom

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/store"
)

const plain = "Subject: x\r\n\r\nhello\r\n"

// Who may send to others, and who hears what instead.
func TestRelaying(t *testing.T) {
	h, g := open(t)
	h.domain(directory.Domain{Name: "relay.es", Kind: directory.KindRelay, Relay: "in.relay.es"})
	if _, err := h.rows.AddRecipients(t.Context(), "relay.es", []string{"eva"}); err != nil {
		t.Fatal(err)
	}
	h.alias("fuera@pepito.es", "bob@far.example")
	network := mx()
	network.Service, network.NoLogin = mail.Submission, true
	trusted := network
	trusted.Relays = true
	handed := mail.Origin{Service: mail.Submission, Inside: "www-data"}
	for _, tt := range []struct {
		who  string
		o    mail.Origin
		from string
		to   string
		want string
		says string
	}{
		{"stranger", mx(), "x@example.net", "bob@far.example", "550 5.7.1", "log in on a port for submission, as 587"},
		{"stranger by a literal", mx(), "x@example.net", "bob@[192.0.2.7]", "550 5.7.1", "Relaying denied"},
		{"stranger to a relay domain", mx(), "x@example.net", "eva@relay.es", "", ""},
		{"stranger to nobody there", mx(), "x@example.net", "adan@relay.es", "550 5.1.1", ""},
		{"stranger to an alias", mx(), "x@example.net", "fuera@pepito.es", "", ""},
		{"user", h.submission("pepe@pepito.es"), "pepe@pepito.es", "bob@far.example", "", ""},
		{"network", network, "pepe@pepito.es", "bob@far.example", "550 5.7.1", "relay = true"},
		{"trusted network", trusted, "pepe@pepito.es", "bob@far.example", "", ""},
		{"this machine", handed, "pepe@pepito.es", "bob@far.example", "", ""},
		{"lab", lab(), "x@example.net", "bob@far.example", "", ""},
		{"where none is taken", h.submission("pepe@pepito.es"), "pepe@pepito.es", "bob@shut.example", "556 5.1.10", "takes no mail"},
	} {
		g.shut["shut.example"] = mail.Refuse(556, "5.1.10", "shut.example takes no mail")
		h.store.out, g.from = nil, nil
		_, err := h.send(tt.o, mail.Envelope{From: addr(tt.from)}, "From: pepe@pepito.es\r\n\r\nx\r\n", 0, rcpts(tt.to)...)
		wantReply(t, tt.who, err, tt.want)
		if err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v does not say %q", tt.who, err, tt.says)
		}
		if len(h.store.out) != map[bool]int{true: 1}[tt.want == ""] {
			t.Errorf("%s: left %q", tt.who, h.left())
		}
		if strings.HasPrefix(tt.says, "Relaying") && len(g.from) > 0 {
			t.Errorf("%s: a stranger makes us look up a domain", tt.who)
		}
	}
	closed := newHouse(t)
	closed.alias("fuera@pepito.es", "bob@far.example")
	closed.alias("mixta@pepito.es", "pepe@pepito.es", "bob@far.example")
	for to, want := range map[string]string{"bob@far.example": "550 5.7.1", "fuera@pepito.es": "550 5.7.1", "mixta@pepito.es": ""} {
		_, err := closed.send(closed.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, rcpts(to)...)
		wantReply(t, to, err, want)
	}
}

// All that the queue is told of a message.
//
// rfc: 6531-3.2-2, 6531-3.2-3, 6531-3.2-6
func TestOutgoing(t *testing.T) {
	var told heard
	stirred := 0
	h, _ := open(t, func(c *Config) { c.Queued = func() { stirred++ }; c.Sink = &told; c.MaxAge = time.Hour })
	env := mail.Envelope{From: addr("pepe@pepito.es"), EnvID: "e1", Ret: mail.RetFull}
	bob := mail.Recipient{To: mail.Address{Local: "Bob", Domain: "ESPAÑA.Example"}, Notify: mail.NotifySuccess | mail.NotifyDelay, Orcpt: "rfc822;b@x"}
	r, err := h.send(h.submission("pepe@pepito.es"), env, "From: pepe@pepito.es\r\nMessage-ID: <m@x>\r\n\r\na\xf1o\r\n", 3,
		bob, mail.Recipient{To: addr("ana@pepito.es")}, mail.Recipient{To: addr("x@[192.0.2.1]")})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.store.out) != 1 || h.store.files != 1 || stirred != 1 || len(h.got("ana@pepito.es")) != 1 {
		t.Fatalf("%+v in %d transactions, told %d times", h.store.out, h.store.files, stirred)
	}
	o := h.store.out[0]
	want := store.Outgoing{Queue: "id1", MessageID: "m@x", From: "pepe@pepito.es", Sender: "pepe@pepito.es", Auth: "pepe@pepito.es", EnvID: "e1", Ret: mail.RetFull,
		Body: mail.Body8BitMIME, Received: h.now, Prefix: o.Prefix, Rcpts: []store.Rcpt{
			{To: "Bob@xn--espaa-rta.example", Domain: "xn--espaa-rta.example", Orcpt: "rfc822;b@x", Notify: bob.Notify, Due: h.now, Expires: h.now.Add(time.Hour)},
			{To: "x@[192.0.2.1]", Domain: "[192.0.2.1]", Due: h.now, Expires: h.now.Add(time.Hour)},
		}}
	if got, wanted := fmt.Sprintf("%+v", o.Outgoing), fmt.Sprintf("%+v", want); got != wanted {
		t.Errorf("got  %s\nwant %s", got, wanted)
	}
	if !strings.HasPrefix(o.octets, "Received: from client.example.net ([192.0.2.1])\r\n") ||
		!strings.HasSuffix(o.octets, "\r\nFrom: pepe@pepito.es\r\nMessage-ID: <m@x>\r\n\r\na\xf1o\r\n") || strings.Contains(o.octets, "Return-Path") || strings.Contains(o.octets, "Delivered-To") {
		t.Errorf("it leaves as %q", o.octets)
	}
	if !slices.Equal(r.Queued, []mail.Onward{{Recipient: bob.To.String(), To: "Bob@xn--espaa-rta.example"}, {Recipient: "x@[192.0.2.1]", To: "x@[192.0.2.1]"}}) {
		t.Errorf("the receipt says %+v", r.Queued)
	}
	if len(told.facts) != 0 { // the session tells
		t.Errorf("told %+v", told.facts)
	}
}

// What the content and the addresses need of the next host.
func TestOutgoingNeeds(t *testing.T) {
	h, _ := open(t)
	h.alias("n@pepito.es", "ñ@far.example", "a@far.example")
	h.alias("d@pepito.es", "a@ñandú.example")
	h.alias("año@pepito.es", "a@far.example")
	for _, tt := range []struct {
		name, msg, to string
		env           mail.Envelope
		want          string
	}{
		{"plain", plain, "a@far.example", mail.Envelope{}, "7"},
		{"said to be 8bit", plain, "a@far.example", mail.Envelope{Body: mail.Body8BitMIME}, "7"},
		{"8bit body", "A: b\r\n\r\nlong enough to be looked at, año\r\n", "a@far.example", mail.Envelope{}, "8"},
		{"8bit at the end", "A: b\r\n\r\n1234567\xf1", "a@far.example", mail.Envelope{}, "8"},
		{"latin-1 header", "Subject: a\xf1o\r\n\r\nx\r\n", "a@far.example", mail.Envelope{}, "8"},
		{"UTF-8 header, not asked for", "Subject: año\r\n\r\nx\r\n", "a@far.example", mail.Envelope{}, "8 head"},
		{"UTF-8 header, behind an alias", "Subject: año\r\n\r\nx\r\n", "n@pepito.es", mail.Envelope{}, "8 utf8 head, 8 head"},
		{"UTF-8 header", "Subject: año\r\n\r\nx\r\n", "a@far.example", mail.Envelope{UTF8: true}, "8 utf8 head"},
		{"UTF-8 below", "Subject: x\r\n\r\naño\r\n", "a@far.example", mail.Envelope{UTF8: true}, "8 utf8"},
		{"SMTPUTF8 for nothing", plain, "a@far.example", mail.Envelope{UTF8: true}, "7"},
		{"UTF-8 recipient", plain, "ñ@far.example", mail.Envelope{UTF8: true}, "8 utf8"},
		{"UTF-8 domain", plain, "a@ñandú.example", mail.Envelope{UTF8: true}, "7"},   // RCPT says its A-label, and Received: names nobody
		{"UTF-8 domain behind an alias", plain, "d@pepito.es", mail.Envelope{}, "7"}, // the same
		{"UTF-8 alias", plain, "año@pepito.es", mail.Envelope{UTF8: true}, "7"},
		{"UTF-8 behind an alias, for the one alone", plain, "n@pepito.es", mail.Envelope{}, "8 utf8, 7"},
		{"UTF-8 sender", plain, "a@far.example", mail.Envelope{UTF8: true, From: addr("ñ@pepito.es")}, "8 utf8"},
	} {
		h.store.out = nil
		if tt.env.From.IsZero() {
			tt.env.From = addr("pepe@pepito.es")
		}
		if _, err := h.send(lab(), tt.env, tt.msg, 5, rcpts(tt.to)...); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var got []string
		for _, o := range h.store.out {
			s := "7"
			if o.Body == mail.Body8BitMIME {
				s = "8"
			}
			if o.UTF8 {
				s += " utf8"
			}
			if o.Traits.UTF8 {
				s += " head"
			}
			got = append(got, s)
			if !o.Lab {
				t.Errorf("%s: it does not say that it came by a lab", tt.name)
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Kinds of domain: how long mail waits, and who is asked.
func TestOutgoingKinds(t *testing.T) {
	h, g := open(t, func(c *Config) { c.Hold = true })
	h.domain(directory.Domain{Name: "asks.es", Kind: directory.KindRelay, Relay: "in.asks.es:2525", Callout: true, MaxAge: time.Hour})
	h.domain(directory.Domain{Name: "site.es", Kind: directory.KindOnDemand, Site: "s", AnyRecipient: true})
	h.domain(directory.Domain{Name: "moves.es", Relay: "old.moves.es"})
	g.known["yes@asks.es"], g.known["Old@moves.es"] = nil, nil
	g.notes["Old@moves.es"] = "old.moves.es was not reached"
	g.known["later@asks.es"] = mail.Refuse(451, "4.4.1", "in.asks.es cannot be reached")
	for to, want := range map[string]string{
		"yes@asks.es": "", "no@asks.es": "550 5.1.1", "later@asks.es": "451 4.4.1", "x@site.es": "", "Old@moves.es": "", "new@moves.es": "550 5.1.1",
	} {
		r, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts(to)...)
		wantReply(t, to, err, want)
		if note := g.notes[to]; slices.Contains(r.Notes, "old.moves.es was not reached") != (note != "") {
			t.Errorf("%s: noted %q", to, r.Notes)
		}
	}
	slices.Sort(g.asked)
	if want := []string{"in.asks.es:2525 x@example.net later@asks.es", "in.asks.es:2525 x@example.net no@asks.es", "in.asks.es:2525 x@example.net yes@asks.es",
		"old.moves.es x@example.net Old@moves.es", "old.moves.es x@example.net new@moves.es"}; !slices.Equal(g.asked, want) {
		t.Errorf("asked %q", g.asked)
	}
	ages := map[string]time.Duration{"yes@asks.es": time.Hour, "x@site.es": 30 * 24 * time.Hour, "Old@moves.es": 5 * 24 * time.Hour}
	for _, o := range h.store.out {
		r := o.Rcpts[0]
		if r.Expires != h.now.Add(ages[r.To]) || (r.Due == store.Never()) != (r.To == "x@site.es") || !r.Held || o.Sender != "example.net" || o.From != "x@example.net" {
			t.Errorf("%+v", o)
		}
	}
	// Who asks may have what another address leads to.
	h.alias("wohin@pepito.es", "Old@moves.es")
	h.account("luis@moves.es", 0)
	h.forward("luis@moves.es", false, "Old@moves.es")
	for _, to := range []string{"wohin@pepito.es", "luis@moves.es"} {
		g.asked = nil
		if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts(to)...); err != nil || !slices.Equal(g.asked, []string{"old.moves.es x@example.net Old@moves.es behind"}) {
			t.Errorf("%s: %v, asked %q", to, err, g.asked)
		}
	}
	// Nobody is asked about members of a list.
	g.asked = nil
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "who@moves.es")
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("lista@pepito.es")...); err != nil || len(g.asked) > 0 {
		t.Errorf("%v, asked %q", err, g.asked)
	}
}

// What the sender asked for goes on as RFC 3461 §5.2.7 lets it.
//
// rfc: 3461-4.2-5, 3461-5.2.1-9, 3461-5.2.1-10, 3461-5.2.7.1-5, 3461-5.2.7.2-1, 3461-5.2.7.2-2, 3461-5.2.8-1, 3464-3-3
func TestOnwardReports(t *testing.T) {
	h, _ := open(t)
	h.alias("uno@pepito.es", "one@far.example")
	h.alias("dos@pepito.es", "two@far.example", "gorka@jaramillo.edu.ec")
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "luis@far.example")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "member@far.example", "usuario@servidor.es")
	all := mail.NotifySuccess | mail.NotifyFailure
	ask := func(to, orcpt string, n mail.Notify) mail.Recipient {
		return mail.Recipient{To: addr(to), Orcpt: orcpt, Notify: n}
	}
	env := mail.Envelope{From: addr("pepe@pepito.es"), EnvID: "e1", Ret: mail.RetFull}
	_, err := h.send(h.submission("pepe@pepito.es"), env, "From: pepe@pepito.es\r\n\r\nx\r\n", 0,
		ask("bob@far.example", "", all), ask("uno@pepito.es", "", all), ask("dos@pepito.es", "rfc822;orig@x", mail.NotifySuccess),
		ask("Luis@pepito.es", "", mail.NotifySuccess|mail.NotifyDelay), ask("lista@pepito.es", "", all))
	if err != nil {
		t.Fatal(err)
	}
	h.wantLeft("what was asked for",
		"<pepe@pepito.es> bob@far.example  6",
		"<pepe@pepito.es> one@far.example rfc822;uno@pepito.es 6",
		"<pepe@pepito.es> two@far.example rfc822;orig@x 1",
		"<pepe@pepito.es> luis@far.example rfc822;Luis@pepito.es 8",
		"<ana@pepito.es> member@far.example  0")
	for _, o := range h.store.out {
		list := o.From == "ana@pepito.es"
		if (o.EnvID == "e1") == list || (o.Ret == mail.RetFull) == list {
			t.Errorf("%s: ENVID %q RET %v", o.Rcpts[0].To, o.EnvID, o.Ret)
		}
	}
	var said []string
	for _, r := range h.reportIn("pepe@pepito.es").Recipients {
		said = append(said, fmt.Sprintf("%s %s", r.Final, r.Action))
	}
	if want := []string{"rfc822;dos@pepito.es expanded", "rfc822;Luis@pepito.es expanded", "rfc822;lista@pepito.es delivered"}; !slices.Equal(said, want) {
		t.Errorf("reported %q", said)
	}
}

// Each address elsewhere gets the message once, by the straightest way.
func TestOnwardOnce(t *testing.T) {
	h, _ := open(t)
	h.alias("uno@pepito.es", "bob@far.example")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "bob@Far.example", "Bob@far.example", "eva@far.example")
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("m%d@far.example", i))
	}
	h.alias("many@pepito.es", many...)
	to := rcpts("lista@pepito.es", "uno@pepito.es", "many@pepito.es", "m7@far.example", "bob@far.example", "bob@FAR.example")
	to[4].Notify = mail.NotifyNever
	if _, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, to...); err != nil {
		t.Fatal(err)
	}
	want := []string{"<pepe@pepito.es> bob@far.example  1", "<ana@pepito.es> Bob@far.example  0", "<ana@pepito.es> eva@far.example  0"}
	for i, m := range many {
		orcpt := "rfc822;many@pepito.es"
		if i == 7 {
			orcpt = ""
		}
		want = append(want, fmt.Sprintf("<pepe@pepito.es> %s %s 0", m, orcpt))
	}
	h.wantLeft("once each", want...)
	if len(h.store.out) != 3 { // straight, by the list, by the alias
		t.Errorf("%d messages leave", len(h.store.out))
	}
}

// A recipient whom another's copy serves is told of with it.
func TestServedByAnother(t *testing.T) {
	h, _ := open(t)
	h.alias("uno@pepito.es", "bob@far.example")
	h.alias("dos@pepito.es", "bob@far.example")
	h.alias("tres@pepito.es", "ana@pepito.es", "pepe@pepito.es")
	r, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0,
		rcpts("uno@pepito.es", "dos@pepito.es", "bob@far.example", "ana@pepito.es", "pepe@pepito.es", "tres@pepito.es")...)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, o := range r.Queued {
		told = append(told, o.Recipient+" "+o.To)
	}
	for _, d := range r.To {
		told = append(told, d.Recipient+" "+d.Mailbox)
	}
	want := []string{"bob@far.example bob@far.example", "uno@pepito.es bob@far.example", "dos@pepito.es bob@far.example",
		"ana@pepito.es ana@pepito.es", "pepe@pepito.es pepe@pepito.es", "tres@pepito.es ana@pepito.es"}
	if !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}

// Each recipient has what it leads to, also where the copy that went for another
// serves it: here the list's the mailbox, and the alias's the address elsewhere.
func TestReceiptOfAMemberNamedToo(t *testing.T) {
	h, _ := open(t)
	h.account("luis@pepito.es", 0)
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "luis@pepito.es")
	h.forward("luis@pepito.es", true, "luis@far.example")
	h.alias("fuera@pepito.es", "luis@far.example")
	r, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, rcpts("lista@pepito.es", "fuera@pepito.es", "luis@pepito.es")...)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range r.To {
		got = append(got, d.Recipient+" in "+d.Mailbox)
	}
	for _, o := range r.Queued {
		got = append(got, o.Recipient+" to "+o.To)
	}
	slices.Sort(got)
	want := []string{"fuera@pepito.es to luis@far.example", "lista@pepito.es in luis@pepito.es", "lista@pepito.es to luis@far.example",
		"luis@pepito.es in luis@pepito.es", "luis@pepito.es to luis@far.example"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
