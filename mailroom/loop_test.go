package mailroom

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/event"
	"posta/mail"
)

// A part that cannot leave spoils nothing of what the others get behind an alias, a
// list or a forward; where nobody is left, the answer says that it was sent on.
func TestPartsThatStay(t *testing.T) {
	h, g := open(t)
	g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way")
	h.alias("mixta@pepito.es", "ana@pepito.es", "x@shut.example")
	h.alias("postmaster@pepito.es", "x@shut.example")
	g.shut["gone.example"] = mail.Refuse(556, "5.1.10", "It takes none.")
	h.alias("gone@pepito.es", "x@gone.example")
	h.domain(directory.Domain{Name: "rel.example", Kind: directory.KindRelay, Relay: "in.rel.example"})
	h.alias("ajena@pepito.es", "ana@pepito.es", "nadie@rel.example")
	h.account("otto@pepito.es", 0)
	h.forward("otto@pepito.es", true, "nadie@rel.example")
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "luis@shut.example")
	h.account("eva@pepito.es", 0)
	h.forward("eva@pepito.es", false, "eva@shut.example")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "x@shut.example", "usuario@servidor.es", "y@far.example")
	h.list("fuera@pepito.es", directory.Public, "ana@pepito.es", "x@shut.example")
	for _, tt := range []struct{ to, want, box, missed string }{
		{"mixta@pepito.es", "", "ana@pepito.es", "[{false no way [{mixta@pepito.es x@shut.example}]}]"},
		{"gone@pepito.es", "550 5.2.4", "", "[]"},
		{"ajena@pepito.es", "", "ana@pepito.es", "[{false No such user here [{ajena@pepito.es nadie@rel.example}]}]"},
		{"otto@pepito.es", "", "otto@pepito.es", "[{false No such user here [{otto@pepito.es nadie@rel.example}]}]"},
		{"eva@pepito.es", "550 5.7.1", "", "[]"},
		{"fuera@pepito.es", "550 5.7.1", "", "[]"},
		{"luis@pepito.es", "", "luis@pepito.es", "[{false no way [{luis@pepito.es luis@shut.example}]}]"},
		{"lista@pepito.es", "", "usuario@servidor.es", "[{true no way [{lista@pepito.es x@shut.example}]}]"},
		{"postmaster@pepito.es", "", "pepe@pepito.es", "[{false no way [{postmaster@pepito.es x@shut.example}]}]"},
	} {
		h.store.boxes = nil
		receipt, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts(tt.to)...)
		wantReply(t, tt.to, err, tt.want)
		if err != nil && !strings.Contains(err.Error(), "Mail for this address is sent on, and cannot go there: ") {
			t.Errorf("%s: %v", tt.to, err)
		}
		if got := fmt.Sprint(receipt.Missed); got != tt.missed {
			t.Errorf("%s: missed %s, want %s", tt.to, got, tt.missed)
		}
		if tt.box != "" && len(h.got(tt.box)) != 1 {
			t.Errorf("%s: %+v", tt.to, h.store.boxes)
		}
		if all := strings.Join(h.got("ana@pepito.es"), ""); tt.to == "lista@pepito.es" && (!strings.Contains(all, "    The reason: no way\r\n") || strings.Contains(all, "other server's")) {
			t.Errorf("the owner reads %s", all)
		}
		if r := h.reportIn("ana@pepito.es"); (r != nil) != (tt.to == "lista@pepito.es") ||
			r != nil && (len(r.Recipients) != 1 || r.Recipients[0].Final != "rfc822;x@shut.example" || r.Recipients[0].Diagnostic != "" || string(r.Header) != "Subject: x\r\n") {
			t.Errorf("%s: the owner is told %+v", tt.to, r)
		}
	}
	h.wantLeft("the list", "<"+h.rewritten("ana@pepito.es")+"> y@far.example  0")
}

