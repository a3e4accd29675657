package mailroom

import (
	"fmt"
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
	"posta/event"
	"posta/mail"
)

// asks is a recipient with NOTIFY=SUCCESS.
func asks(address, orcpt string) mail.Recipient {
	return mail.Recipient{To: addr(address), Orcpt: orcpt, Notify: mail.NotifySuccess}
}

// reportIn reads the report among the messages of an account.
func (h *house) reportIn(address string) *dsn.Report {
	h.t.Helper()
	var found *dsn.Report
	for _, msg := range h.got(address) {
		if r, err := dsn.Parse([]byte(msg)); err == nil {
			if found != nil {
				h.t.Fatal("two reports")
			}
			if !strings.HasPrefix(msg, "Return-Path: <>\r\nDelivered-To: "+address+"\r\nFrom: ") {
				h.t.Errorf("the report begins %.100q", msg)
			}
			found = r
		}
	}
	return found
}

// rfc: 3461-5.2.3-1, 3461-5.2.7.1-1, 3461-6.3-10, 3464-2-1, 3464-2-2, 3464-2-7, 3464-2.3.2-2, 3464-2.3.2-3
// rfc: 3464-2.3.3-3, 3464-3-3, 3464-3-5
func TestReportDelivered(t *testing.T) {
	var told heard
	h := newHouse(t, func(c *Config) { c.Sink = &told })
	h.alias("todos@pepito.es", "ana@pepito.es", "gorka@jaramillo.edu.ec")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "usuario@servidor.es", "gorka@jaramillo.edu.ec")
	env := mail.Envelope{From: addr("pepe@pepito.es"), EnvID: "QQ+1", Ret: mail.RetHdrs}
	quiet := mail.Recipient{To: addr("postmaster@pepito.es"), Notify: mail.NotifyNever}
	_, err := h.send(lab(), env, "Subject: año\r\nBcc: x\r\n\r\nsecret body\r\n", 4,
		asks("Ana@pepito.es", "rfc822;Anita@pepito.es"), asks("todos@pepito.es", ""), asks("lista@pepito.es", ""), asks("postmaster", ""), quiet)
	if err != nil {
		t.Fatal(err)
	}
	r := h.reportIn("pepe@pepito.es")
	if r == nil || len(r.Recipients) != 4 || h.store.files != 1 {
		t.Fatalf("report %+v in %d transactions", r, h.store.files)
	}
	a, _ := told.facts[0].(event.Accepted)
	d, _ := told.facts[1].(event.Delivered)
	if len(told.facts) != 2 || a.From != "" || a.MessageID != a.ID+"@mx.pepito.es" || a.Size == 0 || d.ID != a.ID ||
		len(d.To) != 1 || d.To[0].Recipient != "pepe@pepito.es" || d.To[0].Account != h.ids["pepe@pepito.es"] {
		t.Errorf("told %+v", told.facts)
	}
	want := []dsn.Recipient{
		{Original: "rfc822;Anita@pepito.es", Final: "rfc822;Ana@pepito.es", Action: dsn.Delivered},
		{Final: "rfc822;todos@pepito.es", Action: dsn.Expanded},
		{Final: "rfc822;lista@pepito.es", Action: dsn.Delivered},
		{Final: "rfc822;postmaster@pepito.es", Action: dsn.Delivered},
	}
	for i, w := range want {
		w.Status = mail.Status{Class: 2}
		if r.Recipients[i] != w {
			t.Errorf("got %+v, want %+v", r.Recipients[i], w)
		}
	}
	if r.EnvID != "QQ+1" || r.MTA != "mx.pepito.es" || r.FromMTA != "client.example.net" || r.FromAddr.String() != "192.0.2.1" || r.From != addr("postmaster@pepito.es") ||
		r.To != env.From || string(r.Header) != "Subject: año\r\nBcc: x\r\n" || r.MessageID == "" {
		t.Errorf("%+v", r)
	}
	all := strings.Join(h.got("pepe@pepito.es"), "")
	if strings.Count(all, "secret body") != 1 { // as the postmaster
		t.Errorf("the report holds the body: %q", all)
	}
	for _, line := range []string{"Anita@pepito.es: it was delivered to the mailbox.", "todos@pepito.es: it was sent on to the addresses behind this one.",
		"lista@pepito.es: the mailing list has it and sends it on to its members."} {
		if !strings.Contains(all, "  "+line+"\r\n") {
			t.Errorf("no %q in %q", line, all)
		}
	}
	_, spanish, _ := strings.Cut(all, "This is the mail server mx.pepito.es.")
	if !strings.Contains(spanish, "Este es el servidor de correo mx.pepito.es.") {
		t.Errorf("the report does not say it in English, then in Spanish: %q", all)
	}
}

