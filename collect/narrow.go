package collect

import (
	"context"
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
	offered bool // there was a MAIL
}

// Begin implements mail.Door.
func (n *narrow) Begin(ctx context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	n.offered = true
	l, err := n.Door.Begin(ctx, from, env)
	if err != nil {
		return nil, err
	}
	return &narrowLetter{l, n}, nil
}

type narrowLetter struct {
	mail.Letter
	n *narrow
}

// Rcpt implements mail.Letter. Other domains are refused only for now: TURN brings
// all that waits, and one that was not named here is no reason for the provider to
// give its mail up.
func (l *narrowLetter) Rcpt(ctx context.Context, to mail.Recipient) error {
	theirs := func(one string) bool { return l.n.label(one) == l.n.label(to.To.Domain) }
	if to.To.Domain != "" && !slices.ContainsFunc(l.n.domains, theirs) { // <postmaster> is always there
		return mail.Refuse(450, "4.7.1", "Not a domain whose mail is collected here")
	}
	return l.Letter.Rcpt(ctx, to)
}

// Commit implements mail.Letter.
func (l *narrowLetter) Commit(ctx context.Context) (mail.Receipt, error) {
	r, err := l.Letter.Commit(ctx)
	if err == nil {
		l.n.taken++
	}
	return r, err
}