// rewritten is a reverse-path as it leaves: ours stays.
func (h *house) rewritten(path string) string {
	out, err := h.room.leaving(h.t.Context(), path, "x@pepito.es")
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// A message that an address of ours has sent on before is not sent on by it again.
func TestLoops(t *testing.T) {
	h, _ := open(t)
	h.alias("uno@pepito.es", "one@far.example")
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "luis@far.example")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "member@far.example", "usuario@servidor.es")
	h.list("larga@pepito.es", directory.Public, "ana@pepito.es", "gorka@jaramillo.edu.ec", "usuario@servidor.es", "pepe@pepito.es", "z@far.example")
	passed := func(by ...string) string {
		s := ""
		for _, b := range by {
			s += "Delivered-To: " + b + "\r\n"
		}
		return s + plain
	}
	for _, tt := range []struct {
		name, msg, want string
		to              []string
		left            int
		boxes           int
		later           int
	}{
		{"alias", passed("Uno@Pepito.es"), "554 5.4.6", []string{"uno@pepito.es"}, 0, 0, 0},
		{"another alias", passed("dos@pepito.es"), "", []string{"uno@pepito.es"}, 1, 0, 0},
		{"forward and keep", passed("x@y", "luis@pepito.es"), "", []string{"luis@pepito.es"}, 0, 1, 0},
		{"list", passed("lista@pepito.es"), "554 5.4.6", []string{"lista@pepito.es"}, 0, 0, 0},
		{"long list", passed("larga@pepito.es"), "554 5.4.6", []string{"larga@pepito.es"}, 0, 0, 0},
		{"long list once", plain, "", []string{"larga@pepito.es"}, 0, 0, 1},
		{"with others", passed("uno@pepito.es", "lista@pepito.es"), "", []string{"uno@pepito.es", "lista@pepito.es", "pepe@pepito.es"}, 0, 1, 0},
		{"long list and others", passed("larga@pepito.es"), "", []string{"larga@pepito.es", "pepe@pepito.es"}, 0, 1, 0},
		{"a mailbox of ours", passed("pepe@pepito.es"), "", []string{"pepe@pepito.es", "uno@pepito.es"}, 1, 1, 0},
	} {
		h.store.out, h.store.boxes, h.store.expansions = nil, nil, nil
		receipt, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, tt.msg, 0, rcpts(tt.to...)...)
		wantReply(t, tt.name, err, tt.want)
		if len(h.left()) != tt.left || len(h.store.boxes) != tt.boxes || len(h.store.expansions) != tt.later {
			t.Errorf("%s: left %q, %d boxes, %d later", tt.name, h.left(), len(h.store.boxes), len(h.store.expansions))
		}
		told := ""
		for _, m := range receipt.Missed {
			via, _, _ := strings.Cut(m.Why, " sends on to there, and")
			told += fmt.Sprint(m.Failed, " ", via, " ", m.To, ";")
		}
		if want := map[string]string{
			"forward and keep": "false luis@pepito.es [{luis@pepito.es luis@far.example}];",
			"with others": "false uno@pepito.es [{uno@pepito.es one@far.example}];" +
				"false lista@pepito.es [{lista@pepito.es member@far.example} {lista@pepito.es usuario@servidor.es}];",
			"long list and others": "false larga@pepito.es [{larga@pepito.es larga@pepito.es}];",
		}[tt.name]; told != want {
			t.Errorf("%s: missed %q, want %q", tt.name, told, want)
		}
	}
	// A circle within the house, as a store may hold it.
	h.account("otto@pepito.es", 0)
	h.forward("otto@pepito.es", true, "luis@pepito.es")
	h.forward("luis@pepito.es", true, "otto@pepito.es")
	receipt, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("luis@pepito.es")...)
	if got := fmt.Sprint(receipt.Missed); err != nil || got != "[{false otto@pepito.es sends on to there, and the message has come that way: it would go round in a circle [{luis@pepito.es luis@pepito.es}]}]" {
		t.Errorf("missed %s, %v", got, err)
	}
	h.forward("luis@pepito.es", true, "luis@far.example")
	// What goes on says by whom, and of a member who sends on what a list sent him,
	// by both: else it would come once more to the others when it comes back.
	h.list("grupo@pepito.es", directory.Public, "ana@pepito.es", "luis@pepito.es", "pepe@pepito.es")
	h.store.out = nil
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("grupo@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	if o := h.store.out[0]; len(h.store.out) != 1 || !strings.HasPrefix(o.octets, "Delivered-To: luis@pepito.es\r\nDelivered-To: grupo@pepito.es\r\nReceived: ") {
		t.Errorf("%q", o.octets)
	}
	h.store.out = nil
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, plain, 0, rcpts("uno@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	if o := h.store.out[0]; !strings.HasPrefix(o.octets, "Delivered-To: uno@pepito.es\r\nReceived: ") || !strings.HasSuffix(o.octets, "\r\n"+plain) {
		t.Errorf("%q", o.octets)
	}
}

