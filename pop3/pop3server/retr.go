package pop3server

import (
	"context"
	"errors"
	"strconv"

	"posta/event"
	"posta/mail"
	"posta/pop3"
	"posta/store"
)

// ahead is how many messages the store is told of as likely wanted next.
const ahead = 64

// retr sends a message (RFC 1939 §5), octet for octet as it is stored; only a
// UTF-8 header is put into ASCII for a client that has not said UTF8.
func (s *session) retr(ctx context.Context, cmd pop3.Command) {
	m := s.message(&cmd)
	if m == nil || !s.readable(&cmd, m) || s.fault(cmd.Verb, "retr", strconv.Itoa(cmd.Message)) {
		return
	}
	p := s.parcel(ctx, m)
	p.first = "+OK " + strconv.FormatInt(m.size, 10) + " octets" + s.surrogateHint(m) + "\r\n"
	if s.send(&cmd, p, s.box.next(cmd.Message)) {
		s.c.State(event.Fetched{Account: s.box.lease.Account, UID: m.uid, UIDL: s.box.id(cmd.Message), Size: m.size})
	}
}

// surrogateHint tells a person in the lab why letters with accents are written
// otherwise than they were sent.
func (s *session) surrogateHint(m *message) string {
	if _, surrogate := s.box.stored[m.uid]; !surrogate || s.srv.Mode != mail.Lab {
		return ""
	}
	return "; its header is put into ASCII, UTF8 before USER shows it as it was sent"
}

// readable refuses a message whose header is UTF-8 to a client that has not
// said UTF8 (RFC 6856 §2.1, §5) where there is no surrogate for it.
func (s *session) readable(cmd *pop3.Command, m *message) bool {
	if _, surrogate := s.box.stored[m.uid]; m.traits.UTF8 && !s.wide && !surrogate {
		s.refuse(cmd.Verb, pop3.UTF8Code, "This message has a UTF-8 header; say UTF8 before logging in")
		return false
	}
	return true
}

// send has the store write the message into the parcel, and says whether the
// client got it all. Once octets are on their way there is no -ERR any more:
// then only the connection's end tells the client that the message is torn.
func (s *session) send(cmd *pop3.Command, p *parcel, next []store.Entry) bool {
	if s.box.reader == nil {
		s.box.reader = s.srv.Maildrops.Reader(s.box.lease.Account)
	}
	err := s.box.reader.WriteTo(p.ctx, p, s.box.entry(cmd.Message), next)
	switch {
	case p.broken != nil:
		s.end(ending(p.broken))
		return false
	case err == nil || p.enough:
		p.finish()
		return true
	case p.started:
		s.end("message could not be read to its end: " + err.Error())
	case errors.Is(err, store.ErrNotFound):
		s.refuse(cmd.Verb, "", "That message was removed meanwhile")
	default:
		s.note("Reading a message failed: " + err.Error())
		s.refuse(cmd.Verb, pop3.SysTemp, "The message cannot be read now; try later")
	}
	return false
}

// next gives the messages that a client wants after message n if it goes on as
// it came: in order.
func (d *maildrop) next(n int) []store.Entry {
	inOrder := n == d.last+1 || n == d.last
	d.last = n
	if !inOrder {
		return nil
	}
	d.ahead = d.ahead[:0]
	for i := n + 1; i <= len(d.messages) && len(d.ahead) < ahead; i++ {
		if !d.messages[i-1].deleted {
			d.ahead = append(d.ahead, d.entry(i))
		}
	}
	return d.ahead
}
