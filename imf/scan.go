package imf

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Verdict is what a Scanner knows of the header so far.
type Verdict uint8

const (
	More   Verdict = iota // the header goes on
	Ended                 // an empty line ended it, or the message did
	Stray                 // a line that is no field and no fold ended it
	TooBig                // it is longer than Max
)

// maxLine is RFC 5322 §2.1.1's limit: a name longer than a line is no name.
const maxLine = 998

// Scanner finds the header of a message that is fed to it in pieces. Its
// findings are the same wherever the pieces are cut. A line ends at LF, with
// or without CR before it, because that is how most readers of mail see it.
// The zero Scanner with Max set is ready; Reset makes it ready again.
type Scanner struct {
	Max int // octets of header at most, its empty line counted

	verdict Verdict
	state   scanState
	off     int // octets scanned
	line    int // where the line being read began
	end     int // where the fields end
	length  int // end, and the empty line
	fields  []Field
	cur     Field // being read
	open    bool  // cur holds a field whose value may go on
	hops    int
	name    [longestName]byte
	nameLen int
	eight   bool // an octet above 127
	invalid bool // octets that are no UTF-8
	carry   [utf8.UTFMax]byte
	carried int
}

type scanState uint8

const (
	atLine  scanState = iota // before the first octet of a line
	atCR                     // behind a CR that began the line
	inName                   // in a name
	inGap                    // in blanks between name and colon (RFC 5322 §4.5)
	inValue                  // behind the colon, or in a folded line
)

// keepFields bounds what Reset keeps for the next message.
const keepFields = 256

// Reset forgets the message. Max stays.
func (s *Scanner) Reset() {
	fields := s.fields[:0]
	if cap(fields) > keepFields {
		fields = nil
	}
	*s = Scanner{Max: s.Max, fields: fields}
}

// Scan takes the next octets. Once the verdict is not More it stays, and
// nothing more is looked at.
func (s *Scanner) Scan(p []byte) Verdict {
	for len(p) > 0 && s.verdict == More {
		if s.off >= s.Max {
			s.verdict = TooBig
			break
		}
		room := p[:min(len(p), s.Max-s.off)]
		n := s.step(room)
		s.off += n
		p = p[n:]
	}
	return s.verdict
}

// Finish says that the message has ended, and gives the last verdict.
func (s *Scanner) Finish() Verdict {
	if s.verdict != More {
		return s.verdict
	}
	switch s.state {
	case atCR, inName, inGap:
		s.stray()
	default:
		s.closeField(s.off)
		s.finish(Ended, s.off, s.off)
	}
	return s.verdict
}

// Len is the header's length: its fields, and the empty line if there is one.
// It is known when the verdict is Ended or Stray.
func (s *Scanner) Len() int { return s.length }

// End is where the fields end: before the empty line, or where a Stray line
// begins.
func (s *Scanner) End() int { return s.end }

// Fields are the fields read so far, in order. They are lent until Reset.
func (s *Scanner) Fields() []Field { return s.fields }

// Hops counts the Received fields (RFC 5321 §6.3).
func (s *Scanner) Hops() int { return s.hops }

// Has says whether a field of this kind is there.
func (s *Scanner) Has(k Kind) bool {
	for i := range s.fields {
		if s.fields[i].Kind == k {
			return true
		}
	}
	return false
}

// EightBit says that a field's value has octets above 127.
func (s *Scanner) EightBit() bool { return s.eight }

// UTF8 says that it has, and that they are UTF-8 (RFC 6532 §3.1).
func (s *Scanner) UTF8() bool { return s.eight && !s.invalid && s.carried == 0 }

// step reads at least one octet of p and says how many.
func (s *Scanner) step(p []byte) int {
	switch s.state {
	case atLine:
		return s.begin(p[0])
	case atCR:
		if p[0] != '\n' {
			s.stray()
			return 0
		}
		s.finish(Ended, s.line, s.off+1)
		return 1
	case inName, inGap:
		return s.readName(p)
	}
	return s.readValue(p)
}

// begin looks at the first octet of a line.
func (s *Scanner) begin(c byte) int {
	s.line = s.off
	switch {
	case isBlank(c) && s.open:
		s.state = inValue
		return 1
	case c == '\r':
		s.closeField(s.off)
		s.state = atCR
		return 1
	case c == '\n':
		s.closeField(s.off)
		s.finish(Ended, s.off, s.off+1)
		return 1
	}
	s.closeField(s.off)
	s.cur = Field{Start: int32(s.off)}
	s.nameLen = 0
	s.state = inName
	return 0
}

// readName reads octets up to the colon (RFC 5322 §2.2: printable, no colon).
func (s *Scanner) readName(p []byte) int {
	for i, c := range p {
		at := s.off + i
		switch {
		case c == ':' && s.nameLen > 0:
			s.nameRead(at)
			return i + 1
		case at-s.line >= maxLine:
			s.stray()
			return i
		case isBlank(c) && s.nameLen > 0:
			if s.state == inName {
				s.cur.NameEnd = int32(at)
			}
			s.state = inGap
		case s.state == inGap || c <= ' ' || c >= 0x7f || c == ':':
			s.stray()
			return i
		default:
			if s.nameLen < len(s.name) {
				s.name[s.nameLen] = lower(c)
			}
			s.nameLen++
		}
	}
	return len(p)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// nameRead begins the value behind the colon at this offset.
func (s *Scanner) nameRead(colon int) {
	if s.state == inName {
		s.cur.NameEnd = int32(colon)
	}
	if s.nameLen <= len(s.name) {
		s.cur.Kind = kindOf(s.name[:s.nameLen])
	}
	s.cur.Value = int32(colon + 1)
	s.open = true
	s.state = inValue
}

// readValue reads to the end of the line.
func (s *Scanner) readValue(p []byte) int {
	n := len(p)
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		n = i + 1
		s.state = atLine
	}
	s.look(p[:n])
	return n
}

// look notes octets above 127, and whether they are UTF-8.
func (s *Scanner) look(p []byte) {
	if s.carried == 0 && isASCII(p) {
		return
	}
	s.eight = true
	for s.carried > 0 && len(p) > 0 {
		s.carry[s.carried] = p[0]
		s.carried++
		p = p[1:]
		if b := s.carry[:s.carried]; utf8.FullRune(b) {
			s.invalid = s.invalid || !utf8.Valid(b)
			s.carried = 0
		}
	}
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			if !utf8.FullRune(p) {
				s.carried = copy(s.carry[:], p)
				return
			}
			s.invalid = true
		}
		p = p[n:]
	}
}

func isASCII(p []byte) bool {
	for ; len(p) >= 8; p = p[8:] {
		if binary.LittleEndian.Uint64(p)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range p {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// closeField ends the field being read at this offset.
func (s *Scanner) closeField(at int) {
	if !s.open {
		return
	}
	s.open = false
	s.cur.End = int32(at)
	s.fields = append(s.fields, s.cur)
	if s.cur.Kind == Received {
		s.hops++
	}
}

func (s *Scanner) stray() { s.finish(Stray, s.line, s.line) }

func (s *Scanner) finish(v Verdict, end, length int) {
	s.verdict, s.end, s.length = v, end, length
}
