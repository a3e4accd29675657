package mailroom

import (
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
)

// What a list adds, and that it changes nothing of the message: a signature over
// header and body stays good, and so From: need not be touched, whatever the
// author's DMARC says.
func TestListLines(t *testing.T) {
	h, _ := open(t)
	h.list("lista@pepito.es", directory.Public, "ana@pepito.es", "member@far.example", "usuario@servidor.es")
	h.list("a+b@pepito.es", directory.Public, "", "member@far.example")
	h.list("ñ@pepito.es", directory.Public, "", "member@far.example")
	h.list("aviso@pepito.es", directory.Announcement, "pepe@pepito.es", "member@far.example")
	const own = "List-Id: \"A list\" <lista.pepito.es>\r\nList-Post: <mailto:lista@pepito.es>\r\n" +
		"List-Unsubscribe: <mailto:ana@pepito.es?subject=unsubscribe%20lista%40pepito.es>\r\n"
	signed := func(names string) string {
		return "DKIM-Signature: v=1; a=rsa-sha256; d=bank.example; s=x;\r\n\th=" + names + ";\r\n\tbh=aaaa=; b=bbbb\r\nFrom: boss@bank.example\r\nSubject:  x \r\n\r\nhello \r\n\r\n"
	}
	for _, tt := range []struct{ name, to, msg, want string }{
		{"plain", "lista@pepito.es", plain, own},
		{"signed", "lista@pepito.es", signed("From:Subject"), own},
		{"signed against additions", "lista@pepito.es", signed("From : list-post:\r\n\tLIST-UNSUBSCRIBE : From"), "List-Id: \"A list\" <lista.pepito.es>\r\n"},
		{"signed against our trace", "lista@pepito.es", signed("From:Delivered-To"), own},
		{"signed against all", "lista@pepito.es", signed("From:List-Id"), ""},
		{"of another list", "lista@pepito.es", "list-id: <other.example>\r\n" + plain, ""},
		{"with its own way out", "lista@pepito.es", "List-Unsubscribe: <https://x.example>\r\n" + plain,
			"List-Id: \"A list\" <lista.pepito.es>\r\nList-Post: <mailto:lista@pepito.es>\r\n"},
		{"odd name, no owner", "a+b@pepito.es", plain, "List-Id: \"A list\" <a+b.pepito.es>\r\nList-Post: <mailto:a+b@pepito.es>\r\n" +
			"List-Unsubscribe: <mailto:postmaster@pepito.es?subject=unsubscribe%20a%2Bb%40pepito.es>\r\n"},
		{"a name that is no list-id", "ñ@pepito.es", plain, "List-Post: <mailto:%C3%B1@pepito.es>\r\n" +
			"List-Unsubscribe: <mailto:postmaster@pepito.es?subject=unsubscribe%20%C3%B1%40pepito.es>\r\n"},
		{"announcement", "aviso@pepito.es", plain, "List-Id: \"A list\" <aviso.pepito.es>\r\nList-Post: NO (only its owner writes to this list)\r\n" +
			"List-Unsubscribe: <mailto:pepe@pepito.es?subject=unsubscribe%20aviso%40pepito.es>\r\n"},
	} {
		h.store.out, h.store.boxes = nil, nil
		o := h.submission("pepe@pepito.es")
		o.Inside = "cron" // may use any From:
		if _, err := h.send(o, mail.Envelope{From: addr("pepe@pepito.es"), UTF8: true}, tt.msg, 7, rcpts(tt.to)...); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		copies := []string{h.store.out[0].octets}
		if marked := strings.Contains(copies[0], "Delivered-To: lista@pepito.es\r\n"); marked != (tt.to == "lista@pepito.es" && tt.name != "signed against our trace") {
			t.Errorf("%s: %q leaves", tt.name, copies[0])
		}
		if tt.to == "lista@pepito.es" {
			copies = append(copies, h.got("usuario@servidor.es")...)
		}
		for _, octets := range copies {
			before, whole := strings.CutSuffix(octets, tt.msg)
			if !whole || !strings.HasSuffix(before, tt.want) || strings.Count(before, "List-") != strings.Count(tt.want, "List-") || strings.Contains(before, "Precedence") {
				t.Errorf("%s: %q\nwant %q before the message", tt.name, octets, tt.want)
			}
		}
	}
}
