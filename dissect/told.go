package dissect

import (
	"posta/event"
	"posta/pop3"
	"posta/smtp"
	"posta/story"
)

// speaks tells the book which protocol is spoken, once that is known.
func (d *Dissector) speaks(conn uint64, c *conn) {
	if d.book == nil {
		return
	}
	switch c.speaks.(type) {
	case *smtpSpeaker:
		d.book.Speaks(conn, "smtp")
	case *popSpeaker:
		d.book.Speaks(conn, "pop3")
	}
}

// moment is when an event happened.
func (c *conn) moment(e *event.Event) story.Moment {
	if c.live && e.Packet == 0 {
		return story.Moment{Time: e.Time, Frame: c.frame}
	}
	return story.Moment{Time: e.Time, Frame: e.Packet}
}

func placeOf(c *conn, e *event.Event) story.Place {
	at := c.moment(e)
	return story.Place{Conn: e.Conn, Dir: e.Dir, At: at, Until: at, Octets: e.Len}
}

// weigh tells how much lay on the network: of a live session inside TLS that is what
// TLS made of it.
func (d *Dissector) weigh(c *conn, e *event.Event) {
	switch {
	case d.book == nil:
	case c.live && c.hidden && e.Layer == event.Text:
		d.book.Inside(placeOf(c, e))
	default:
		d.book.Passed(placeOf(c, e), c.live && e.Layer == event.Wire)
	}
}

// moment is that of the octets at hand.
func (b *builder) moment() story.Moment { return story.Moment{Time: b.time, Frame: b.number} }

// spoken is the place of a line for the book.
func (b *builder) spoken(l line) story.Place {
	p := story.Place{Conn: b.conn, Dir: b.dir, At: l.began, Until: b.moment(), Octets: int64(len(l.all)), Bare: l.odd()}
	if p.At == (story.Moment{}) {
		p.At = p.Until
	}
	return p
}

// carried is the place of a message for the book.
func (b *builder) carried(m *message) story.Place {
	p := story.Place{Conn: b.conn, Dir: b.dir, At: m.began, Until: b.moment(), Octets: m.sent}
	if p.At == (story.Moment{}) {
		p.At = p.Until
	}
	return p
}

// replied tells of a reply that is whole. It began with the line first.
func (s *smtpSpeaker) replied(b *builder, a *smtp.Answer, l line) {
	if b.book == nil {
		return
	}
	p := b.spoken(l)
	p.At, p.Octets = s.began, p.Octets+s.octets
	b.book.SMTPReply(p, a)
}

// commanded tells of a command of POP3.
func (s *popSpeaker) commanded(b *builder, l line, c *pop3.Command, fault *pop3.Fault) {
	if b.book != nil {
		b.book.POPCommand(b.spoken(l), l.bare, c, fault)
	}
}
