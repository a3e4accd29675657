package collect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"posta/mail"
)

// narrow is a Door for the mail of some domains only: what a provider sends over
// a turned connection is that of a peer that nobody knows (RFC 2645 §8).
type narrow struct {
	mail.Door
	label   func(string) string
	domains []string
	taken   int
	offered bool  // there was a MAIL
	away    error // why the first was refused that was
}

// turnedAway is what was offered on a turned connection and not taken here.
type turnedAway struct{ error }

// note keeps the first refusal, as the peer reads it, and gives err back.
func (n *narrow) note(to mail.Address, err error) error {
	if err == nil || n.away != nil {
		return err
	}
	why := err
	var refusal *mail.Error
	if errors.As(err, &refusal) {
		why = &mail.Error{Code: refusal.Code, Status: refusal.Status, Text: refusal.Text}
	}
	if !to.IsZero() {
		why = fmt.Errorf("<%s>: %w", to, why)
	}
	n.away = turnedAway{why}
	return err
}

// Begin implements mail.Door.
func (n *narrow) Begin(ctx context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	n.offered = true
	l, err := n.Door.Begin(ctx, from, env)
	if err != nil {
		return nil, n.note(mail.Address{}, err)
	}
	return &narrowLetter{l, n}, nil
}

type narrowLetter struct {
	mail.Letter
	n *narrow
}

// Rcpt implements mail.Letter.
func (l *narrowLetter) Rcpt(ctx context.Context, to mail.Recipient) error {
	theirs := func(one string) bool { return l.n.label(one) == l.n.label(to.To.Domain) }
	if to.To.Domain != "" && !slices.ContainsFunc(l.n.domains, theirs) { // <postmaster> is always there
		return l.n.note(to.To, mail.Refuse(550, "5.7.1", "Not a domain whose mail is collected here"))
	}
	return l.n.note(to.To, l.Letter.Rcpt(ctx, to))
}

// Commit implements mail.Letter.
func (l *narrowLetter) Commit(ctx context.Context) (mail.Receipt, error) {
	r, err := l.Letter.Commit(ctx)
	if err == nil {
		l.n.taken++
	}
	return r, l.n.note(mail.Address{}, err)
}
