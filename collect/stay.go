package collect

import (
	"context"
	"errors"
	"hash"
	"io"

	"posta/imf"
	"posta/mail"
	"posta/pop3"
	"posta/pop3/pop3client"
)

// errTooLarge is that a message is not even fetched.
var errTooLarge = errors.New("it is larger than what is taken here")

// stays notes a message that could not be filed, or deleted there. What stopped before its header
// was read is asked for that, so that people know it again.
func (b *box) stays(ctx context.Context, number int, f *filing, why error) {
	b.result.Left++
	if len(b.result.Stayed) >= MostStayed {
		return
	}
	one := Stay{UIDL: mail.Shown(b.uidls[number]), Octets: b.sizes[number], Why: unfiled(why)}
	if one.From = b.knownAuthor(number); one.From == "" {
		b.header(ctx, number, f, why)
		one.From = author(f.head)
	}
	b.result.Stayed = append(b.result.Stayed, one)
	b.left(&one)
}

// header asks for the header of a message of which none was read, unless the server
// cannot give the message.
func (b *box) header(ctx context.Context, number int, f *filing, why error) {
	var refusal *pop3client.Refusal
	if len(f.head) > 0 || ctx.Err() != nil || b.headless || errors.As(why, &refusal) && refusal.Verb != pop3.DELE {
		return
	}
	f.sum = nil
	_, err := b.client.Top(ctx, number, 0, f)
	b.headless = errors.As(err, &refusal) // it does not know TOP; of other errors the next command tells
}

// knownAuthor is whom the header of a message named that stayed the last time too; ""
// where that is not known.
func (b *box) knownAuthor(number int) string {
	uidl := b.uidls[number]
	if uidl == "" || len(b.times[uidl]) > 1 {
		return ""
	}
	for _, one := range b.e.Last.Stayed {
		if one.UIDL == mail.Shown(uidl) {
			return one.From
		}
	}
	return ""
}

// filing keeps a letter's refusal apart from errors of the connection, and the
// header's beginning.
type filing struct {
	letter io.Writer // nil: only the header is wanted
	head   []byte
	size   int64
	err    error

	sum hash.Hash // of all octets; nil: not wanted
	key string    // what the message is known by, once recognised

	again bool // it has been in the mailbox here
}

// mostHead bounds how much of a header is looked through for an author.
const mostHead = 16 << 10

// Write implements io.Writer.
func (f *filing) Write(p []byte) (int, error) {
	if room := mostHead - len(f.head); room > 0 {
		f.head = append(f.head, p[:min(len(p), room)]...)
	}
	f.size += int64(len(p))
	if f.sum != nil {
		f.sum.Write(p) // never fails
	}
	if f.err == nil && f.letter != nil {
		_, f.err = f.letter.Write(p)
	}
	return len(p), nil
}

// author is the first address in From.
func author(head []byte) string {
	s := imf.Scanner{Max: mostHead}
	if s.Scan(head) == imf.More {
		s.Finish()
	}
	for _, f := range s.Fields() {
		if f.Kind != imf.From {
			continue
		}
		if all, err := imf.ParseMailboxes(f.Text(head)); err == nil && len(all) > 0 {
			return mail.Shown(all[0].Addr)
		}
	}
	return ""
}

// unfiled says why the house did not take a message.
func unfiled(why error) string {
	var refusal *mail.Error
	if !errors.As(why, &refusal) {
		return failure(why)
	}
	switch s := refusal.Status; {
	case s.Subject == 2 && s.Detail == 2:
		return "the mailbox here is full"
	case s.Subject == 2 && s.Detail == 3, s.Subject == 3 && s.Detail == 4:
		return errTooLarge.Error()
	case s.Subject == 4 && s.Detail == 6:
		return "it goes round in a circle, or came through too many servers"
	case s.Subject == 1 && s.Detail == 1:
		return "the account here takes no mail"
	case s.Subject == 3 && s.Detail == 1:
		return "the disk here is full"
	}
	return refusal.Text
}
