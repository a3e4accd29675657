package dissect

import (
	"bytes"

	"posta/event"
	"posta/field"
	"posta/smtp"
	"posta/story"
	"posta/text"
)

// smtpSpeaker reads SMTP.
type smtpSpeaker struct {
	dialog smtp.Dialog
	halves [2]half
	is     [2]smtp.Expect // what a line under way is
	inside bool           // a reply of more lines is under way
	began  story.Moment   // when it began
	octets int64          // of its lines so far
	dot    text.Dot
	sent   manner
	auth   exchange
	mail   message
	placed bool // a command or a reply has shown where in the dialogue it is
	cut    bool // the mail data under way were not recorded
	last   bool // the chunk under way is the message's last (RFC 3030 §2)
}

func newSMTP() speaker { return &smtpSpeaker{dot: looking()} }

// side is who speaks in a direction: TURN changes it.
func (s *smtpSpeaker) side(d event.Dir) smtp.Side {
	if s.dialog.Turned() {
		d = 1 - d
	}
	return smtp.Side(d)
}

func (s *smtpSpeaker) lost(d event.Dir, n int64) {
	s.dialog.Lost(s.side(d), n)
	s.halves[d].lost()
	s.mail.full = s.mail.full || s.side(d) == smtp.Client
	if s.side(d) == smtp.Server {
		s.inside = false
	}
}

// body passes over a body of which only the length is known. What is kept of
// it is its end: the dot.
func (s *smtpSpeaker) body(b *builder, d event.Dir, n int64) {
	what, left, _ := s.dialog.Next(s.side(d))
	if what != smtp.MailData && what != smtp.Chunk {
		return
	}
	s.dialog.Data(n, false)
	s.mail.left(b, n)
	s.dot, s.cut = looking(), what == smtp.MailData
	if what == smtp.Chunk && n >= left && s.last {
		s.told(b)
	}
}

// over ends a body of which the end was not recorded.
func (s *smtpSpeaker) over(b *builder, d event.Dir) {
	if s.cut && s.side(d) == smtp.Client {
		s.cut = false
		s.dialog.Data(0, true)
		s.told(b)
	}
}

// secured begins anew inside of TLS (RFC 3207 §4.2).
func (s *smtpSpeaker) secured() {
	s.drop()
	d := s.dialog
	d.Secured()
	*s = smtpSpeaker{dot: looking(), dialog: d}
}

func (s *smtpSpeaker) drop() {
	s.mail.drop()
	for i := range s.halves {
		s.halves[i].drop()
	}
}

func (s *smtpSpeaker) push(b *builder, d event.Dir) (off int, opaque bool) {
	for off < len(b.octets) {
		what, left, _ := s.dialog.Next(s.side(d))
		if s.halves[d].open {
			what = s.is[d]
		}
		if what == smtp.Opaque {
			return off, true
		}
		rest := b.octets[off:]
		switch what {
		case smtp.Chunk:
			b.protocol(field.SMTP)
			n := int(min(left, int64(len(rest))))
			s.dialog.Data(int64(n), false)
			s.mail.take(b, rest[:n], n)
			off += n
			if int64(n) == left && s.last {
				s.told(b)
			}
		case smtp.MailData:
			b.protocol(field.SMTP)
			off += s.data(b, rest, off)
		default:
			s.dot = looking()
			if n := s.halves[d].negotiated(b, off); n > 0 {
				off += n
				continue
			}
			l, n, ended := s.halves[d].take(b, off)
			s.is[d] = what
			off += n
			b.said = true
			if ended {
				b.protocol(field.SMTP)
				s.line(b, what, b.typed(l, s.side(d) == smtp.Client))
			}
		}
	}
	what, _, _ := s.dialog.Next(s.side(d))
	return off, what == smtp.Opaque
}

func (s *smtpSpeaker) skip(e *event.Event, g *groups) bool {
	what, _, _ := s.dialog.Next(s.side(e.Dir))
	if what != smtp.MailData || s.halves[e.Dir].open || !s.mail.skip(&s.dot, e, g.mail, g.pieces) {
		return false
	}
	s.dialog.Data(int64(len(e.Data)), false)
	return true
}

// data passes over mail data, and says where it ends.
func (s *smtpSpeaker) data(b *builder, rest []byte, off int) int {
	out, n, done := b.dotted(&s.dot, rest, s.mail.wants(b))
	s.dialog.Data(int64(n), done)
	if b.book != nil {
		s.sent.scan(rest[:n], b.moment())
	}
	if !done {
		s.mail.take(b, out, n)
		return n
	}
	s.dot, s.cut = looking(), false
	dot := min(n, len(".\r\n"))
	b.add(field.SMTPEOM, field.Value{}, place{b.src, off + n - dot, dot})
	sent := rest[:n-dot]
	if line, empty := bytes.CutSuffix(sent, []byte("\r\n")); empty && !s.mail.unseen && (len(line) == 0 || line[len(line)-1] == '\n') {
		sent = line // to tshark an empty line before the dot belongs to it
	}
	s.mail.take(b, out, len(sent))
	s.mail.size -= min(s.mail.size, len(".\r\n")-dot) // what of the dot came in other frames
	s.told(b)
	return n
}

