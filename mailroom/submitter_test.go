package mailroom

import (
	"testing"

	"posta/directory"
	"posta/mail"
)

// What the next host is told of who submitted a message: only what is known,
// and never more than the sender says himself.
//
// rfc: 4954-5-1, 4954-5-4, 4954-5-5, 4954-5-6, 4954-5-7
func TestSubmitter(t *testing.T) {
	h, _ := open(t)
	h.domain(directory.Domain{Name: "frei.es", SenderCheck: directory.Off, Plus: true})
	h.account("leo@frei.es", 0)
	h.account(`"l o"@frei.es`, 0)
	h.account("josé@frei.es", 0)
	h.alias("info@pepito.es", "ana@pepito.es")
	if err := h.rows.AddGrant(t.Context(), h.ids["pepe@pepito.es"], "info@pepito.es"); err != nil {
		t.Fatal(err)
	}
	h.alias("fuera@pepito.es", "bob@far.example")
	h.list("clase@pepito.es", "public", "", "bob@far.example")
	const pepe, leo = "pepe@pepito.es", "leo@frei.es"
	port25 := h.submission(pepe)
	port25.Service = mail.MX
	for _, tt := range []struct {
		what string
		o    mail.Origin
		from string
		auth string
		to   string
		want string
	}{
		{"his own", h.submission(pepe), pepe, "", "bob@far.example", pepe},
		{"his own with a plus", h.submission(pepe), "pepe+x@pepito.es", "", "bob@far.example", "pepe+x@pepito.es"},
		{"granted: not who he is", h.submission(pepe), "info@pepito.es", "", "bob@far.example", "info@pepito.es"},
		{"a mailbox that wants quotes", h.submission(`"l o"@frei.es`), `"l o"@frei.es`, "", "bob@far.example", `"l o"@frei.es`},
		{"no mailbox of RFC 5321", h.submission("josé@frei.es"), "josé@frei.es", "", "bob@far.example", ""},
		{"not his, let pass", h.submission(leo), "other@frei.es", "", "bob@far.example", ""},
		{"a receipt", h.submission(pepe), "", "", "bob@far.example", ""},
		{"he says nobody", h.submission(pepe), pepe, "<>", "bob@far.example", ""},
		{"he says another of his", h.submission(pepe), pepe, "info@pepito.es", "bob@far.example", "info@pepito.es"},
		{"for a receipt, too", h.submission(pepe), "", pepe, "bob@far.example", pepe},
		{"he says another's", h.submission(pepe), pepe, "ana@pepito.es", "bob@far.example", ""},
		{"he says a stranger's", h.submission(leo), leo, "x@far.example", "bob@far.example", ""},
		{"through an alias", h.submission(pepe), pepe, "", "fuera@pepito.es", pepe},
		{"through a list", h.submission(pepe), pepe, pepe, "clase@pepito.es", ""},
		{"on port 25 it is no submission", port25, pepe, "", "bob@far.example", ""},
		{"though what he says counts", port25, pepe, pepe, "bob@far.example", pepe},
		{"a stranger", mx(), "x@far.example", "<>", "fuera@pepito.es", ""},
		{"this machine", mail.Origin{Service: mail.Submission, Inside: "www-data"}, pepe, "", "bob@far.example", ""},
	} {
		h.store.out = nil
		env := mail.Envelope{Auth: tt.auth, UTF8: !mail.IsASCII(tt.from)}
		if tt.from != "" {
			env.From = addr(tt.from)
		}
		head := "From: " + pepe
		if tt.o.Login.Known() {
			head = "From: " + tt.o.Login.Address
		}
		if _, err := h.send(tt.o, env, head+"\r\n\r\nx\r\n", 0, rcpts(tt.to)...); err != nil {
			t.Fatal(tt.what, err)
		}
		if got := h.store.out[0].Auth; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}
