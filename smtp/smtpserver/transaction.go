package smtpserver

import (
	"errors"
	"time"

	"posta/event"
	"posta/mail"
	"posta/smtp"
)

// state is how far a mail transaction has come.
type state uint8

const (
	idle   state = iota // no MAIL yet
	open                // MAIL was accepted
	chunks              // the first BDAT was accepted
	broken              // a BDAT failed: only RSET goes on (RFC 3030 §2)
)

// transaction is the message under way (RFC 5321 §3.3).
type transaction struct {
	state    state
	letter   mail.Letter // nil when idle or broken
	from     string      // the reverse-path as written, for the watchers
	to       []string    // accepted recipients, where faults may ask for them
	tried    int         // RCPTs
	accepted int         // of them
	utf8     bool        // MAIL had SMTPUTF8
	began    time.Time
	body     body
	lines    lineEnds // BDAT
}

// reset forgets the message under way (RFC 5321 §4.1.1.5).
func (s *session) reset() {
	if s.tx.letter != nil {
		s.tx.letter.Abort()
	}
	s.tx = transaction{}
}

// spoil forgets the message, but not that it was there.
func (s *session) spoil() {
	s.reset()
	s.tx.state = broken
}

// commit gives the message to the house and answers. From here on the house is
// responsible, so the session's end no longer matters (RFC 5321 §4.2.5).
func (s *session) commit() smtp.Reply {
	tx := s.tx
	if tx.body.err != nil {
		s.reset()
		return s.refusal(tx.body.err)
	}
	if r, met := s.fault("dot", s.parties()...); met {
		s.reset()
		return r
	}
	s.tx = transaction{}
	receipt, err := tx.letter.Commit(s.commitCtx)
	if err != nil {
		return s.refusal(err)
	}
	s.c.State(event.Accepted{ID: receipt.ID, MessageID: receipt.MessageID, From: tx.from, Recipients: tx.accepted, Size: tx.body.n})
	s.delivered(&receipt)
	for _, f := range receipt.Foreign {
		s.c.State(event.Foreign{ID: receipt.ID, Account: s.from.Login.Address, Field: f.Field, Address: printable(f.Address, 320)})
	}
	for _, note := range receipt.Notes {
		s.note(note)
	}
	return s.textf(textQueued, receipt.ID, time.Since(tx.began).Seconds())
}

// delivered tells the watchers where the message lies, where it goes on to, and
// where not.
func (s *session) delivered(r *mail.Receipt) {
	if len(r.To) > 0 {
		fact := event.Delivered{ID: r.ID, To: make([]event.Delivery, len(r.To))}
		for i, d := range r.To {
			fact.To[i] = event.Delivery(d)
		}
		s.c.State(fact)
	}
	if len(r.Queued) > 0 {
		fact := event.Queued{ID: r.ID, To: make([]event.Onward, len(r.Queued))}
		for i, o := range r.Queued {
			fact.To[i] = event.Onward(o)
		}
		s.c.State(fact)
	}
	for _, m := range r.Missed {
		fact := event.Missed{ID: r.ID, Failed: m.Failed, Why: m.Why, To: make([]event.Onward, len(m.To))}
		for i, o := range m.To {
			fact.To[i] = event.Onward(o)
		}
		s.c.State(fact)
	}
}

// body passes content on to a Letter. It keeps the first error and goes on
// taking octets, so that an error of the connection is never mistaken for one
// of the house.
type body struct {
	letter mail.Letter
	n      int64
	err    error
}

func (b *body) Write(p []byte) (int, error) {
	b.n += int64(len(p))
	if b.err == nil {
		_, b.err = b.letter.Write(p)
	}
	return len(p), nil
}

var errBare = errors.New("smtpserver: bare CR or LF in a chunk")
