package mailroom

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"posta/directory"
	"posta/imf"
	"posta/mail"
)

// Signer puts domains' names under what leaves (RFC 6376).
type Signer interface {
	// Begin begins a message whose author is at a domain of ours, given in
	// canonical spelling; nil if nobody signs for it.
	Begin(ctx context.Context, domain string) (Signing, error)
}

// Signing is a message being signed: written as it will be sent, it gives the
// fields that stand before it. Write never fails. Fields or Discard ends it.
type Signing interface {
	io.Writer
	Fields() ([]byte, error)
	Discard()
}

// Sending bounds what an account may send to others.
type Sending interface {
	// May gives nil, or an *mail.Error: so many more recipients elsewhere are
	// too many.
	May(login mail.Login, more int) error
	// Take counts recipients elsewhere of a message that is about to be accepted,
	// or refuses as May does; below 0 they are given back.
	Take(login mail.Login, recipients int) error
}

// author is the domain of ours that a message is from, in canonical spelling;
// "" where it is none, or where nobody answers for what the message says. A
// signature says that the domain stands for From:, so where a domain lets an
// address pass that is not its sender's it does not get one.
func (l *letter) author(ctx context.Context) (domain string, err error) {
	if l.from.Service != mail.Submission || l.from.Mode == mail.Lab {
		return "", nil
	}
	for _, c := range l.head.claims {
		if c.field != "From" {
			continue
		}
		list, err := imf.ParseMailboxes(c.text)
		if err != nil || len(list) == 0 {
			return "", nil
		}
		for _, m := range list {
			of, err := l.domainOf(ctx, m.Addr)
			if err != nil || of == "" {
				return "", err
			}
			domain = cmp.Or(domain, of)
		}
	}
	return domain, nil
}

// domainOf is the domain of ours of an address that the sender may use, and ""
// of any other. What was handed in on this machine may use all.
func (l *letter) domainOf(ctx context.Context, address string) (string, error) {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return "", nil
	}
	res, err := l.room.cfg.Directory.Resolve(ctx, a, mail.Address{}, mail.Login{})
	if err != nil || res.Outcome == directory.NonLocal {
		return "", err
	}
	if l.from.Inside == "" {
		may, _, err := l.room.cfg.Directory.MaySend(ctx, l.from.Login, a)
		if err == nil && !may {
			l.note("it is not signed: From: is not known to be its sender's")
		}
		if err != nil || !may {
			return "", err
		}
	}
	_, domain := directory.Split(res.Canonical)
	return domain, nil
}

// sign begins to sign what leaves, once its header is known. A message is not
// lost because it cannot be signed: then it goes without.
func (l *letter) sign() {
	if l.room.cfg.Signer == nil || len(l.onward)+len(l.large) == 0 {
		return
	}
	ctx := context.Background() // a Write has none; the answers are remembered
	domain, err := l.author(ctx)
	if err == nil && domain != "" {
		l.body.signing, err = l.room.cfg.Signer.Begin(ctx, domain)
	}
	if err != nil {
		l.room.cfg.Trouble(fmt.Errorf("signing a message: %w", err))
	}
	if l.body.signing != nil {
		_, _ = l.body.signing.Write(l.added(nil))
	}
}

// signature ends the signing and gives the fields.
func (r *Room) signature(b *body) []byte {
	s := b.signing
	if s == nil {
		return nil
	}
	b.signing = nil
	fields, err := s.Fields()
	if err != nil {
		r.cfg.Trouble(fmt.Errorf("signing a message: %w", err))
		return nil
	}
	return fields
}

// identity is the message's queue id, and when it was received: what is added
// to its header says so, and is signed.
func (l *letter) identity() (id string, at time.Time) {
	if l.id == "" {
		l.id, l.at = l.room.cfg.NewID(), l.room.cfg.Now()
	}
	return l.id, l.at
}

// added appends the fields that were missing (RFC 6409 §8.2, §8.3).
func (l *letter) added(b []byte) []byte {
	if l.from.Service != mail.Submission {
		return b
	}
	id, at := l.identity()
	if !l.head.date {
		b = append(append(imf.AppendDate(append(b, "Date: "...), at), '\r'), '\n')
		l.note("Date: was missing and was added")
	}
	if !l.head.id {
		b = append(append(append(b, "Message-ID: <"...), l.room.newMessageID(id)...), ">\r\n"...)
		l.note("Message-ID: was missing and was added")
	}
	return b
}

// mayAlso says whether the sender may have these recipients elsewhere too, and
// gives how many of them count: those that he named himself, in no domain of ours,
// each once.
func (l *letter) mayAlso(out []directory.Onward) (counted int, err error) {
	if l.room.cfg.Sending == nil || !l.from.Login.Known() || l.from.Mode == mail.Lab {
		return 0, nil
	}
	for i := range out {
		if out[i].List == nil && out[i].Home == nil && !l.counts(out[i].Address) {
			counted++
		}
	}
	if counted == 0 {
		return 0, nil
	}
	return counted, l.room.cfg.Sending.May(l.from.Login, l.counted+counted)
}

// counts says that an address has been counted: it gets one copy.
func (l *letter) counts(address string) bool {
	at, there := l.onwardAt(address)
	return there && l.onward[at].List == nil
}

// giveBack is for a message that was not accepted after all.
func (l *letter) giveBack() {
	if l.counted > 0 {
		_ = l.room.cfg.Sending.Take(l.from.Login, -l.counted) // giving back is never too much
	}
}
