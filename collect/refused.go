package collect

import (
	"posta/event"
	"posta/mail"
	"posta/smtp"
)

// refusals watches what is refused here of what a provider sends on a turned
// connection, in the words that it reads.
type refusals struct {
	event.Sink
	on    bool          // the connection has turned
	why   func() string // the visit was broken off: why; else "". Then the session ends so
	first string
	count int
	some  []Stay

	from string // of the message under way
	open bool   // there is one
	rcpt int    // its recipients so far
}

// Emit implements event.Sink.
func (r *refusals) Emit(e *event.Event) {
	if r.on && e.Kind == event.State {
		r.look(e.Fact)
	}
	if end, closed := e.Fact.(event.Closed); r.on && closed && end.Reason == shutdown {
		if why := r.why(); why != "" {
			own := *e
			end.Reason = "collect: " + why
			own.Fact, e = end, &own
		}
	}
	r.Sink.Emit(e)
}

func (r *refusals) look(fact any) {
	switch f := fact.(type) {
	case event.Enveloped:
		r.from, r.open, r.rcpt = f.From, true, 0
	case event.Addressed:
		r.rcpt++
	case event.Accepted:
		r.open = false
	case event.Refused:
		switch f.Verb {
		case smtp.MAIL.String():
			r.open = false
			r.add(f.Path, "", f.Reply)
		case smtp.RCPT.String():
			if r.open {
				r.add(r.from, f.Path, f.Reply)
			}
		case smtp.DATA.String(), smtp.BDAT.String():
			if r.open && r.rcpt > 0 { // else its recipients have been counted
				r.add(r.from, "", f.Reply)
				r.open = false
			}
		}
	}
}

// add counts a refusal: of a recipient, or of a message for all that it had.
func (r *refusals) add(from, to, reply string) {
	why := reply
	if to != "" {
		why = "<" + to + ">: " + reply
	}
	if r.count++; r.count == 1 {
		r.first = mail.Shown(why)
	}
	if len(r.some) < MostStayed {
		r.some = append(r.some, Stay{From: mail.Shown(from), Why: mail.Shown(why)})
	}
}
