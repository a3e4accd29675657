package dissect

import (
	"bytes"
	"strings"

	"posta/event"
	"posta/field"
	"posta/story"
)

// imapSpeaker reads IMAP (RFC 9051) as lines: whose they are, tag, command,
// status. The octets of literals are passed over; those that are a message, or
// its header, are one.
type imapSpeaker struct {
	halves  [2]half
	literal [2]int64 // octets of it that are still to come
	carries [2]bool  // it is a message
	whole   [2]bool  // a message is told of once what follows it is there
	inside  [2]bool  // what follows goes on with the line before the literal
	mail    [2]message
	asked   []asked // commands without their response, the oldest first
	answers bool    // the client answers challenges, or ends an IDLE
	tls     []byte  // the tag of STARTTLS or COMPRESS
	opaque  bool    // what follows cannot be read
	packed  bool    // as it is compressed (RFC 4978), not as it is TLS
}

// asked is a command that waits for its response.
type asked struct {
	tag string
	at  story.Moment
}

// The bounds of what is remembered.
const (
	maxAsked = 64
	maxTag   = 64
)

func newIMAP() speaker { return &imapSpeaker{} }

func (s *imapSpeaker) lost(d event.Dir, n int64) {
	s.halves[d].lost()
	s.inside[d], s.whole[d] = false, false
	if n >= s.literal[d] {
		s.literal[d] = 0
	} else {
		s.literal[d] -= n
	}
	s.mail[d].full = true
}

func (s *imapSpeaker) body(*builder, event.Dir, int64) {}
func (s *imapSpeaker) over(*builder, event.Dir)        {}

func (s *imapSpeaker) skip(*event.Event, *groups) bool { return false }

// secured begins anew inside of TLS (RFC 9051 §6.2.1).
func (s *imapSpeaker) secured() {
	s.drop()
	*s = imapSpeaker{}
}

func (s *imapSpeaker) drop() {
	for i := range s.halves {
		s.halves[i].drop()
		s.mail[i].drop()
	}
}

func (s *imapSpeaker) push(b *builder, d event.Dir) (off int, opaque bool) {
	for off < len(b.octets) && !s.opaque {
		if s.literal[d] > 0 {
			off += s.octets(b, d, b.octets[off:])
			continue
		}
		if s.whole[d] { // as tshark waits for the parenthesis
			s.whole[d] = false
			s.mail[d].tell(b, 0, 0)
		}
		l, n, ended := s.halves[d].take(b, off)
		off += n
		b.said = true
		if ended {
			s.unit(b, d)
			s.line(b, d, l)
		}
	}
	return off, s.opaque && !s.packed
}

// unit says that the frame is of IMAP.
func (s *imapSpeaker) unit(b *builder, d event.Dir) {
	b.protocol(field.IMAP)
	if !b.tree.Has(field.IMAPIsrequest) {
		b.generated(field.IMAPIsrequest, field.Truth(d == event.FromDialer))
	}
}

// octets passes over those of a literal.
func (s *imapSpeaker) octets(b *builder, d event.Dir, rest []byte) int {
	s.unit(b, d)
	n := int(min(s.literal[d], int64(len(rest))))
	s.literal[d] -= int64(n)
	if s.carries[d] {
		s.mail[d].take(b, rest[:n], n)
		s.whole[d] = s.literal[d] == 0
	}
	return n
}

// line is a line, or what of it lies before, between or behind literals.
func (s *imapSpeaker) line(b *builder, d event.Dir, l line) {
	b.add(field.IMAPLine, field.Octets(l.all), l.at)
	again := s.inside[d]
	before, n, literal := literalOf(l.bare)
	s.inside[d] = literal
	if literal {
		s.literal[d] = n
		s.carries[d] = n > 0 && isMessage(before, d == event.FromDialer)
		s.mail[d].drop()
	}
	switch {
	case again || len(l.bare) == 0:
	case d == event.FromListener:
		s.response(b, l)
	case s.answers: // RFC 9051 §6.2.2; RFC 2177 §3
	default:
		s.request(b, l)
	}
}

