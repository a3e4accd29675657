package mailroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"posta/mail"
	"posta/store"
)

// A message in, the stored octets out.
func TestStored(t *testing.T) {
	const received = "Received: from client.example.net ([192.0.2.1])\r\n\tby mx.pepito.es with ESMTP\r\n\tid id1 for <ana@pepito.es>;\r\n\tWed, 4 Mar 2026 05:06:07 +0100\r\n"
	const prefix = "Return-Path: <x@example.net>\r\nDelivered-To: ana@pepito.es\r\n" + received
	tests := []struct {
		name, in, out string
		traits        store.Traits
		notes         string
	}{
		{"plain", "Subject: x\r\n\r\nhello\r\n", "Subject: x\r\n\r\nhello\r\n", store.Traits{}, ""},
		{"empty", "", "", store.Traits{}, ""},
		{"header only", "Subject: x\r\n", "Subject: x\r\n", store.Traits{}, ""},
		{"no header", "luis jaramillo uday\r\n", "\r\nluis jaramillo uday\r\n", store.Traits{}, "empty line"},
		{"no empty line", "subject: Asunto\r\nEste mensaje es de prueba.\r\nProbamos el protocolo SMTP.\r\n",
			"subject: Asunto\r\n\r\nEste mensaje es de prueba.\r\nProbamos el protocolo SMTP.\r\n", store.Traits{}, "empty line"},
		{"return path", "Return-Path: <evil@x>\r\nSubject: x\r\nreturn-path:\r\n <a>\r\n\r\nReturn-Path: body\r\n",
			"Subject: x\r\n\r\nReturn-Path: body\r\n", store.Traits{}, "Return-Path: was removed"},
		{"bcc stays", "Bcc: b@c\r\n\r\nx\r\n", "Bcc: b@c\r\n\r\nx\r\n", store.Traits{}, ""},
		{"dot first", ".x: y\r\n\r\nx\r\n", ".x: y\r\n\r\nx\r\n", store.Traits{Stuffed: true}, ""},
		{"dot", "A: b\r\n\r\nx\r\n.\r\n", "A: b\r\n\r\nx\r\n.\r\n", store.Traits{Stuffed: true}, ""},
		{"dot inside", "A: b\r\n\r\nx.\r\n", "A: b\r\n\r\nx.\r\n", store.Traits{}, ""},
		{"no end", "A: b\r\n\r\nx", "A: b\r\n\r\nx", store.Traits{NoEOL: true}, ""},
		{"half an end", "A: b\r\n\r\nx\r", "A: b\r\n\r\nx\r", store.Traits{NoEOL: true}, ""},
		{"bare end", "A: b\r\n\r\nx\n", "A: b\r\n\r\nx\n", store.Traits{NoEOL: true}, ""},
		{"utf-8", "Subject: año\r\n\r\nx\r\n", "Subject: año\r\n\r\nx\r\n", store.Traits{UTF8: true}, ""},
		{"latin-1", "Subject: a\xf1o\r\n\r\nx\r\n", "Subject: a\xf1o\r\n\r\nx\r\n", store.Traits{}, ""},
		{"utf-8 body", "Subject: x\r\n\r\naño\r\n", "Subject: x\r\n\r\naño\r\n", store.Traits{}, ""},
		{"long line", "A: b\r\n\r\n" + strings.Repeat("x", 5000) + "\r\n", "A: b\r\n\r\n" + strings.Repeat("x", 5000) + "\r\n", store.Traits{}, ""},
	}
	for _, tt := range tests {
		for _, n := range []int{0, 1, 3, 7} {
			h := newHouse(t)
			r, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, tt.in, n, rcpts("ana@pepito.es")...)
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			b := h.store.boxes
			if len(b) != 1 || b[0].octets != prefix+tt.out || b[0].traits != tt.traits || r.ID != "id1" {
				t.Errorf("%s by %d: %s\n got %+v\nwant %q", tt.name, n, r.ID, b, prefix+tt.out)
			}
			if notes := strings.Join(r.Notes, "; "); !strings.Contains(notes, tt.notes) || tt.notes == "" && notes != "" {
				t.Errorf("%s: notes %q, want %q", tt.name, notes, tt.notes)
			}
		}
	}
}