// What a mailbox kept and sent on is not filed again when it comes back; what only
// says that it was there is.
func TestComesBackToMailbox(t *testing.T) {
	for _, tt := range []struct {
		name, change, by string
		keep             bool
		to               []string
		want             string
		luis, ana        int
		missed           string
	}{
		{"kept", "", "", true, []string{"luis"}, "", 0, 0, "luis@far.example luis@pepito.es"},
		{"with others", "", "", true, []string{"luis", "ana"}, "", 0, 1, "luis@far.example luis@pepito.es"},
		{"by an alias", "", "", true, []string{"jefe"}, "", 0, 0, "luis@far.example luis@pepito.es"},
		{"from another server", "by mx.pepito.es", "by old.example", true, []string{"luis"}, "", 1, 0, "luis@far.example"},
		{"through another address", "luis@pepito.es", "jefe@pepito.es", true, []string{"luis"}, "", 1, 0, ""},
		{"not kept", "", "", false, []string{"luis"}, "554 5.4.6", 0, 0, ""},
		{"without the stamp", "Received:", "X-Was:", true, []string{"luis"}, "", 1, 0, "luis@far.example"},
	} {
		h, _ := open(t)
		h.account("luis@pepito.es", 0)
		h.forward("luis@pepito.es", tt.keep, "luis@far.example")
		h.alias("jefe@pepito.es", "luis@pepito.es")
		if _, err := h.send(mx(), mail.Envelope{From: addr("x@far.example")}, plain, 0, rcpts("luis@pepito.es")...); err != nil {
			t.Fatal(err)
		}
		back := "Delivered-To: carla@far.example\r\nReceived: from mx.pepito.es by far.example; x\r\n" +
			strings.Replace(h.store.out[0].octets, tt.change, tt.by, 1)
		h.store.boxes, h.store.out = nil, nil
		var to []string
		for _, name := range tt.to {
			to = append(to, name+"@pepito.es")
		}
		receipt, err := h.send(mx(), mail.Envelope{From: addr("x@far.example")}, back, 9, rcpts(to...)...)
		wantReply(t, tt.name, err, tt.want)
		if luis, ana := len(h.got("luis@pepito.es")), len(h.got("ana@pepito.es")); luis != tt.luis || ana != tt.ana || receipt.ID == "" && err == nil {
			t.Errorf("%s: luis gets %d, ana %d, %+v", tt.name, luis, ana, receipt)
		}
		var missed []string
		for _, m := range receipt.Missed {
			missed = append(missed, m.To[0].To)
		}
		if got := strings.Join(missed, " "); got != tt.missed {
			t.Errorf("%s: missed %q: %+v", tt.name, got, receipt.Missed)
		}
	}
}

