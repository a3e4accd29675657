package smtpclient

import (
	"slices"

	"posta/smtp"
)

// Outcome is what became of a message that was sent.
type Outcome struct {
	Mail  smtp.Reply   // to MAIL
	To    []smtp.Reply // to each RCPT, in Message's order; a zero Reply where it was not asked
	Done  smtp.Reply   // to the message; a zero Reply where there is none
	Sent  bool         // the message's end was sent: without Done the server may have it or not (RFC 1047)
	Left  []bool       // whom Names left out; nil: nobody
	NoDSN bool         // reports were wished for that the server cannot promise (RFC 3461 §5.2.2)
}

// Taken is how many recipients were accepted.
func (o *Outcome) Taken() int {
	n := 0
	for _, r := range o.To {
		if r.Class() == 2 {
			n++
		}
	}
	return n
}

// names says whether RCPT names a recipient now, and notes it where it does not.
func (o *Outcome) names(m *Message, i int) bool {
	if m.Names == nil || m.Names(i) {
		return true
	}
	if o.Left == nil {
		o.Left = make([]bool, len(m.To))
	}
	o.Left[i] = true
	return false
}

func (o *Outcome) left(i int) bool { return o.Left != nil && o.Left[i] }

// nobody says that all were left out.
func (o *Outcome) nobody() bool { return o.Left != nil && !slices.Contains(o.Left, false) }
