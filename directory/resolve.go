package directory

import (
	"context"

	"posta/mail"
)

// Outcome is what an address turned out to be.
type Outcome uint8

const (
	Unknown  Outcome = iota // the domain is ours, the name is not: 550 5.1.1
	Local                   // delivered here
	NonLocal                // the domain is not ours, or an alias leads outside
	Barred                  // a list that this sender may not post to: 550 5.7.1
)

// Target is one mailbox an address leads to.
type Target struct {
	Account int64
	Address string // canonical address of the account
	Quota   int64
	Via     string // the alias, list or address it came through, for Delivered-To
}

// Resolution is the answer to Resolve.
type Resolution struct {
	Outcome    Outcome
	Targets    []Target
	Large      []List   // lists of more than Options.ExpandNow members: expanded after the 250
	Outside    []string // addresses elsewhere that an alias or list leads to
	MaxMessage int64    // the strictest limit of the domains on the way; 0: none
	Canonical  string   // the address in canonical spelling
}

// Directory answers questions about who lives here. It is safe for concurrent use.
type Directory struct{ store Store }

// Resolve follows an address through domain aliases, aliases, plus addressing,
// lists and catch-alls to mailboxes. postmaster and abuse of a local domain,
// and <postmaster> without domain, always lead somewhere (RFC 5321 §4.5.1).
// from is the reverse-path's address, login who has authenticated: lists ask.
// The error is only for what failed inside.
func (d *Directory) Resolve(ctx context.Context, to mail.Address, from mail.Address, login mail.Login) (Resolution, error) {
	panic("directory: being built")
}