// rfc: 5321-B-3
func TestSubmissionMends(t *testing.T) {
	h := newHouse(t)
	in := lines("From: Pepe <pepe@pepito.es>", "Bcc: secret@pepito.es,", " more@pepito.es", "Resent-Bcc: x@y", "To: ana@pepito.es", "", "hello")
	r, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, in, 5, rcpts("ana@pepito.es", "usuario@servidor.es")...)
	if err != nil {
		t.Fatal(err)
	}
	want := lines("Return-Path: <pepe@pepito.es>", "Delivered-To: ana@pepito.es", "Received: from client.example.net ([192.0.2.1])",
		"\tby mx.pepito.es with ESMTPSA (TLSv1.3 TLS_AES_128_GCM_SHA256)", "\tid id1;", "\tWed, 4 Mar 2026 05:06:07 +0100",
		"Date: Wed, 4 Mar 2026 05:06:07 +0100", "Message-ID: <id1@mx.pepito.es>",
		"From: Pepe <pepe@pepito.es>", "To: ana@pepito.es", "", "hello")
	if got := h.got("ana@pepito.es"); len(got) != 1 || got[0] != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if other := h.got("usuario@servidor.es"); len(other) != 1 || strings.Contains(other[0], "ana@pepito.es>") || strings.Contains(other[0], "secret") {
		t.Errorf("the second recipient got %q", other)
	}
	if len(r.Notes) != 4 || h.store.files != 1 {
		t.Errorf("notes %q, %d transactions", r.Notes, h.store.files)
	}
	h.store.boxes = nil
	in = lines("Date: x", "message-id: y", "", "z")
	if _, err = h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, in, 0, rcpts("ana@pepito.es")...); err != nil {
		t.Fatal(err)
	}
	if got := h.got("ana@pepito.es"); strings.Contains(got[0], "Message-ID:") || strings.Contains(got[0], "\r\nDate: Wed") {
		t.Errorf("added though present: %q", got)
	}
}