// Members elsewhere of a list that is expanded after the 250.
func TestExpandOutside(t *testing.T) {
	var told heard
	stirred := 0
	h, g := open(t, func(c *Config) { c.Sink = &told; c.Queued = func() { stirred++ } })
	g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way")
	id := h.list("larga@pepito.es", directory.Public, "pepe@pepito.es", "ana@pepito.es", "a@far.example", "b@far.example", "c@shut.example")
	if _, err := h.send(lab(), mail.Envelope{From: addr("x@example.net"), EnvID: "e"}, "A: b\r\n\r\na\xf1o\r\n", 0, rcpts("larga@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	if len(h.store.out) != 0 || len(h.store.expansions) != 1 || h.store.expansions[0].List != id || !h.store.expansions[0].Lab {
		t.Fatalf("%+v", h.store.expansions)
	}
	if err := h.room.expandAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantLeft("the expansion", "<pepe@pepito.es> a@far.example  0", "<pepe@pepito.es> b@far.example  0")
	o := h.store.out[0]
	if len(h.store.out) != 1 || !o.Lab || o.Body != mail.Body8BitMIME || o.Sender != "pepito.es" || o.Queue != "id1" || o.EnvID != "" ||
		!strings.HasPrefix(o.octets, "Delivered-To: larga@pepito.es\r\nReceived: ") || strings.Count(o.octets, "List-Id: ") != 1 || len(h.got("ana@pepito.es")) != 1 ||
		strings.Count(h.got("ana@pepito.es")[0], "List-Id: ") != 1 {
		t.Errorf("%+v\n%q", o.Outgoing, o.octets)
	}
	if r := h.reportIn("pepe@pepito.es"); r == nil || len(r.Recipients) != 1 || r.Recipients[0].Final != "rfc822;c@shut.example" {
		t.Errorf("the owner is told %+v", r)
	}
	if stirred != 1 || !slices.ContainsFunc(told.facts, func(f any) bool { q, ok := f.(event.Queued); return ok && q.ID == "id1" && len(q.To) == 2 }) {
		t.Errorf("told %+v, stirred %d", told.facts, stirred)
	}
	if m := told.facts[len(told.facts)-1]; fmt.Sprint(m) != "{id1 true no way [{ c@shut.example}]}" {
		t.Errorf("told at last %+v", m)
	}
	if last := g.from[len(g.from)-1]; last.Mode != mail.Lab {
		t.Errorf("asked as %+v", last)
	}
}

// What a list's message needs of the next host is known behind the 250, too.
func TestExpandWide(t *testing.T) {
	h, _ := open(t)
	h.list("larga@pepito.es", directory.Public, "pepe@pepito.es", "ana@pepito.es", "a@far.example", "b@far.example", "c@far.example")
	for _, asked := range []bool{false, true} {
		h.store.out, h.store.expansions = nil, nil
		if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net"), UTF8: asked}, "Subject: año\r\n\r\nx\r\n", 0, rcpts("larga@pepito.es")...); err != nil {
			t.Fatal(err)
		}
		if len(h.store.expansions) != 1 {
			t.Fatalf("%+v", h.store.expansions)
		}
		if err := h.room.expandAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if o := h.store.out; len(o) != 1 || o[0].UTF8 != asked || !o[0].Traits.UTF8 || o[0].Body != mail.Body8BitMIME {
			t.Errorf("asked %v: %+v", asked, o)
		}
	}
}

