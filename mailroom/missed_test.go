package mailroom

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
	"posta/words"
)

// What leads to an address of ours that nobody has is told, and a list's owner hears
// of such a member.
func TestNobodyBehind(t *testing.T) {
	h := newHouse(t)
	h.list("lista@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "ana@pepito.es", "nadie@pepito.es")
	h.alias("dos@pepito.es", "nadie@pepito.es", "ana@pepito.es")
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "nadie@pepito.es")
	for to, want := range map[string]string{
		"lista@pepito.es": "[{true No such user here [{lista@pepito.es nadie@pepito.es}]}]",
		"dos@pepito.es":   "[{false No such user here [{dos@pepito.es nadie@pepito.es}]}]",
		"luis@pepito.es":  "[{false No such user here [{luis@pepito.es nadie@pepito.es}]}]",
		"ana@pepito.es":   "[]",
	} {
		receipt, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es")}, "A: b\r\n\r\nx\r\n", 0, rcpts(to, to)...)
		if got := fmt.Sprint(receipt.Missed); err != nil || got != want {
			t.Errorf("%s: missed %s, %v", to, got, err)
		}
	}
	r := h.reportIn("gorka@jaramillo.edu.ec")
	if r == nil || len(r.Recipients) != 1 || r.Recipients[0].Final != "rfc822;nadie@pepito.es" || r.Recipients[0].Status.String() != "5.1.1" {
		t.Errorf("%+v", r)
	}
	if got := h.got("gorka@jaramillo.edu.ec"); len(got) != 1 || !strings.Contains(got[0], "No such user here") {
		t.Errorf("the owner reads %q", got)
	}
}

// What a list does not take from the sender is told; the others get theirs. Where
// nothing is left, the reply names what was asked for, and no list behind it.
func TestBarredBehind(t *testing.T) {
	h := newHouse(t)
	h.list("club@pepito.es", directory.Members, "gorka@jaramillo.edu.ec", "usuario@servidor.es")
	h.alias("dos@pepito.es", "club@pepito.es", "ana@pepito.es")
	h.alias("solo@pepito.es", "club@pepito.es")
	h.account("luis@pepito.es", 0)
	h.account("eva@pepito.es", 0)
	h.forward("luis@pepito.es", true, "club@pepito.es")
	h.forward("eva@pepito.es", false, "club@pepito.es")
	for to, filed := range map[string]string{"dos@pepito.es": "ana@pepito.es", "luis@pepito.es": "luis@pepito.es"} {
		receipt, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es")}, "A: b\r\n\r\nx\r\n", 0, rcpts(to, to)...)
		want := "[{false The sender may not write to this mailing list [{" + to + " club@pepito.es}]}]"
		if got := fmt.Sprint(receipt.Missed); err != nil || got != want || len(h.got(filed)) != 1 {
			t.Errorf("%s: missed %s, %v, %+v", to, got, err, h.store.boxes)
		}
	}
	if len(h.store.boxes) != 2 || len(h.store.out) > 0 {
		t.Errorf("%+v, %+v", h.store.boxes, h.store.out)
	}
	for _, to := range []string{"club@pepito.es", "solo@pepito.es", "eva@pepito.es"} {
		_, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es")}, "A: b\r\n\r\nx\r\n", 0, rcpts(to)...)
		want := "This address leads to a mailing list to which you may not write: only its members may; "
		if to == "club@pepito.es" {
			want = "You may not write to the mailing list club@pepito.es: only its members may; "
		}
		if wantReply(t, to, err, "550 5.7.1"); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", to, err)
		}
		if _, err := h.send(mx(), mail.Envelope{From: addr("usuario@servidor.es")}, "A: b\r\n\r\nx\r\n", 0, rcpts(to)...); err != nil {
			t.Errorf("%s: a member writes: %v", to, err)
		}
	}
}

