package mailroom

import (
	"slices"
	"testing"

	"posta/directory"
	"posta/mail"
)

// Who is named twice is one recipient, though the second time more stands behind
// the name: a way that has been laid since, a member that is new.
func TestNamedTwice(t *testing.T) {
	h, g := open(t)
	h.account("luis@pepito.es", 0)
	h.forward("luis@pepito.es", true, "luis@far.example")
	list := h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "pepe@pepito.es")
	g.shut["far.example"] = mail.Refuse(550, "5.7.1", "no way")
	l, err := h.room.Begin(t.Context(), mx(), mail.Envelope{From: addr("x@example.net")})
	if err != nil {
		t.Fatal(err)
	}
	named := func(all ...string) {
		for _, r := range rcpts(all...) {
			if err := l.Rcpt(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	named("luis@pepito.es", "lista@pepito.es")
	delete(g.shut, "far.example")
	if _, err := h.rows.AddMembers(t.Context(), list, []string{"usuario@servidor.es"}); err != nil {
		t.Fatal(err)
	}
	named("luis@pepito.es", "lista@pepito.es")
	if _, err := l.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	r, err := l.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.wantLeft("luis", "<"+h.rewritten("x@example.net")+"> luis@far.example rfc822;luis@pepito.es 0")

	var got []string
	for _, d := range r.To {
		got = append(got, d.Recipient+" "+d.Mailbox)
	}
	want := []string{"luis@pepito.es luis@pepito.es", "lista@pepito.es pepe@pepito.es", "lista@pepito.es usuario@servidor.es"}
	if !slices.Equal(got, want) || len(r.Queued) != 1 || r.Queued[0] != (mail.Onward{Recipient: "luis@pepito.es", To: "luis@far.example"}) {
		t.Errorf("%q, %+v", got, r.Queued)
	}
}

// A list that is refused because its only member here has no room left tells its
// owner nothing of the others.
func TestRefusedListTellsNobody(t *testing.T) {
	h, g := open(t)
	h.account("llena@pepito.es", 10)
	h.store.used[h.ids["llena@pepito.es"]] = 10
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "llena@pepito.es", "x@shut.example")
	g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way")
	l, err := h.room.Begin(t.Context(), mx(), mail.Envelope{From: addr("x@example.net")})
	if err != nil {
		t.Fatal(err)
	}
	wantReply(t, "the list", l.Rcpt(t.Context(), rcpts("lista@pepito.es")[0]), "452 4.2.2")
	wantReply(t, "another", l.Rcpt(t.Context(), rcpts("pepe@pepito.es")[0]), "")
	if _, err := l.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.got("pepe@pepito.es")) != 1 || len(h.got("ana@pepito.es")) != 0 {
		t.Errorf("%q", h.got("ana@pepito.es"))
	}
}