// literalOf finds the announcement of a literal at a line's end (RFC 9051 §4.3,
// RFC 7888, RFC 3516), and what stands before it.
func literalOf(l []byte) (before []byte, n int64, ok bool) {
	end, closed := bytes.CutSuffix(l, []byte("}"))
	if !closed {
		return nil, 0, false
	}
	if plus, ok := bytes.CutSuffix(end, []byte("+")); ok {
		end = plus
	}
	at := bytes.LastIndexByte(end, '{')
	if at < 0 || at+1 == len(end) || len(end)-at > 16 {
		return nil, 0, false
	}
	for _, c := range end[at+1:] {
		if c < '0' || c > '9' {
			return nil, 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return bytes.TrimRight(bytes.TrimSuffix(end[:at], []byte("~")), " "), n, true
}

// isMessage says that a literal is a message, or the header of one: what FETCH
// gives of a whole message, or APPEND brings.
func isMessage(before []byte, fromClient bool) bool {
	upper := strings.ToUpper(string(before[max(0, len(before)-1000):]))
	if fromClient {
		words := strings.Fields(strings.ToUpper(string(before[:min(len(before), 200)])))
		return len(words) > 1 && words[1] == "APPEND"
	}
	if cut := strings.LastIndexByte(upper, '<'); strings.HasSuffix(upper, ">") && cut >= 0 { // a part, from an octet on
		if !strings.HasSuffix(upper, "<0>") {
			return false
		}
		upper = upper[:cut]
	}
	at := strings.LastIndex(upper, "BODY[")
	switch {
	case strings.HasSuffix(upper, "BODY[]"), strings.HasSuffix(upper, "BODY[HEADER]"), strings.HasSuffix(upper, " RFC822"),
		strings.HasSuffix(upper, "(RFC822"), strings.HasSuffix(upper, "RFC822.HEADER"):
		return true
	}
	return at >= 0 && strings.HasPrefix(upper[at:], "BODY[HEADER.FIELDS") && strings.HasSuffix(upper, "]")
}

// word gives the next word of a line from off on, and where the one behind it begins.
func word(l []byte, off int) (w []byte, next int) {
	end := bytes.IndexByte(l[off:], ' ')
	if end < 0 {
		return l[off:], len(l)
	}
	next = off + end
	for next < len(l) && l[next] == ' ' {
		next++
	}
	return l[off : off+end], next
}

// request is a command of the client.
func (s *imapSpeaker) request(b *builder, l line) {
	text := l.bare
	b.octetsOf(field.IMAPRequest, &l, 0, len(text))
	tag, next := word(text, 0)
	b.octetsOf(field.IMAPRequestTag, &l, 0, len(tag))
	b.octetsOf(field.IMAPTag, &l, 0, len(tag))
	s.ask(b, tag)
	if next == len(text) {
		return
	}
	verb, at := word(text, next)
	b.octetsOf(field.IMAPCommand, &l, next, len(verb))
	if strings.EqualFold(string(verb), "UID") && at < len(text) {
		b.add(field.IMAPRequestCommandUID, field.Truth(true), l.at.part(next, len(verb)))
		next = at
		verb, at = word(text, next)
	}
	b.octetsOf(field.IMAPRequestCommand, &l, next, len(verb))
	s.arguments(b, l, strings.ToUpper(string(verb)), tag, at)
}

// arguments tells of those that have a name; they begin at off.
func (s *imapSpeaker) arguments(b *builder, l line, verb string, tag []byte, off int) {
	switch verb {
	case "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STATUS", "APPEND", "SEARCH":
		s.argument(b, l, field.IMAPRequestFolder, off, false)
	case "COPY":
		_, off = word(l.bare, off)
		s.argument(b, l, field.IMAPRequestFolder, off, false)
	case "LOGIN":
		off = s.argument(b, l, field.IMAPRequestUsername, off, true)
		s.argument(b, l, field.IMAPRequestPassword, off, true)
	case "STARTTLS", "COMPRESS":
		s.tls, s.packed = bytes.Clone(tag[:min(len(tag), maxTag)]), verb == "COMPRESS"
	case "AUTHENTICATE", "IDLE":
		s.answers = true
	}
}

// argument tells of the one at off, and says where the next one begins. A
// quoted one is told without its quotes where that is asked.
func (s *imapSpeaker) argument(b *builder, l line, id field.ID, off int, unquote bool) (next int) {
	if off >= len(l.bare) {
		return off
	}
	if rest := l.bare[off:]; unquote && rest[0] == '"' {
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				b.octetsOf(id, &l, off+1, i-1)
				_, next = word(l.bare, off+i)
				return next
			}
		}
	}
	w, next := word(l.bare, off)
	if len(w) > 0 && !(unquote && w[0] == '{') { // a literal comes on its own
		b.octetsOf(id, &l, off, len(w))
	}
	return next
}

// ask remembers a command.
func (s *imapSpeaker) ask(b *builder, tag []byte) {
	if len(tag) > maxTag {
		return
	}
	if len(s.asked) >= maxAsked {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, asked{strings.ToLower(string(tag)), b.moment()})
}

// response is a line of the server's that does not begin with a star.
func (s *imapSpeaker) response(b *builder, l line) {
	text := l.bare
	if text[0] == '*' {
		return
	}
	b.octetsOf(field.IMAPResponse, &l, 0, len(text))
	tag, next := word(text, 0)
	b.octetsOf(field.IMAPResponseTag, &l, 0, len(tag))
	b.octetsOf(field.IMAPTag, &l, 0, len(tag))
	if next == len(text) {
		return
	}
	status, at := word(text, next)
	b.octetsOf(field.IMAPResponseStatus, &l, next, len(status))
	if at < len(text) {
		verb, _ := word(text, at)
		b.octetsOf(field.IMAPResponseCommand, &l, at, len(verb))
		b.octetsOf(field.IMAPCommand, &l, at, len(verb))
	}
	if string(tag) == "+" {
		return
	}
	s.answers = false
	s.answered(b, tag)
	if s.tls != nil && bytes.EqualFold(tag, s.tls) {
		s.opaque, s.tls = strings.EqualFold(string(status), "OK"), nil
	}
}

// answered finds the command that a response answers.
func (s *imapSpeaker) answered(b *builder, tag []byte) {
	for i := len(s.asked) - 1; i >= 0; i-- {
		if one := s.asked[i]; strings.EqualFold(one.tag, string(tag)) {
			b.generated(field.IMAPResponseTo, field.Uint(uint64(one.at.Frame)))
			b.generated(field.IMAPTime, field.Span(b.time.Sub(one.at.Time)))
			s.asked = s.asked[:copy(s.asked, s.asked[i+1:])]
			return
		}
	}
}
