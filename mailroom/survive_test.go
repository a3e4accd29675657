package mailroom

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"posta/directory"
	"posta/mail"
)

// bank signs as an author elsewhere whose DMARC says reject: every field there
// is, and those that a list might add as absent.
type bank struct{ key ed25519.PrivateKey }

func (k bank) sign(t *testing.T, message string, c dkim.Canonicalization, absent ...string) string {
	t.Helper()
	var b bytes.Buffer
	keys := []string{"From", "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "Content-Type"}
	err := dkim.Sign(&b, strings.NewReader(message), &dkim.SignOptions{Domain: "bank.example", Selector: "s", Signer: k.key,
		HeaderCanonicalization: c, BodyCanonicalization: c, HeaderKeys: append(keys, absent...)})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (k bank) verify(message string) error {
	found, err := dkim.VerifyWithOptions(strings.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
		return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(k.key.Public().(ed25519.PublicKey))}, nil
	}})
	switch {
	case err != nil:
		return err
	case len(found) != 1 || found[0].Domain != "bank.example":
		return fmt.Errorf("%d signatures", len(found))
	}
	return found[0].Err
}

// What passes through lists, aliases and forwards keeps its author's signature,
// for members here and elsewhere, and its From: as it was. So no From: need be
// rewritten for an author's DMARC.
func TestSignaturesSurvive(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	k := bank{key}
	const head = "From: \"The  Boss\" <boss@bank.example>\r\nTo: clase@pepito.es\r\nSubject:  a   subject\r\n\tthat goes on \r\n" +
		"Date: Wed, 4 Mar 2026 05:06:07 +0100\r\nMessage-ID: <1@bank.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	messages := map[string]string{
		"text":        head + "\r\nhello\r\n..dots\r\n.\r\n  blanks  \t\r\n\r\n\r\n",
		"8 bits":      head + "\r\na\xc3\xb1o \xff\r\n",
		"no body":     head + "\r\n",
		"no last end": head + "\r\nhello",
		"a long one":  head + "\r\n" + strings.Repeat("0123456789 0123456789 0123456789\r\n", 5000),
		"twice Reply": "Reply-To: a@b.example\r\n" + head + "\r\nx\r\n",
	}
	absent := [][]string{nil, {"List-Post", "Sender", "Precedence"}, {"List-Unsubscribe", "Errors-To"}, {"List-Id"}}
	from := mail.Envelope{From: addr("boss@bank.example"), Body: mail.Body8BitMIME}
	for name, message := range messages {
		for _, c := range []dkim.Canonicalization{dkim.CanonicalizationSimple, dkim.CanonicalizationRelaxed} {
			for _, fields := range absent {
				h, _ := open(t)
				h.list("clase@pepito.es", directory.Public, "pepe@pepito.es", "ana@pepito.es", "bob@far.example")
				h.list("larga@pepito.es", directory.Public, "pepe@pepito.es", "ana@pepito.es", "bob@far.example", "b@far.example", "c@far.example", "usuario@servidor.es")
				h.alias("todos@pepito.es", "ana@pepito.es", "bob@far.example")
				h.forward("pepe@pepito.es", true, "bob@far.example")
				h.forward("gorka@jaramillo.edu.ec", false, "bob@far.example")
				signed := k.sign(t, message, c, fields...)
				what := strings.Join([]string{name, string(c), fmt.Sprint(fields)}, ", ")
				for to, copies := range map[string]int{"clase@pepito.es": 2, "larga@pepito.es": 3, "todos@pepito.es": 2, "pepe@pepito.es": 2, "gorka@jaramillo.edu.ec": 1} {
					h.store.out, h.store.boxes = nil, nil
					if _, err := h.send(mx(), from, signed, 1000, rcpts(to)...); err != nil {
						t.Fatal(what, to, err)
					}
					if err := h.room.expandAll(t.Context()); err != nil {
						t.Fatal(err)
					}
					var all []string
					for _, o := range h.store.out {
						all = append(all, o.octets)
					}
					for _, b := range h.store.boxes {
						all = append(all, b.octets)
					}
					if len(all) != copies {
						t.Errorf("%s to %s: %d copies", what, to, len(all))
					}
					for _, one := range all {
						if err := k.verify(one); err != nil || !strings.HasSuffix(one, "\r\n"+signed) {
							t.Errorf("%s to %s: %v\n%.1500q", what, to, err, one)
						}
					}
				}
			}
		}
	}
	if k.verify(strings.Replace(k.sign(t, messages["text"], dkim.CanonicalizationRelaxed), "a   subject", "[clase] a subject", 1)) == nil {
		t.Error("the verifier takes everything")
	}
}

// So does ours, of an author here who writes to a list here.
func TestOwnSignaturesSurvive(t *testing.T) {
	ring := newKeyring(t)
	h, _ := open(t, func(c *Config) { c.Signer = ring })
	h.list("clase@pepito.es", directory.Public, "ana@pepito.es", "bob@far.example", "usuario@servidor.es")
	h.list("larga@pepito.es", directory.Public, "ana@pepito.es", "a@far.example", "b@far.example", "c@far.example", "d@far.example")
	for _, to := range []string{"clase@pepito.es", "larga@pepito.es"} {
		h.store.out, h.store.boxes = nil, nil
		if _, err := h.send(h.submission("pepe@pepito.es"), mail.Envelope{From: addr("pepe@pepito.es")}, "From: pepe@pepito.es\r\nBcc: x@y.example\r\nSubject: x\r\n\r\nhello\r\n", 0,
			rcpts(to)...); err != nil {
			t.Fatal(err)
		}
		if err := h.room.expandAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(h.store.out) == 0 {
			t.Fatal(to, "nothing leaves")
		}
		for _, o := range h.store.out {
			if got := ring.verified(t, o.octets); got != "pepito.es pepito.es" || !strings.Contains(o.octets, "List-Id: ") {
				t.Errorf("%s: signed by %q\n%s", to, got, o.octets)
			}
		}
	}
}
