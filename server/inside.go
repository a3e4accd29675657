package server

import (
	"context"
	"errors"
	"net/netip"

	"posta/event"
	"posta/mail"
)

// inside is the door for mail that a user of this machine hands in. Watchers
// see each message as a session of its own, on the listener "sendmail".
type inside struct {
	house *House
}

// Begin implements mail.Door.
func (d inside) Begin(ctx context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	from.Session = d.house.numbers.next()
	if len(d.house.listeners) > 0 && !d.house.strict() {
		from.Mode = mail.Lab
	}
	l := &insideLetter{em: event.NewEmitter(d.house.events, from.Session), from: env.From.String()}
	here := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	l.em.Fact(event.Open, event.Opened{Endpoints: event.Endpoints{Remote: here, Local: here},
		Protocol: "sendmail", Listener: from.Listener, Mode: from.Mode.String()})
	l.em.Fact(event.State, event.Note{Text: "handed in by " + from.Inside})
	letter, err := d.house.insideRoom().Begin(ctx, from, env)
	if err != nil {
		l.refused("MAIL", env.From.String(), err)
		l.close("")
		return nil, err
	}
	l.em.Fact(event.State, event.Enveloped{From: l.from})
	l.Letter = letter
	return l, nil
}

type insideLetter struct {
	mail.Letter
	em     event.Emitter
	from   string
	rcpts  int
	size   int64
	said   string // the first refusal
	closed bool
}

// Rcpt implements mail.Letter.
func (l *insideLetter) Rcpt(ctx context.Context, to mail.Recipient) error {
	err := l.Letter.Rcpt(ctx, to)
	if err != nil {
		l.refused("RCPT", to.To.String(), err)
		return err
	}
	l.rcpts++
	l.em.Fact(event.State, event.Addressed{To: to.To.String()})
	return nil
}

// Write implements mail.Letter.
func (l *insideLetter) Write(p []byte) (int, error) {
	l.size += int64(len(p))
	return l.Letter.Write(p)
}

// Commit implements mail.Letter.
func (l *insideLetter) Commit(ctx context.Context) (mail.Receipt, error) {
	receipt, err := l.Letter.Commit(ctx)
	if err != nil {
		l.refused("DATA", "", err)
		l.close("")
		return receipt, err
	}
	l.em.Fact(event.State, event.Accepted{ID: receipt.ID, MessageID: receipt.MessageID, From: l.from, Recipients: l.rcpts, Size: l.size})
	if len(receipt.To) > 0 {
		fact := event.Delivered{ID: receipt.ID}
		for _, d := range receipt.To {
			fact.To = append(fact.To, event.Delivery(d))
		}
		l.em.Fact(event.State, fact)
	}
	if len(receipt.Queued) > 0 {
		fact := event.Queued{ID: receipt.ID}
		for _, o := range receipt.Queued {
			fact.To = append(fact.To, event.Onward(o))
		}
		l.em.Fact(event.State, fact)
	}
	for _, m := range receipt.Missed {
		fact := event.Missed{ID: receipt.ID, Failed: m.Failed, Why: m.Why}
		for _, o := range m.To {
			fact.To = append(fact.To, event.Onward(o))
		}
		l.em.Fact(event.State, fact)
	}
	for _, note := range receipt.Notes {
		l.em.Fact(event.State, event.Note{Text: note})
	}
	l.close("quit")
	return receipt, nil
}

// Abort implements mail.Letter.
func (l *insideLetter) Abort() {
	l.Letter.Abort()
	l.close("peer closed")
}

// close ends the session, once; a refusal is the reason before others.
func (l *insideLetter) close(reason string) {
	if l.said != "" {
		reason = "refused: " + l.said
	}
	if !l.closed {
		l.closed = true
		l.em.Fact(event.Close, event.Closed{Reason: reason})
	}
}

// refused tells of a refusal as a session on the network would.
func (l *insideLetter) refused(verb, path string, err error) {
	reply := "451 4.3.0 Local error"
	var e *mail.Error
	if errors.As(err, &e) {
		reply = (&mail.Error{Code: e.Code, Status: e.Status, Text: e.Text}).Error()
	}
	if l.said == "" {
		l.said = reply
	}
	l.em.Fact(event.State, event.Refused{Verb: verb, Reply: reply, Path: path})
}