func (s *smtpSpeaker) line(b *builder, what smtp.Expect, l line) {
	if l.cut { // what is missing must not count as said wrong
		defer func(book *story.Book) { b.book = book }(b.book)
		b.book = nil
	}
	switch {
	case what == smtp.AuthLine && s.dialog.Auth(l.bare):
		s.auth.answer(b, l, 0, len(l.bare))
		if b.book != nil {
			b.book.Answer(b.spoken(l), l.bare)
		}
	case what == smtp.ReplyLine:
		s.reply(b, l)
	default:
		s.command(b, l)
	}
}

// command is a command line (RFC 5321 §4.1).
func (s *smtpSpeaker) command(b *builder, l line) {
	if b.middle && !s.placed {
		word, _ := word(l.bare, 0)
		if smtp.VerbNamed(string(word)) == smtp.Unknown { // most likely mail data whose begin was not captured
			if b.book != nil {
				b.book.Stray(b.spoken(l), l.bare)
			}
			return
		}
	}
	s.placed = true
	c, fault := s.dialog.Command(l.bare)
	if b.book != nil {
		b.book.SMTPCommand(b.spoken(l), l.bare, &c, fault)
	}
	b.add(field.SMTPReq, field.Truth(true), l.at)
	b.add(field.SMTPCommandLine, field.Octets(l.all), l.at)
	if c.NameSpan.Len > 0 {
		b.octetsOf(field.SMTPReqCommand, &l, c.NameSpan.Off, c.NameSpan.Len)
	}
	if at := c.NameSpan.Len + 1; c.ArgSpan.Len > 0 { // what stands behind one blank
		b.octetsOf(field.SMTPReqParameter, &l, at, len(l.bare)-at)
	}
	switch c.Verb {
	case smtp.AUTH:
		s.auth.begin(b, l, &c)
	case smtp.MAIL, smtp.RSET, smtp.DATA:
		s.mail.drop()
	case smtp.BDAT:
		if s.last = c.Last; s.last && c.Size == 0 {
			s.told(b)
		}
	}
}

// reply is a line of a reply (RFC 5321 §4.2). The code is told once.
func (s *smtpSpeaker) reply(b *builder, l line) {
	l.bare = bytes.TrimRight(l.bare, "\r") // some servers end lines in CR CR LF
	a, done, err := s.dialog.Reply(string(l.bare))
	if err != nil {
		if b.book != nil {
			b.book.Stray(b.spoken(l), l.bare)
		}
		return
	}
	s.placed = true
	if !s.inside {
		s.began, s.octets = b.spoken(l).At, 0
	}
	if done {
		if a.Body && s.mail.sent > 0 {
			s.cutShort(b)
		}
		defer s.replied(b, &a, l)
	} else {
		s.octets += int64(len(l.all))
	}
	if !s.inside {
		b.add(field.SMTPRsp, field.Truth(true), l.at)
		b.add(field.SMTPResponse, field.Octets(l.all), l.at)
		code := 0
		for _, c := range l.bare[:3] {
			code = 10*code + int(c-'0')
		}
		b.add(field.SMTPResponseCode, field.Uint(uint64(code)), l.at.part(0, 3))
	}
	s.inside = !done
	if len(l.bare) > 3 {
		b.octetsOf(field.SMTPRspParameter, &l, 4, len(l.bare)-4)
	}
}

// cutShort tells of a message that the server takes for ended, though its data
// have not ended as they must.
func (s *smtpSpeaker) cutShort(b *builder) {
	if b.book != nil {
		p := b.carried(&s.mail)
		p.Dir = 1 - p.Dir
		octets := s.mail.octets
		if dot := bytes.LastIndex(octets, []byte("\n.")); dot >= 0 && len(bytes.TrimRight(octets[dot:], "\r\n")) == len("\n.") {
			octets = octets[:dot+1]
		}
		b.book.SMTPMail(p, octets, int64(s.mail.size), !s.mail.full, s.sent.told())
	}
	s.mail.drop()
}

// told tells of the message that has ended.
func (s *smtpSpeaker) told(b *builder) {
	if b.book != nil && s.mail.sent > 0 {
		b.book.SMTPMail(b.carried(&s.mail), s.mail.octets, int64(s.mail.size), !s.mail.full, s.sent.told())
	}
	s.mail.tell(b, field.SMTPDataFragment, field.SMTPDataReassembledLength)
}