// rfc: 3461-5.2.3-2, 3461-5.2.3-3, 3464-2.3.3-2
func TestNoReport(t *testing.T) {
	tests := []struct {
		name string
		o    mail.Origin
		from string
		rcpt mail.Recipient
	}{
		{"null path", lab(), "", asks("ana@pepito.es", "")},
		{"never", lab(), "pepe@pepito.es", mail.Recipient{To: addr("ana@pepito.es"), Notify: mail.NotifyNever}},
		{"failure only", lab(), "pepe@pepito.es", mail.Recipient{To: addr("ana@pepito.es"), Notify: mail.NotifyFailure}},
		{"not asked", lab(), "pepe@pepito.es", mail.Recipient{To: addr("ana@pepito.es")}},
	}
	for _, tt := range tests {
		h := newHouse(t)
		env := mail.Envelope{}
		if tt.from != "" {
			env.From = addr(tt.from)
		}
		if _, err := h.send(tt.o, env, "A: b\r\n\r\n", 0, tt.rcpt); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if len(h.store.boxes) != 1 {
			t.Errorf("%s: %d deliveries", tt.name, len(h.store.boxes))
		}
	}
}

// To take NOTIFY=SUCCESS or DELAY is to promise a report, so a sender whom none
// reaches may not use them. The rest of RFC 3461 he may: other servers add ORCPT
// by themselves.
func TestReportNobodyToTell(t *testing.T) {
	for _, from := range []string{"x@example.net", "nadie@pepito.es"} {
		h := newHouse(t)
		l, err := h.room.Begin(t.Context(), lab(), mail.Envelope{From: addr(from), Ret: mail.RetHdrs, EnvID: "e"})
		if err != nil {
			t.Fatal(err)
		}
		ana := addr("ana@pepito.es")
		for _, notify := range []mail.Notify{mail.NotifySuccess, mail.NotifyDelay, mail.NotifySuccess | mail.NotifyFailure} {
			wantReply(t, from, l.Rcpt(t.Context(), mail.Recipient{To: ana, Notify: notify}), "555 5.5.4")
		}
		for _, to := range []mail.Recipient{{}, {Orcpt: "rfc822;a@b"}, {Notify: mail.NotifyNever}, {Notify: mail.NotifyFailure, Orcpt: "rfc822;a@b"}} {
			to.To = ana
			if err := l.Rcpt(t.Context(), to); err != nil {
				t.Errorf("%s, %+v: %v", from, to, err)
			}
		}
		l.Abort()
		r, err := h.send(lab(), mail.Envelope{From: addr(from), Ret: mail.RetFull, EnvID: "e"}, "A: b\r\n\r\n", 0,
			mail.Recipient{To: ana, Notify: mail.NotifyFailure, Orcpt: "rfc822;a@b"})
		if err != nil || len(h.store.boxes) != 1 {
			t.Errorf("%s: %+v %v, %d deliveries", from, r, err, len(h.store.boxes))
		}
	}
}

// A sender without room for the report still gets his message through.
func TestReportNoRoom(t *testing.T) {
	h := newHouse(t)
	h.account("lleno@pepito.es", 2000)
	h.store.used[h.ids["lleno@pepito.es"]] = 1500
	r, err := h.send(h.submission("lleno@pepito.es"), mail.Envelope{From: addr("lleno@pepito.es")}, "A: b\r\n\r\n", 0, asks("ana@pepito.es", ""))
	if err != nil || len(h.store.boxes) != 1 || fmt.Sprint(r.Missed) != "[{false The report on this message could not be sent to its sender: The mailbox is full [{ lleno@pepito.es}]}]" {
		t.Errorf("%v, %d deliveries, missed %v", err, len(h.store.boxes), r.Missed)
	}
}