// A message that only passes through is passed on as it is, but for our line
// above it: what is odd in it is its sender's affair and its reader's.
//
// rfc: 5321-2.4-7, 5321-3.6.3-5, 5321-4.4-15, 5321-4.4-16
func TestPassedOnUntouched(t *testing.T) {
	h, _ := open(t)
	h.domain(directory.Domain{Name: "site.es", Kind: directory.KindOnDemand, Site: "s", AnyRecipient: true})
	for _, msg := range []string{
		"Return-Path: <x@y>\r\nreturn-path: <z@y>\r\nBcc: b@c\r\nSubject: x\r\n\r\nReturn-Path: <x@y>\r\n",
		"no header at all\r\n.\r\n",
		"Subject: x\r\nno field\r\n\r\n\x00\xff body without an end",
		"",
		"From: a@b, c@d\r\n from: e@f \r\n",
	} {
		for _, n := range []int{0, 1, 5} {
			h.store.out = nil
			r, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, msg, n, rcpts("eva@site.es")...)
			if err != nil {
				t.Fatal(err)
			}
			o := h.store.out[0]
			if o.octets != string(o.Prefix)+msg || len(r.Notes) != 0 || strings.Count(string(o.Prefix), "\r\n") != 4 || !strings.HasPrefix(o.octets, "Received: ") {
				t.Errorf("%q by %d leaves as %q, notes %q", msg, n, o.octets, r.Notes)
			}
		}
	}
	// Where somebody here gets it too, or it begins here, Return-Path goes.
	const odd = "Return-Path: <x@y>\r\nFrom: pepe@pepito.es\r\n\r\nx\r\n"
	for _, o := range []mail.Origin{mx(), h.submission("pepe@pepito.es")} {
		h.store.out = nil
		to := []string{"eva@site.es"}
		if o.Service == mail.MX {
			to = append(to, "ana@pepito.es")
		}
		if _, err := h.send(o, mail.Envelope{From: addr("pepe@pepito.es")}, odd, 0, rcpts(to...)...); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(h.store.out[0].octets, "Return-Path") {
			t.Errorf("%q", h.store.out[0].octets)
		}
	}
}

// A domain is asked about once however many addresses are in it, and not too
// many at a time.
func TestLooks(t *testing.T) {
	h, g := open(t)
	var all []directory.Onward
	for i := range 200 {
		d := fmt.Sprintf("d%d.example", i%100)
		all = append(all, directory.Onward{Address: fmt.Sprintf("u%d@%s", i, d), Domain: d})
	}
	g.shut["d7.example"] = mail.Refuse(556, "5.1.10", "no")
	taken := h.room.taken(t.Context(), mx(), all)
	if len(g.from) != 100 || g.most > mostLooks || len(taken) != 100 {
		t.Errorf("%d questions, %d at a time, %d answers", len(g.from), g.most, len(taken))
	}
	for d, why := range taken {
		if (why != nil) != (d == "d7.example") {
			t.Errorf("%s: %v", d, why)
		}
	}
}

// What is put before a message that leaves is ASCII, whoever sends it on and whatever
// the client said, and a loop is known by it all the same.
func TestOwnLinesASCII(t *testing.T) {
	h, _ := open(t)
	h.alias("año@pepito.es", "one@far.example")
	h.list("niñas@pepito.es", directory.Public, "ana@pepito.es", "member@far.example")
	for to, mark := range map[string]string{"año@pepito.es": `a\x{F1}o@pepito.es`, "niñas@pepito.es": `ni\x{F1}as@pepito.es`} {
		h.store.out = nil
		origin := mx()
		origin.Helo = "españa.es"
		env := mail.Envelope{From: addr("x@example.net"), UTF8: true}
		if _, err := h.send(origin, env, plain, 0, rcpts(to)...); err != nil || len(h.store.out) != 1 {
			t.Fatalf("%s: %v %+v", to, err, h.store.out)
		}
		o := h.store.out[0]
		if prefix := string(o.Prefix); o.UTF8 || !mail.IsASCII(prefix) || !strings.HasPrefix(prefix, "Delivered-To: "+mark+"\r\n") {
			t.Errorf("%s: %v %q", to, o.UTF8, prefix)
		}
		for _, before := range []string{mark, strings.ToUpper(mark), to} {
			_, err := h.send(origin, env, "Delivered-To: "+before+"\r\n"+plain, 0, rcpts(to)...)
			wantReply(t, before, err, "554 5.4.6")
		}
	}
}
