package dissect

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"posta/field"
	"posta/imf"
	"posta/story"
	"posta/text"
)

// The bounds of messages that are put together. What is beyond maxMessage of
// one is left out; beyond maxMessages of all, whole messages are.
const (
	maxMessage   = 1 << 20
	maxMessages  = 64 << 20
	maxFragments = 1 << 16 // frames that a message's are told of
	maxStrays    = 100     // lines in a header that are none of it
	maxHeaders   = 10_000  // header fields that are told of it, and of those in it
)

// looking reads mail data as they are: what a server would refuse is content.
func looking() text.Dot { return text.Dot{Raw: true} }

// message is what DATA, BDAT, RETR or TOP carry, put together with its
// dot-stuffing undone. It is told of in the frame in which it ends.
type message struct {
	octets    []byte
	size      int // as sent
	fragments []uint32
	latest    uint32 // frame that some of it came in
	several   bool   // it came in more than one
	full      bool   // the rest is left out
	unseen    bool   // the octets that came last were not recorded
	headed    bool   // its header is whole
	enough    bool   // nothing behind its header is asked for
	used      *int   // octets of all messages
	began     story.Moment
	sent      int64 // octets so far, as sent
}

// take adds the octets that a frame carries: sent is how many it took.
func (m *message) take(b *builder, octets []byte, sent int) {
	if !b.mail {
		return
	}
	if m.sent == 0 {
		m.began = b.moment()
	}
	m.count(sent, b.number, b.pieces)
	if m.enough {
		return
	}
	if !b.bodies && !m.headed && len(m.octets) == 0 { // mostly all of the header comes at once
		if at := bytes.Index(octets, []byte("\r\n\r\n")); at >= 0 && (b.brief || !mayNest(octets[:at])) {
			octets = octets[:at+4]
		}
	}
	m.used = b.used
	room := min(len(octets), b.longest-len(m.octets), maxMessages-*m.used)
	if room < len(octets) || m.full {
		m.full = true
		return
	}
	before, from := cap(m.octets), len(m.octets)
	m.octets = append(m.octets, octets...)
	*m.used += cap(m.octets) - before
	if !m.headed && !b.bodies {
		m.look(b, from)
	}
}

// count counts octets of a frame, as sent.
func (m *message) count(sent int, frame uint32, pieces bool) {
	if sent > 0 {
		m.unseen = false
		m.several = m.several || m.sent > 0 && m.latest != frame
		m.latest = frame
	}
	m.sent += int64(sent)
	m.size += sent
	if n := len(m.fragments); pieces && sent > 0 && n < maxFragments && (n == 0 || m.fragments[n-1] != frame) {
		m.fragments = append(m.fragments, frame)
	}
}

// look sees whether the header ends behind from, and if what follows it matters:
// messages may lie in a message of several parts.
func (m *message) look(b *builder, from int) {
	end := 0
	if !bytes.HasPrefix(m.octets, []byte("\r\n")) {
		from = max(0, from-len("\r\n\r"))
		at := bytes.Index(m.octets[from:], []byte("\r\n\r\n"))
		if at < 0 {
			return
		}
		end = from + at + 2
	}
	m.headed = true
	if !b.brief && mayNest(m.octets[:end]) {
		whole := imf.Parse(m.octets[:end+2], imf.Limits{Depth: 1, Parts: 1, Header: maxMessage})
		if strings.HasPrefix(whole.Type, "multipart/") || strings.HasPrefix(whole.Type, "message/") {
			return
		}
	}
	m.enough, m.octets = true, m.octets[:end+2]
}

// mayNest says that messages may lie in the one with this header. It is wrong
// only where they don't.
func mayNest(head []byte) bool {
	for at := 0; ; at++ {
		n := bytes.IndexByte(head[at:], '/')
		if n < 0 {
			return false
		}
		at += n
		if endsIn(head[:at], "multipart") || endsIn(head[:at], "message") {
			return true
		}
	}
}

