package mailroom

import (
	"bytes"

	"posta/dsn"
	"posta/mail"
)

// fullMost bounds the message that a report returns whole, in octets: of a
// larger one only the header goes back (RFC 3461 §6.2 leaves the length to us).
// It is held in memory, and only for senders who said RET=FULL.
const fullMost = 64 << 10

// whole is the message as it came, while it may still have to be returned.
type whole struct {
	octets []byte
	over   bool // longer than fullMost
}

func (w *whole) keep(p []byte) {
	if w.over || len(w.octets)+len(p) > fullMost {
		w.octets, w.over = nil, true
		return
	}
	w.octets = append(w.octets, p...)
}

// returnsWhole says that a report of failure has to hold the message.
func (l *letter) returnsWhole() bool { return l.env.Ret == mail.RetFull && !l.env.From.IsZero() }

// enclose puts the message into a report of failure, where MAIL asked for it.
// A report of success holds the header only (RFC 3461 §4.3, §6.2).
func (l *letter) enclose(r *dsn.Report) {
	if !l.returnsWhole() || l.whole.over {
		return
	}
	r.Full = bytes.NewReader(l.whole.octets)
	r.EightBit = bytes.ContainsFunc(l.whole.octets, func(c rune) bool { return c > 0x7f })
}
