package dissect

import (
	"posta/event"
	"posta/field"
	"posta/smtp"
	"posta/text"
)

// smtpSpeaker reads SMTP.
type smtpSpeaker struct {
	dialog smtp.Dialog
	halves [2]half
	is     [2]smtp.Expect // what a line under way is
	inside bool           // a reply of more lines is under way
	dot    text.Dot
	auth   exchange
}

func newSMTP() speaker { return &smtpSpeaker{} }

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
	if s.side(d) == smtp.Server {
		s.inside = false
	}
}

// body passes over a body of which only the length is known. Its end is not
// seen; but what is no body does not come inside of one.
func (s *smtpSpeaker) body(d event.Dir, n int64) {
	switch what, _, _ := s.dialog.Next(s.side(d)); what {
	case smtp.MailData, smtp.Chunk:
		s.dialog.Data(n, true)
	}
}

// secured begins anew inside of TLS (RFC 3207 §4.2).
func (s *smtpSpeaker) secured() { *s = smtpSpeaker{} }

func (s *smtpSpeaker) push(b *builder, d event.Dir) {
	for off := 0; off < len(b.octets); {
		what, left, _ := s.dialog.Next(s.side(d))
		if s.halves[d].open {
			what = s.is[d]
		}
		if what == smtp.Opaque {
			return
		}
		if off == 0 {
			b.protocol(field.SMTP)
		}
		rest := b.octets[off:]
		switch what {
		case smtp.Chunk:
			n := int(min(left, int64(len(rest))))
			s.dialog.Data(int64(n), false)
			off += n
		case smtp.MailData:
			off += s.data(b, rest, off)
		default:
			s.dot = text.Dot{}
			l, n, ended := s.halves[d].take(b, off)
			s.is[d] = what
			off += n
			if ended {
				s.line(b, what, l)
			}
		}
	}
}

// data passes over mail data, and says where it ends.
func (s *smtpSpeaker) data(b *builder, rest []byte, off int) int {
	_, n, done, _ := s.dot.Scan(nil, rest)
	s.dialog.Data(int64(n), done)
	if done {
		s.dot = text.Dot{}
		dot := min(n, len(".\r\n"))
		b.add(field.SMTPEOM, field.Value{}, place{b.src, off + n - dot, dot})
	}
	return n
}

func (s *smtpSpeaker) line(b *builder, what smtp.Expect, l line) {
	switch {
	case what == smtp.AuthLine && s.dialog.Auth(l.bare):
		s.auth.answer(b, l, 0, len(l.bare))
	case what == smtp.ReplyLine:
		s.reply(b, l)
	default:
		s.command(b, l)
	}
}

// command is a command line (RFC 5321 §4.1).
func (s *smtpSpeaker) command(b *builder, l line) {
	c, _ := s.dialog.Command(l.bare)
	b.add(field.SMTPReq, field.Truth(true), l.at)
	b.add(field.SMTPCommandLine, field.Octets(l.all), l.at)
	if c.NameSpan.Len > 0 {
		b.octetsOf(field.SMTPReqCommand, &l, c.NameSpan.Off, c.NameSpan.Len)
	}
	if c.ArgSpan.Len > 0 {
		b.octetsOf(field.SMTPReqParameter, &l, c.ArgSpan.Off, len(l.bare)-c.ArgSpan.Off)
	}
	if c.Verb == smtp.AUTH {
		s.auth.begin(b, l, &c)
	}
}

// reply is a line of a reply (RFC 5321 §4.2). The code is told once.
func (s *smtpSpeaker) reply(b *builder, l line) {
	_, done, err := s.dialog.Reply(string(l.bare))
	if err != nil {
		s.inside = false
		return
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