// endsIn says that a word may stand last, whatever its letters' case, also with
// line ends in it. What a letter beyond ASCII is to whoever reads it, it leaves open.
func endsIn(octets []byte, word string) bool {
	n := len(word)
	for i := len(octets) - 1; i >= 0 && n > 0; i-- {
		switch c := octets[i]; {
		case c >= utf8.RuneSelf:
			return true
		case c == '\r' || c == '\n':
		case c|0x20 == word[n-1]:
			n--
		default:
			return false
		}
	}
	return n == 0
}

// wants says that a message's octets are asked for.
func (m *message) wants(b *builder) bool { return b.mail && !m.enough && !m.full }

// dotted reads octets up to the final dot. Those that it makes are given where
// they are wanted.
func (b *builder) dotted(dot *text.Dot, src []byte, wanted bool) (out []byte, n int, done bool) {
	if !wanted {
		n, done = dot.Pass(src)
		return nil, n, done
	}
	out, n, done, _ = dot.Scan((*b.scratch)[:0], src)
	*b.scratch = out
	return out, n, done
}

// left counts octets that were not recorded.
func (m *message) left(b *builder, n int64) {
	if m.sent == 0 {
		m.began = b.moment()
	}
	m.sent += n
	m.size += int(n)
	m.full, m.unseen = true, true
}

// drop forgets the message.
func (m *message) drop() {
	if m.used != nil {
		*m.used -= cap(m.octets)
	}
	*m = message{}
}

// pieces tells in which frames it came, and how long it is.
func (m *message) pieces(b *builder, fragment, length field.ID) {
	for _, number := range m.fragments {
		b.generated(fragment, field.Uint(uint64(number)))
	}
	if m.size > 0 {
		b.generated(length, field.Uint(uint64(m.size)))
	}
}

// tell puts the message in, and forgets it. Without fragment and length it says
// nothing of how it came.
func (m *message) tell(b *builder, fragment, length field.ID) {
	if !b.mail {
		return
	}
	if fragment != 0 {
		m.pieces(b, fragment, length)
	}
	if m.size == 0 || len(m.octets) == 0 && !m.full {
		m.drop() // a dot alone, or what tshark counts to it, is no message
		return
	}
	if b.brief {
		*b.late = append(*b.late, m.octets) // until it is known whether the frame is let through
	} else {
		b.message(m.octets)
	}
	m.drop() // the octets stay with the tree
}

// message tells what a message says.
func (b *builder) message(octets []byte) {
	src := b.tree.Source(octets)
	b.headers = 0
	if all := (imf.Span{End: len(octets)}); !mayNest(octets) {
		b.one(octets, src, all, all)
		return
	}
	whole := imf.Parse(octets, imf.Limits{Depth: imf.Usual().Depth, Parts: imf.Usual().Parts, Header: maxMessage})
	b.part(octets, src, &whole, true)
}

// part tells of a message and of those that lie in it.
func (b *builder) part(octets []byte, src uint16, p *imf.Part, message bool) {
	if message {
		b.one(octets, src, imf.Span{Start: p.Head.Start, End: p.Body.End}, p.Head)
	}
	inside := p.Type == "message/rfc822" || p.Type == "message/global"
	for i := range p.Parts {
		b.part(octets, src, &p.Parts[i], inside)
	}
}

// one tells of a message without those in it. Its header is what at begins
// with. Lines in it that are no fields, such as the "From " of a mailbox file,
// are passed over: most readers do.
func (b *builder) one(octets []byte, src uint16, all, at imf.Span) {
	if b.want.Has(field.IMF) {
		n := all.End - all.Start
		b.tree.Add(field.Node{Def: field.Of(field.IMF), Val: field.Unit(all.Of(octets), n), Src: src, Off: uint32(all.Start), Len: uint32(n)})
	}
	whole := imf.Span{Start: at.Start, End: all.End}.Of(octets)
	s := b.header
	for range maxStrays {
		s.Reset()
		verdict := s.Scan(whole)
		if verdict == imf.More {
			verdict = s.Finish()
		}
		if verdict == imf.TooBig {
			return
		}
		b.fields(whole[:s.Len()], src, at.Start, s.Fields())
		if verdict != imf.Stray {
			return
		}
		line := bytes.IndexByte(whole[s.End():], '\n')
		if line < 0 {
			return
		}
		at.Start += s.End() + line + 1
		whole = whole[s.End()+line+1:]
	}
}

