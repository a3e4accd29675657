package dissect

import (
	"bytes"

	"posta/event"
	"posta/field"
	"posta/pop3"
	"posta/story"
	"posta/text"
)

// popSpeaker reads POP3.
type popSpeaker struct {
	dialog pop3.Dialog
	halves [2]half
	is     [2]pop3.Expect // what a line under way is
	dot    text.Dot
	mail   message
	cut    bool // it was not recorded
	held   bool // the list under way is a message
}

func newPOP() speaker { return &popSpeaker{dot: looking()} }

func (s *popSpeaker) lost(d event.Dir, _ int64) {
	s.dialog.Lost(pop3.Side(d))
	s.halves[d].lost()
	s.mail.full = s.mail.full || d == event.FromListener
}

// body passes over a list of which only the length is known. What is kept of
// it is its end: the dot.
func (s *popSpeaker) body(b *builder, d event.Dir, n int64) {
	if what, _ := s.dialog.Next(pop3.Side(d)); what == pop3.List {
		s.mail.left(b, n)
		s.dot, s.cut = looking(), true
	}
}

// over ends a list of which the end was not recorded. A dot is the end: no response
// begins so.
func (s *popSpeaker) over(b *builder, d event.Dir) {
	if s.cut && d == event.FromListener && !bytes.HasPrefix(b.octets, []byte(".\r\n")) {
		s.dialog.Ended()
		s.told(b, 0)
		s.dot, s.cut, s.held = looking(), false, false
	}
}

// secured begins anew inside of TLS (RFC 2595 §4).
func (s *popSpeaker) secured() {
	s.drop()
	*s = popSpeaker{dot: looking()}
}

func (s *popSpeaker) drop() {
	s.mail.drop()
	for i := range s.halves {
		s.halves[i].drop()
	}
}

func (s *popSpeaker) push(b *builder, d event.Dir) (off int, opaque bool) {
	for off < len(b.octets) {
		what, _ := s.dialog.Next(pop3.Side(d))
		if s.halves[d].open {
			what = s.is[d]
		}
		if what == pop3.Opaque {
			return off, true
		}
		switch what {
		case pop3.List:
			b.protocol(field.POP)
			off += s.list(b, b.octets[off:])
		default:
			if d == event.FromListener {
				s.dot = looking()
			}
			if n := s.halves[d].negotiated(b, off); n > 0 {
				off += n
				continue
			}
			l, n, ended := s.halves[d].take(b, off)
			s.is[d] = what
			off += n
			b.said = true
			if ended {
				b.protocol(field.POP)
				s.line(b, what, b.typed(l, d == event.FromDialer))
			}
		}
	}
	what, _ := s.dialog.Next(pop3.Side(d))
	return off, what == pop3.Opaque
}

func (s *popSpeaker) skip(e *event.Event, g *groups) bool {
	what, _ := s.dialog.Next(pop3.Side(e.Dir))
	return what == pop3.List && !s.halves[e.Dir].open && s.mail.skip(&s.dot, e, g.mail && s.held, g.pieces)
}

// list reads on in a response of more lines, and says how many octets are its.
func (s *popSpeaker) list(b *builder, rest []byte) int {
	out, n, done := b.dotted(&s.dot, rest, b.book != nil || s.held && s.mail.wants(b))
	if s.held || b.book != nil {
		s.mail.take(b, out, n)
	}
	if !done {
		return n
	}
	dot := len(".\r\n")
	if bytes.HasSuffix(rest[:n], []byte(".\n")) {
		dot = len(".\n")
	}
	s.told(b, dot)
	s.dot, s.cut, s.held = looking(), false, false
	s.dialog.Ended()
	return n
}

func (s *popSpeaker) line(b *builder, what pop3.Expect, l line) {
	if l.cut { // what is missing must not count as said wrong
		defer func(book *story.Book) { b.book = book }(b.book)
		b.book = nil
	}
	switch {
	case what == pop3.AuthLine && s.dialog.Auth(l.bare):
		if b.book != nil {
			b.book.Answer(b.spoken(l), l.bare)
		}
	case what == pop3.ResponseLine:
		a, fault := s.dialog.Response(l.bare)
		if b.book != nil && fault == nil {
			b.book.POPResponse(b.spoken(l), &a)
		} else if b.book != nil {
			b.book.Stray(b.spoken(l), l.bare)
		}
		if fault == nil && a.Status != pop3.Continue {
			s.mail.drop()
			s.held = a.Verb == pop3.RETR || a.Verb == pop3.TOP
			s.words(b, l, field.POPResponse, field.POPResponseIndicator, field.POPResponseDescription)
		}
	default:
		c, fault := s.dialog.Command(l.bare)
		s.commanded(b, l, &c, fault)
		s.words(b, l, field.POPRequest, field.POPRequestCommand, field.POPRequestParameter)
	}
}

// words tells of a line, its first word and what is behind it.
func (s *popSpeaker) words(b *builder, l line, whole, first, rest field.ID) {
	b.add(whole, field.Octets(l.bare), l.at.part(0, len(l.bare)))
	end := bytes.IndexByte(l.bare, ' ')
	if end < 0 {
		end = len(l.bare)
	}
	if end > 0 {
		b.octetsOf(first, &l, 0, end)
	}
	for end > 0 && end+1 < len(l.bare) && l.bare[end] == ' ' && l.bare[end+1] == ' ' {
		end++
	}
	if end > 0 {
		end++
	}
	if end < len(l.bare) {
		b.octetsOf(rest, &l, end, len(l.bare)-end)
	}
}

// told tells of the list that has ended. The octets of the dot's line are none of its
// content; the fields count them, as tshark does.
func (s *popSpeaker) told(b *builder, dot int) {
	if b.book != nil {
		b.book.POPList(b.carried(&s.mail), s.mail.octets, int64(max(s.mail.size-dot, 0)), !s.mail.full, s.held)
	}
	if !s.held {
		s.mail.drop()
		return
	}
	if !s.mail.several { // as in tshark nothing was put together then
		s.mail.tell(b, 0, 0)
		return
	}
	s.mail.tell(b, field.POPDataFragment, field.POPDataReassembledLength)
}
