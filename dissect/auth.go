package dissect

import (
	"bytes"
	"encoding/base64"

	"posta/field"
	"posta/smtp"
)

// The mechanisms that hide nothing.
const (
	authPlain = "PLAIN" // RFC 4616
	authLogin = "LOGIN" // never standardised
)

// exchange is an AUTH under way (RFC 4954 §4), as far as what it tells is not
// hidden.
type exchange struct {
	mechanism string
	answers   int
}

// begin takes the command, whose first answer may stand behind the mechanism.
func (x *exchange) begin(b *builder, l line, c *smtp.Command) {
	*x = exchange{mechanism: c.Word}
	if at := c.InitialSpan; at.Len > 0 && c.Initial != "=" {
		x.answer(b, l, at.Off, at.Len)
	}
}

// answer is the client's next answer: n octets of the line.
func (x *exchange) answer(b *builder, l line, off, n int) {
	x.answers++
	oct, at := l.part(off, n)
	if string(oct) == "*" { // it gives up
		return
	}
	switch {
	case x.mechanism == authLogin && x.answers == 1:
		b.decoded(field.SMTPAuthUsername, oct, at)
	case x.mechanism == authLogin && x.answers == 2:
		b.decoded(field.SMTPAuthPassword, oct, at)
	case x.mechanism == authPlain && x.answers == 1:
		x.credentials(b, oct, at)
	}
}

// credentials is RFC 4616 §2's message: who to act as, who it is, the password.
func (x *exchange) credentials(b *builder, oct []byte, at place) {
	b.add(field.SMTPAuthUsernamePassword, field.Octets(oct), at)
	if !b.want.Has(field.SMTPAuthUsername) && !b.want.Has(field.SMTPAuthPassword) {
		return
	}
	clear, ok := unbase64(oct)
	if !ok {
		return
	}
	user := bytes.IndexByte(clear, 0) + 1
	pass := user + bytes.IndexByte(clear[user:], 0) + 1
	if user == 0 || pass == user {
		return
	}
	src := b.tree.Source(clear)
	b.add(field.SMTPAuthUsername, field.Octets(clear[user:pass-1]), place{src, user, pass - 1 - user})
	b.add(field.SMTPAuthPassword, field.Octets(clear[pass:]), place{src, pass, len(clear) - pass})
}

// decoded puts in what base64 hides; where it is none, what stands there.
func (b *builder) decoded(id field.ID, oct []byte, at place) {
	if !b.want.Has(id) {
		return
	}
	clear, ok := unbase64(oct)
	if ok {
		oct, at = clear, place{b.tree.Source(clear), 0, len(clear)}
	}
	b.add(id, field.Octets(oct), at)
}

func unbase64(oct []byte) (clear []byte, ok bool) {
	clear = make([]byte, base64.StdEncoding.DecodedLen(len(oct)))
	n, err := base64.StdEncoding.Decode(clear, oct)
	return clear[:n], err == nil
}