// To a list of announcements only its owner may write, and the refusal says so.
func TestBarredAnnouncement(t *testing.T) {
	h := newHouse(t)
	h.list("aviso@pepito.es", directory.Announcement, "gorka@jaramillo.edu.ec", "usuario@servidor.es")
	h.alias("solo@pepito.es", "aviso@pepito.es")
	for to, want := range map[string]string{
		"aviso@pepito.es": "You may not write to the mailing list aviso@pepito.es: only its owner may; log in as the owner",
		"solo@pepito.es":  "This address leads to a mailing list to which you may not write: only its owner may; log in as the owner",
	} {
		_, err := h.send(mx(), mail.Envelope{From: addr("usuario@servidor.es")}, plain, 0, rcpts(to)...)
		if wantReply(t, to, err, "550 5.7.1"); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// Why a member does not get it is said in each language of a report.
func TestReasonsInBothLanguages(t *testing.T) {
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	spanish := dsn.Spanish()
	spanish.Own = func(reason string) string {
		text, known := w.Again("attempt", reason)
		if !known {
			t.Errorf("%q is not in the catalog", reason)
		}
		return text
	}
	h, _ := open(t, func(c *Config) { c.Words = []dsn.Words{dsn.English(), spanish} })
	h.account("lleno@pepito.es", 10)
	h.list("lista@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "ana@pepito.es", "nadie@pepito.es")
	h.list("larga@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "ana@pepito.es", "pepe@pepito.es", "lleno@pepito.es", "nadie@pepito.es")
	for _, to := range []string{"lista@pepito.es", "larga@pepito.es"} {
		h.store.boxes = nil
		if _, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, rcpts(to)...); err != nil {
			t.Fatal(err)
		}
		if err := h.room.expandAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(h.got("gorka@jaramillo.edu.ec"), "")
		for _, want := range []string{"The reason: No such user here", "El motivo: Aquí no existe"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %s", to, want, got)
			}
		}
		if full := strings.Contains(got, "El motivo: El buzón está lleno"); full != (to == "larga@pepito.es") {
			t.Errorf("%s: %s", to, got)
		}
	}
}

// What failed inside passes: nobody is given up for it. Straight, behind an alias, a
// forward or a list the sender is to try again, and what is expanded later is.
func TestFailsInside(t *testing.T) {
	h, g := open(t)
	h.alias("dos@pepito.es", "ana@pepito.es", "x@far.example")
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "x@far.example")
	h.list("lista@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "ana@pepito.es", "x@far.example")
	h.list("larga@pepito.es", directory.Public, "gorka@jaramillo.edu.ec", "ana@pepito.es", "pepe@pepito.es", "usuario@servidor.es", "x@far.example")
	send := func(to string) error {
		_, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, rcpts(to)...)
		return err
	}
	g.shut["far.example"] = failed(errors.New("disk"))
	for _, to := range []string{"x@far.example", "dos@pepito.es", "luis@pepito.es", "lista@pepito.es"} {
		err := send(to)
		if wantReply(t, to, err, "451 4.3.0"); !strings.Contains(fmt.Sprint(err), localError) {
			t.Error(err)
		}
	}
	if err := send("larga@pepito.es"); err != nil {
		t.Fatal(err)
	}
	if err := h.room.expandAll(t.Context()); err == nil || len(h.store.out) > 0 || len(h.got("gorka@jaramillo.edu.ec")) > 0 {
		t.Errorf("%v, %+v", err, h.store.out)
	}
	delete(g.shut, "far.example")
	if err := h.room.expandAll(t.Context()); err != nil || len(h.got("ana@pepito.es")) != 1 {
		t.Errorf("%v, %+v", err, h.store.boxes)
	}
	h.wantLeft("in the end", "<gorka@jaramillo.edu.ec> x@far.example  0")
}

// A host that cannot say just now whether it takes the address that mail is sent on
// to does not keep it from the mailbox: the queue finds out.
func TestForwardToWhoIsSilent(t *testing.T) {
	h, g := open(t)
	h.domain(directory.Domain{Name: "relay.es", Kind: directory.KindRelay, Relay: "in.relay.es", Callout: true})
	h.account("luis@pepito.es", 0)
	h.account("eva@pepito.es", 0)
	h.forward("luis@pepito.es", true, "luis@relay.es")
	h.forward("eva@pepito.es", false, "eva@relay.es")
	silent := mail.Refuse(451, "4.4.1", "The next host does not answer; try again later")
	g.known["luis@relay.es"], g.known["eva@relay.es"] = silent, silent
	if _, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, rcpts("luis@pepito.es")...); err != nil || len(h.got("luis@pepito.es")) != 1 {
		t.Errorf("%v, %+v", err, h.store.boxes)
	}
	h.wantLeft("the forward", "<pepe@pepito.es> luis@relay.es rfc822;luis@pepito.es 0")
	_, err := h.send(mx(), mail.Envelope{From: addr("pepe@pepito.es")}, plain, 0, rcpts("eva@pepito.es")...)
	wantReply(t, "without a mailbox", err, "451 4.4.1")
}