// One full mailbox of several: the sender gets a report, a stranger, too; where none
// can reach him the message is refused.
//
// rfc: 3461-4.3-2
func TestFullAmongOthers(t *testing.T) {
	body := "Subject: x\r\n\r\n" + strings.Repeat("x", 3000) + "\r\n"
	for _, tt := range []struct {
		name   string
		from   string
		mx     bool
		notify mail.Notify
		want   string
		report bool
	}{
		{"local sender", "pepe@pepito.es", false, 0, "", true},
		{"never", "pepe@pepito.es", false, mail.NotifyNever, "", false},
		{"success", "pepe@pepito.es", false, mail.NotifySuccess, "", false},
		{"stranger", "pepe@pepito.es", true, 0, "", true},
		{"stranger elsewhere", "x@far.example", true, 0, "", false},
		{"whom nothing reaches", "x@shut.example", true, 0, "452 4.2.2", false},
		{"nobody there", "nadie@pepito.es", true, 0, "452 4.2.2", false},
		{"null path", "", true, 0, "452 4.2.2", false},
		{"null path, known", "", false, 0, "452 4.2.2", false},
	} {
		h, g := open(t)
		g.shut["shut.example"] = mail.Refuse(556, "5.1.10", "no")
		h.account("lleno@pepito.es", 2500)
		o := h.submission("pepe@pepito.es")
		if tt.mx {
			o = mx()
		}
		_, err := h.send(o, mail.Envelope{From: addr(tt.from)}, body, 100,
			mail.Recipient{To: addr("ana@pepito.es")}, mail.Recipient{To: addr("lleno@pepito.es"), Notify: tt.notify})
		if left := h.left(); (len(left) == 1) != (tt.from == "x@far.example") {
			t.Errorf("%s: left %q", tt.name, left)
		}
		wantReply(t, tt.name, err, tt.want)
		if got := len(h.got("ana@pepito.es")); (got == 1) != (tt.want == "") || len(h.got("lleno@pepito.es")) != 0 {
			t.Errorf("%s: ana has %d", tt.name, got)
		}
		r := h.reportIn("pepe@pepito.es")
		if (r != nil) != tt.report {
			t.Errorf("%s: report %+v", tt.name, r)
		}
		if r != nil && (len(r.Recipients) != 1 || r.Recipients[0].Action != dsn.Failed || r.Recipients[0].Status.String() != "5.2.2" || string(r.Header) != "Subject: x\r\n") {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
}

// Of an alias for several whose one mailbox is full that one has failed, for each
// recipient that leads to it, and the others have not.
func TestFullBehindAlias(t *testing.T) {
	body := "Subject: x\r\n\r\n" + strings.Repeat("x", 3000) + "\r\n"
	both := mail.NotifySuccess | mail.NotifyFailure
	for _, tt := range []struct{ to, want, missed string }{
		{"dos", "failed dos lleno, expanded  dos", "dos lleno"},
		{"dos lleno", "failed dos lleno, expanded  dos, failed  lleno", "dos lleno, lleno lleno"},
		{"lleno dos", "failed  lleno, failed dos lleno, expanded  dos", "lleno lleno, dos lleno"},
		{"lista lleno", "expanded  lista, failed  lleno", "lleno lleno, lista lleno"},
		{"luis lleno", "failed luis lleno, expanded  luis, failed  lleno", "luis lleno, lleno lleno"},
		{"solo ana", "failed  solo, delivered  ana", "solo lleno"},
		{"lleno ana lleno", "failed  lleno, delivered  ana", "lleno lleno"},
	} {
		h := newHouse(t)
		h.account("lleno@pepito.es", 2500)
		h.account("luis@pepito.es", 0)
		h.alias("dos@pepito.es", "ana@pepito.es", "lleno@pepito.es")
		h.alias("solo@pepito.es", "lleno@pepito.es")
		h.list("lista@pepito.es", directory.Public, "", "ana@pepito.es", "lleno@pepito.es")
		h.forward("luis@pepito.es", true, "lleno@pepito.es")
		var to []mail.Recipient
		for name := range strings.FieldsSeq(tt.to) {
			to = append(to, mail.Recipient{To: addr(name + "@pepito.es"), Notify: both})
		}
		receipt, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, body, 100, to...)
		r := h.reportIn("pepe@pepito.es")
		if err != nil || r == nil {
			t.Fatalf("%s: %v, report %+v", tt.to, err, r)
		}
		short := strings.NewReplacer("rfc822;", "", "@pepito.es", "")
		var got, missed []string
		for _, d := range r.Recipients {
			got = append(got, short.Replace(fmt.Sprintf("%s %s %s", d.Action, d.Original, d.Final)))
		}
		for _, m := range receipt.Missed {
			for _, o := range m.To {
				missed = append(missed, short.Replace(o.Recipient+" "+o.To))
			}
		}
		if strings.Join(got, ", ") != tt.want || strings.Join(missed, ", ") != tt.missed {
			t.Errorf("%s: report %q, missed %q", tt.to, got, missed)
		}
	}
}

// Whose mailbox is full already refuses a recipient that leads to nobody else;
// of several the others get theirs.
func TestFullAtRcpt(t *testing.T) {
	h := newHouse(t)
	h.account("lleno@pepito.es", 1500)
	h.store.used[h.ids["lleno@pepito.es"]] = 1500
	h.list("uno@pepito.es", directory.Public, "", "lleno@pepito.es")
	h.list("dos@pepito.es", directory.Public, "", "lleno@pepito.es", "ana@pepito.es")
	h.list("larga@pepito.es", directory.Public, "", "ana@pepito.es", "pepe@pepito.es", "usuario@servidor.es", "gorka@jaramillo.edu.ec")
	h.alias("solo@pepito.es", "lleno@pepito.es")
	h.alias("ambos@pepito.es", "lleno@pepito.es", "ana@pepito.es")
	h.alias("larga-y@pepito.es", "lleno@pepito.es", "larga@pepito.es")
	for to, want := range map[string]string{
		"lleno@pepito.es": "452 4.2.2", "solo@pepito.es": "452 4.2.2", "uno@pepito.es": "452 4.2.2",
		"dos@pepito.es": "", "ambos@pepito.es": "", "larga-y@pepito.es": "",
	} {
		l, err := h.room.Begin(t.Context(), mx(), mail.Envelope{From: addr("x@example.net")})
		if err != nil {
			t.Fatal(err)
		}
		wantReply(t, to, l.Rcpt(t.Context(), rcpts(to)[0]), want)
		l.Abort()
	}
}

// A full member of a list does not stop the list; its owner hears of it.
func TestFullMember(t *testing.T) {
	h := newHouse(t)
	h.account("lleno@pepito.es", 1500)
	h.list("lista@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "ana@pepito.es", "lleno@pepito.es")
	receipt, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es"), EnvID: "no"}, "A: b\r\n\r\n"+strings.Repeat("x", 1000), 0, rcpts("lista@pepito.es")...)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.got("ana@pepito.es")) != 1 || len(h.got("lleno@pepito.es")) != 0 {
		t.Errorf("%+v", h.store.boxes)
	}
	if got := fmt.Sprint(receipt.Missed); got != "[{true The mailbox is full [{lista@pepito.es lleno@pepito.es}]}]" {
		t.Errorf("missed %s", got)
	}
	r := h.reportIn("gorka@jaramillo.edu.ec")
	if r == nil || len(r.Recipients) != 1 || r.Recipients[0].Final != "rfc822;lleno@pepito.es" || r.EnvID != "" {
		t.Errorf("%+v", r)
	}
	if got := h.got("gorka@jaramillo.edu.ec"); len(got) != 1 || !strings.Contains(got[0], "owner of the\r\nmailing list lista@pepito.es,") || !strings.Contains(got[0], "The reason: The mailbox is full") {
		t.Errorf("the owner reads %q", got)
	}
	if got := h.got("ana@pepito.es")[0]; !strings.HasPrefix(got, "Return-Path: <gorka@jaramillo.edu.ec>\r\nDelivered-To: lista@pepito.es\r\n") {
		t.Errorf("%q", got)
	}
}
