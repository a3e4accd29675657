package mailroom

import (
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
)

func TestVerify(t *testing.T) {
	h := newHouse(t)
	h.account("doble@servidor.es", 0)
	h.account("doble@jaramillo.edu.ec", 0)
	member := mx()
	member.Login = h.login("ana@pepito.es")
	tests := []struct {
		name, who string
		o         mail.Origin
		want      string
	}{
		{"stranger", "pepe@pepito.es", mx(), "252 2.5.2"},
		{"stranger, unknown", "nadie@pepito.es", mx(), "252 2.5.2"},
		{"lab", "pepe@pepito.es", lab(), ""},
		{"lab, name", "pepe", lab(), ""},
		{"lab, brackets", "<pepe@pepito.es>", lab(), ""},
		{"login", "usuario", member, ""},
		{"unknown", "nadie@pepito.es", member, "550 5.1.1"},
		{"unknown name", "nadie", lab(), "550 5.1.1"},
		{"outside", "x@example.net", lab(), "550 5.1.1"},
		{"ambiguous", "doble", lab(), "553 5.1.4"},
		{"empty", "", lab(), "501 5.1.3"},
	}
	for _, tt := range tests {
		v, err := h.room.Verify(t.Context(), tt.o, tt.who)
		wantReply(t, tt.name, err, tt.want)
		if err == nil && v.Address.IsZero() {
			t.Errorf("%s: no address", tt.name)
		}
	}
	_, err := h.room.Verify(t.Context(), lab(), "doble")
	if !strings.Contains(err.Error(), "doble@servidor.es") {
		t.Errorf("matches are not told: %v", err)
	}
}

func TestExpandCommand(t *testing.T) {
	h := newHouse(t)
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "pepe@pepito.es", "usuario@servidor.es")
	h.list("socios@pepito.es", directory.Members, "ana@pepito.es", "pepe@pepito.es")
	h.alias("varios@pepito.es", "ana@pepito.es", "pepe@pepito.es")
	as := func(a string) mail.Origin {
		o := mx()
		o.Login = h.login(a)
		return o
	}
	tests := []struct {
		name, list string
		o          mail.Origin
		want       string
	}{
		{"stranger", "lista@pepito.es", mx(), "550 5.7.1"},
		{"lab", "lista@pepito.es", lab(), ""},
		{"lab, name only", "lista", lab(), ""},
		{"lab, not public", "socios@pepito.es", lab(), "550 5.7.1"},
		{"lab, unknown", "otra@pepito.es", lab(), "550 5.1.1"},
		{"lab, alias", "varios@pepito.es", lab(), ""},
		{"stranger, alias", "varios@pepito.es", mx(), "550 5.7.1"},
		{"one of an alias", "Varios@pepito.es", as("pepe@pepito.es"), ""},
		{"none of an alias", "varios@pepito.es", as("gorka@jaramillo.edu.ec"), "550 5.7.1"},
		{"lab, user", "pepe", lab(), "550 5.1.1"},
		{"lab, nobody", "nadie", lab(), "550 5.1.1"},
		{"member", "<lista@pepito.es>", as("pepe@pepito.es"), ""},
		{"owner", "lista@pepito.es", as("ana@pepito.es"), ""},
		{"no member", "lista@pepito.es", as("gorka@jaramillo.edu.ec"), "550 5.7.1"},
		{"no member, unknown", "otra@pepito.es", as("gorka@jaramillo.edu.ec"), "550 5.7.1"},
	}
	for _, tt := range tests {
		got, err := h.room.Expand(t.Context(), tt.o, tt.list)
		wantReply(t, tt.name, err, tt.want)
		if user := strings.HasSuffix(tt.name, "user"); err != nil && strings.Contains(err.Error(), "That is a user,") != user {
			t.Errorf("%s: %v", tt.name, err)
		}
		if (len(got) == 2) != (tt.want == "") {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// VRFY says yes to what RCPT would take from the asker, also where that leads
// elsewhere, and asks no other host (RFC 5321 §3.5.2).
func TestVerifyElsewhere(t *testing.T) {
	h, g := open(t)
	g.shut["shut.example"] = mail.Refuse(550, "5.7.1", "no way")
	h.alias("fuera@pepito.es", "bob@far.example")
	h.alias("cerrada@pepito.es", "bob@shut.example")
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "usuario@servidor.es", "x@shut.example")
	h.domain(directory.Domain{Name: "asks.es", Kind: directory.KindRelay, Relay: "in.asks.es", Callout: true})
	h.domain(directory.Domain{Name: "site.es", Kind: directory.KindOnDemand, Site: "s", AnyRecipient: true})
	for who, want := range map[string]string{
		"fuera@pepito.es": "", "cerrada@pepito.es": "550 5.7.1", "lista@pepito.es": "", "who@asks.es": "252 2.5.2", "postmaster@asks.es": "", "who@site.es": "",
		"who@far.example": "252 2.5.2", "<who@far.example>": "252 2.5.2", "who@shut.example": "550 5.1.1",
	} {
		_, err := h.room.Verify(t.Context(), lab(), who)
		wantReply(t, who, err, want)
	}
	if len(g.asked) > 0 {
		t.Errorf("asked %q", g.asked)
	}
}