// fields tells of a header's fields. It begins at from.
func (b *builder) fields(head []byte, src uint16, from int, fields []imf.Field) {
	fields = fields[:min(len(fields), maxHeaders-b.headers)]
	b.headers += len(fields)
	for _, f := range fields {
		value, off := bare(head, int(f.Value), int(f.End))
		where := place{src, from + off, len(value)}
		id := headerField(f.Name(head))
		if id == 0 {
			name := f.Name(head)
			b.add(field.IMFExtensionType, field.Octets(name), place{src, from + int(f.Start), len(name)})
			b.add(field.IMFExtensionValue, field.Octets(value), where)
			continue
		}
		b.add(id, field.Octets(value), where)
		if id == field.IMFContentType {
			kind, _, more := bytes.Cut(value, []byte(";"))
			b.add(field.IMFContentTypeType, field.Octets(kind), where.part(0, len(kind)))
			if more {
				where.n -= len(kind) + 1
				b.add(field.IMFContentTypeParameters, field.Octets(value[len(kind)+1:]), place{src, where.off + len(kind) + 1, where.n})
			}
		}
	}
}

// bare is a value without the blanks before it and the line end behind it;
// folds stay, but for those before it. A value of blanks alone keeps them.
func bare(head []byte, from, to int) (value []byte, off int) {
	value = bytes.TrimSuffix(head[from:to], []byte("\n"))
	value = bytes.TrimSuffix(value, []byte("\r"))
	if behind := bytes.TrimLeft(value, " \t\r\n"); len(behind) > 0 {
		return behind, from + len(value) - len(behind)
	}
	return value, from
}

// longestHeader is the longest of headerField's names.
const longestHeader = len("x-authentication-warning")

// headerField is the field of a header field's name, 0 for those that have
// none of their own.
func headerField(name []byte) field.ID {
	var low [longestHeader]byte
	if len(name) > longestHeader {
		return 0
	}
	for i, c := range name {
		if low[i] = c; c >= 'A' && c <= 'Z' {
			low[i] += 'a' - 'A'
		}
	}
	name = low[:len(name)]
	switch string(name) {
	case "date":
		return field.IMFDate
	case "from":
		return field.IMFFrom
	case "sender":
		return field.IMFSender
	case "reply-to":
		return field.IMFReplyTo
	case "to":
		return field.IMFTo
	case "cc":
		return field.IMFCc
	case "bcc":
		return field.IMFBcc
	case "message-id":
		return field.IMFMessageID
	case "in-reply-to":
		return field.IMFInReplyTo
	case "references":
		return field.IMFReferences
	case "subject":
		return field.IMFSubject
	case "comments":
		return field.IMFComments
	case "keywords":
		return field.IMFKeywords
	case "user-agent":
		return field.IMFUserAgent
	case "return-path":
		return field.IMFReturnPath
	case "received":
		return field.IMFReceived
	case "content-type":
		return field.IMFContentType
	case "content-id":
		return field.IMFContentID
	case "content-description":
		return field.IMFContentDescription
	case "content-transfer-encoding":
		return field.IMFContentTransferEncoding
	case "mime-version":
		return field.IMFMIMEVersion
	}
	return resentField(name)
}

// resentField are those of a message that was sent again, and those that
// programs have added.
func resentField(name []byte) field.ID {
	switch string(name) {
	case "resent-date":
		return field.IMFResentDate
	case "resent-from":
		return field.IMFResentFrom
	case "resent-sender":
		return field.IMFResentSender
	case "resent-to":
		return field.IMFResentTo
	case "resent-cc":
		return field.IMFResentCc
	case "resent-bcc":
		return field.IMFResentBcc
	case "resent-message-id":
		return field.IMFResentMessageID
	case "delivered-to":
		return field.IMFDeliveredTo
	case "x-mailer":
		return field.IMFExtMailer
	case "x-mimeole":
		return field.IMFExtMimeole
	case "importance":
		return field.IMFImportance
	case "thread-index":
		return field.IMFThreadIndex
	case "content-language":
		return field.IMFContentLanguage
	}
	return 0
}