// From the final dot on the house is responsible: that the session is over
// changes nothing (RFC 5321 §4.2.5).
func TestCommitOutlivesTheSession(t *testing.T) {
	h := newHouse(t)
	h.account("eva@pepito.es", 100_000)
	l, err := h.room.Begin(t.Context(), h.submission("eva@pepito.es"), mail.Envelope{From: addr("eva@pepito.es")})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Rcpt(t.Context(), asks("ana@pepito.es", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte("From: eva@pepito.es\r\n\r\nhello\r\n")); err != nil {
		t.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	if _, err := l.Commit(ctx); err != nil {
		t.Error(err)
	}
	if len(h.got("ana@pepito.es")) != 1 || h.reportIn("eva@pepito.es") == nil {
		t.Errorf("%+v", h.store.boxes)
	}
	h.ended()
}

func TestReversePath(t *testing.T) {
	h := newHouse(t)
	h.alias("jefe@pepito.es", "pepe@pepito.es")
	sub, labSub := h.submission("pepe@pepito.es"), h.submission("pepe@pepito.es")
	labSub.Mode = mail.Lab
	anon, anonLab := sub, labSub
	anon.Login, anonLab.Login = mail.Login{}, mail.Login{}
	tests := []struct {
		name string
		o    mail.Origin
		from string
		want string
	}{
		{"mx anything", mx(), "pepe@pepito.es", ""},
		{"mx null", mx(), "", ""},
		{"lab anything", lab(), "luis@jaramillo.edu.ec", ""},
		{"own", sub, "pepe@pepito.es", ""},
		{"own alias", sub, "jefe@pepito.es", ""},
		{"own plus", sub, "Pepe+x@pepito.es", ""},
		{"receipt", sub, "", ""},
		{"another's", sub, "ana@pepito.es", "553 5.7.1"},
		{"outside", sub, "pepe@example.net", "553 5.7.1"},
		{"nobody logged in", anon, "pepe@pepito.es", "530 5.7.0"},
		{"nobody, null", anon, "", "530 5.7.0"},
		{"lab nobody", anonLab, "x@y", ""},
		{"lab another's", labSub, "ana@pepito.es", "553 5.7.1"},
	}
	for _, tt := range tests {
		l, err := h.room.Begin(t.Context(), tt.o, mail.Envelope{From: addr(tt.from)})
		wantReply(t, tt.name, err, tt.want)
		if err == nil {
			l.Abort()
		}
	}
	_, err := h.room.Begin(t.Context(), mx(), mail.Envelope{From: mail.Address{Local: "x", Domain: "a..b"}})
	wantReply(t, "bad domain", err, "553 5.1.7")
	_, err = h.room.Begin(t.Context(), mx(), mail.Envelope{From: mail.Address{Local: "x"}})
	wantReply(t, "no domain", err, "553 5.1.7")
}

func TestHeaderFrom(t *testing.T) {
	tests := []struct{ from, want string }{
		{"From: pepe@pepito.es", ""},
		{"From: PEPE <Pepe@PEPITO.es>, pepe+x@pepito.es", ""},
		{"From: us:;", ""},
		{"Subject: none", ""},
		{"From: ana@pepito.es", "550 5.7.1"},
		{"From: pepe@pepito.es, ana@pepito.es", "550 5.7.1"},
		{"From: pepe@pepito.es\r\nFrom: ana@pepito.es", "550 5.7.1"},
		{"From: pepe", "550 5.7.1"},
		{"From:", "550 5.7.1"},
		{"From: \"pepe@pepito.es\" <ana@pepito.es>", "550 5.7.1"},
		{"X: y\nFrom: ana@pepito.es", "550 5.7.1"},
	}
	for _, tt := range tests {
		h := newHouse(t)
		o := h.submission("pepe@pepito.es")
		env := mail.Envelope{From: addr("pepe@pepito.es")}
		_, err := h.send(o, env, tt.from+"\r\n\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, tt.from, err, tt.want)
		o.Mode = mail.Lab
		r, err := h.send(o, env, tt.from+"\r\n\r\nx\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, "lab: "+tt.from, err, "")
		if noted := slices.ContainsFunc(r.Notes, func(s string) bool { return strings.HasPrefix(s, "From: ") }); noted != (tt.want != "") {
			t.Errorf("lab: %s: notes %q", tt.from, r.Notes)
		}
	}
}

func TestRcpt(t *testing.T) {
	h := newHouse(t)
	h.account("full@pepito.es", 1000)
	h.store.used[h.ids["full@pepito.es"]] = 990
	h.alias("away@pepito.es", "x@example.net")
	h.list("socios@pepito.es", "members", "pepe@pepito.es", "ana@pepito.es")
	small := directoryDomain(t, h, "small.es", 100)
	h.account(small, 0)
	tests := []struct {
		to   string
		size int64
		want string
	}{
		{"ana@pepito.es", 0, ""}, {"ANA@Pepito.ES", 0, ""}, {"postmaster", 0, ""}, {"abuse@servidor.es", 0, ""},
		{"nadie@pepito.es", 0, "550 5.1.1"}, {"x@example.net", 0, "550 5.7.1"}, {"away@pepito.es", 0, "550 5.7.1"},
		{"socios@pepito.es", 0, "550 5.7.1"},
		{"full@pepito.es", 5, ""}, {"full@pepito.es", 11, "452 4.2.2"},
		{small, 100, ""}, {small, 101, "552 5.3.4"},
	}
	for _, tt := range tests {
		l, err := h.room.Begin(t.Context(), mx(), mail.Envelope{From: addr("x@example.net"), Size: tt.size})
		if err != nil {
			t.Fatal(err)
		}
		wantReply(t, tt.to, l.Rcpt(t.Context(), mail.Recipient{To: addr(tt.to)}), tt.want)
		l.Abort()
	}
	_, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, strings.Repeat("x", 101), 10, rcpts(small)...)
	wantReply(t, "actual size", err, "552 5.3.4")
	_, err = h.send(mx(), mail.Envelope{From: addr("x@example.net")}, "x", 0)
	wantReply(t, "no recipients", err, "554 5.5.1")
	_, err = h.send(mx(), mail.Envelope{From: addr("x@example.net")}, strings.Repeat("x", 2000), 0, rcpts("ana@pepito.es", "full@pepito.es")...)
	wantReply(t, "full after all", err, "452 4.2.2")
	if len(h.store.boxes) != 0 {
		t.Errorf("kept %d", len(h.store.boxes))
	}
}

// Each mailbox gets one, and a hundred recipients are no trouble.
func TestRecipients(t *testing.T) {
	h := newHouse(t)
	var to []string
	for i := range 150 {
		a := "u" + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + "@pepito.es"
		h.account(a, 0)
		to = append(to, a, strings.ToUpper(a[:len(a)-len("@pepito.es")])+"@pepito.es")
	}
	h.alias("two@pepito.es", to[0], to[2])
	to = append(to, "two@pepito.es")
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@example.net")}, "A: b\r\n\r\n", 0, rcpts(to...)...); err != nil {
		t.Fatal(err)
	}
	if len(h.store.boxes) != 150 || h.store.files != 1 {
		t.Errorf("%d deliveries in %d transactions", len(h.store.boxes), h.store.files)
	}
	if got := h.store.boxes[0].octets; strings.Contains(got, " for <") {
		t.Errorf("FOR with several recipients: %q", got)
	}
}

// The receipt says where the message lies: recipients that share a mailbox
// have the same message there.
func TestReceipt(t *testing.T) {
	h := newHouse(t)
	h.alias("ambos@pepito.es", "ana@pepito.es", "gorka@jaramillo.edu.ec")
	h.alias("jefa@pepito.es", "ana@pepito.es")
	send := func(o mail.Origin, msg string, to ...string) mail.Receipt {
		t.Helper()
		r, err := h.send(o, mail.Envelope{From: addr("pepe@pepito.es")}, msg, 0, rcpts(to...)...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := send(lab(), "Message-ID: <a b\u202e@c>\r\n\r\n", "ANA@pepito.es", "ANA@pepito.es", "ambos@pepito.es", "jefa@pepito.es", "ana+x@pepito.es")
	var got []string
	for _, d := range r.To {
		if d.Account != h.ids[d.Mailbox] {
			t.Errorf("%+v has account %d", d, h.ids[d.Mailbox])
		}
		got = append(got, fmt.Sprintf("%s %s %d", d.Recipient, d.Mailbox, d.UID))
	}
	want := []string{"ANA@pepito.es ana@pepito.es 1", "ambos@pepito.es gorka@jaramillo.edu.ec 2", "jefa@pepito.es ana@pepito.es 1", "ana+x@pepito.es ana@pepito.es 1"}
	if !slices.Equal(got, want) || r.MessageID != "a b?@c" {
		t.Errorf("%q %q, want %q", r.MessageID, got, want)
	}
	if r := send(h.submission("pepe@pepito.es"), "From: pepe@pepito.es\r\n\r\n", "ana@pepito.es"); r.MessageID != r.ID+"@mx.pepito.es" {
		t.Errorf("%+v", r)
	}
	if r := send(lab(), "Message-ID: "+strings.Repeat("x", 999)+"\r\n\r\n", "ana@pepito.es"); len(r.MessageID) != maxMessageID {
		t.Errorf("%d octets of Message-ID", len(r.MessageID))
	}
}

func TestLimits(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.MaxHops, c.MaxHeader = 3, 200 })
	send := func(msg string) error {
		_, err := h.send(mx(), mail.Envelope{}, msg, 9, rcpts("ana@pepito.es")...)
		return err
	}
	hop := "Received: x\r\n"
	wantReply(t, "3 hops", send(strings.Repeat(hop, 3)+"\r\n"), "")
	wantReply(t, "4 hops", send(strings.Repeat(hop, 4)+"\r\n"), "554 5.4.6")
	wantReply(t, "hops without end", send(strings.Repeat(hop, 4)), "554 5.4.6")
	wantReply(t, "header of 200", send("A: "+strings.Repeat("x", 193)+"\r\n\r\nbody"), "")
	wantReply(t, "header of 201", send("A: "+strings.Repeat("x", 194)+"\r\n\r\nbody"), "552 5.3.4")
	wantReply(t, "endless", send("A: "+strings.Repeat("x", 1000)), "552 5.3.4")
	wantReply(t, "long body", send("A: b\r\n\r\n"+strings.Repeat("x", 1000)), "")
}

func TestStoreFails(t *testing.T) {
	for err, want := range map[error]string{store.ErrQuota: "452 4.2.2", store.ErrFull: "452 4.3.1", store.ErrGone: "451 4.3.0",
		store.ErrClosed: "451 4.3.0", errors.New("odd"): "451 4.3.0"} {
		h := newHouse(t)
		h.store.fail = err
		_, got := h.send(mx(), mail.Envelope{}, "A: b\r\n\r\n", 0, rcpts("ana@pepito.es")...)
		wantReply(t, err.Error(), got, want)
		if !errors.Is(got, err) {
			t.Errorf("%v: the cause is lost: %v", err, got)
		}
	}
}

// A Letter that has ended does nothing more.
func TestEnded(t *testing.T) {
	h := newHouse(t)
	l, _ := h.room.Begin(t.Context(), mx(), mail.Envelope{})
	if err := l.Rcpt(t.Context(), rcpts("ana@pepito.es")[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte("A: b\r\n")); err != nil {
		t.Fatal(err)
	}
	wantReply(t, "late recipient", l.Rcpt(t.Context(), rcpts("pepe@pepito.es")[0]), "503 5.5.1")
	l.Abort()
	l.Abort()
	if _, err := l.Write([]byte("x")); err == nil {
		t.Error("Write after Abort")
	}
	_, err := l.Commit(t.Context())
	wantReply(t, "Commit after Abort", err, "451 4.3.0")
	h.ended()

	l, _ = h.room.Begin(t.Context(), mx(), mail.Envelope{})
	if err := l.Rcpt(t.Context(), rcpts("ana@pepito.es")[0]); err != nil {
		t.Fatal(err)
	}
	l.Write([]byte("A: b\r\n\r\n"))
	if _, err := l.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Abort()
	_, err = l.Commit(t.Context())
	wantReply(t, "Commit twice", err, "451 4.3.0")
	if len(h.store.boxes) != 1 {
		t.Errorf("%d deliveries", len(h.store.boxes))
	}
	h.ended()
}
