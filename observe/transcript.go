package observe

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"posta/event"
)

// What a Line of a transcript is.
const (
	LineCommand = "command"
	LineReply   = "reply"
	LineBody    = "body" // octets of messages, only counted
	LineNote    = "note" // what posta remarked
	LineGap     = "gap"  // lines or octets that were not kept
)

// Line is one line of a transcript, fit to be printed: control characters and
// octets that are no UTF-8 stand as \x1b.
type Line struct {
	Time time.Time `json:"time"`
	Kind string    `json:"kind"`
	From string    `json:"from,omitempty"` // "dialer" or "listener"
	Text string    `json:"text"`
}

// Transcript is a session and what was said in it.
type Transcript struct {
	Session
	Lines []Line `json:"lines"`
}

// String writes the transcript as it is read aloud, a line each.
func (t *Transcript) String() string {
	var b strings.Builder
	for _, l := range t.Lines {
		who := "   "
		switch l.Kind {
		case LineCommand:
			who = "C: "
		case LineReply:
			who = "S: "
		case LineBody: // who dialed may be the server by now (ATRN)
			if who = "C: "; t.Protocol == "pop3" {
				who = "S: "
			}
		}
		fmt.Fprintf(&b, "%s %s%s\n", l.Time.Format("15:04:05.000"), who, l.Text)
	}
	return b.String()
}

// kinds are the kinds as kept: one octet, the direction in the high bit.
const (
	kindCommand = iota
	kindReply
	kindBody
	kindNote
	fromListener = 0x80
)

// script keeps the lines of one session, packed: its first ones for ever, of
// the later ones the newest. A line is its kind, the microseconds since the
// session began, and its text's length and octets.
type script struct {
	head, tail []byte
	full       bool // head has no more room
	dropped    int  // lines that were there
}

// add packs a line. The head takes a quarter of the bound, the tail the rest.
func (s *script) add(kind byte, since time.Duration, text []byte, bound int) {
	var rec [24]byte
	h := append(rec[:0], kind)
	h = binary.AppendUvarint(h, uint64(max(since.Microseconds(), 0)))
	h = binary.AppendUvarint(h, uint64(len(text)))
	if !s.full && len(s.head)+len(h)+len(text) <= bound/4 {
		s.head = append(append(s.head, h...), text...)
		return
	}
	s.full = true
	if len(s.tail)+len(h)+len(text) > bound-bound/4 {
		s.shrink((bound - bound/4) / 2)
	}
	s.tail = append(append(s.tail, h...), text...)
}

// shrink drops the oldest lines of the tail until it is no longer than keep.
func (s *script) shrink(keep int) {
	from := 0
	for len(s.tail)-from > keep {
		_, _, _, n := unpack(s.tail[from:])
		from += n
		s.dropped++
	}
	s.tail = s.tail[:copy(s.tail, s.tail[from:])]
}

// cost is the memory that the script holds.
func (s *script) cost() int { return cap(s.head) + cap(s.tail) }

// lines unpacks the script.
func (s *script) lines(began time.Time) []Line {
	var out []Line
	for rest := s.head; len(rest) > 0; {
		l, n := lineOf(rest, began)
		out, rest = append(out, l), rest[n:]
	}
	for i, rest := 0, s.tail; len(rest) > 0; i++ {
		l, n := lineOf(rest, began)
		if i == 0 && s.dropped > 0 {
			out = append(out, Line{Time: l.Time, Kind: LineGap, Text: fmt.Sprintf("[%d lines not kept]", s.dropped)})
		}
		out, rest = append(out, l), rest[n:]
	}
	return out
}

func lineOf(rec []byte, began time.Time) (Line, int) {
	kind, since, text, n := unpack(rec)
	l := Line{Time: began.Add(since), Text: printable(text), From: "dialer"}
	if kind&fromListener != 0 {
		l.From = "listener"
	}
	switch kind &^ fromListener {
	case kindCommand:
		l.Kind = LineCommand
	case kindReply:
		l.Kind = LineReply
	case kindBody:
		l.Kind = LineBody
	default:
		l.Kind, l.From = LineNote, ""
	}
	return l, n
}

func unpack(rec []byte) (kind byte, since time.Duration, text []byte, n int) {
	micro, a := binary.Uvarint(rec[1:])
	size, b := binary.Uvarint(rec[1+a:])
	start := 1 + a + b
	n = start + int(size)
	return rec[0], time.Duration(micro) * time.Microsecond, rec[start:n], n
}

// printable writes what a terminal might obey, or cannot show, as escapes.
func printable(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.Write(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// assembly joins the octets of one direction into lines.
type assembly struct {
	line   []byte
	at     time.Time // of the line's first octet
	said   time.Time // of its first octet that is not telnet's; zero: there is none
	part   event.Part
	begun  bool
	cut    bool // the line was longer than maxLine
	masked bool // the line so far ends in a mask
	chunk  bool // the last line was a BDAT: its octets come in one go
	body   int64
	dot    int64     // of them those of the line that ends the message
	first  time.Time // of body's first octets, or of what was remarked since
	last   time.Time // of its last
}

// maxLine bounds a line as kept; the rest is left out.
const maxLine = 1024

// put adds octets; secret ones become one mask.
func (a *assembly) put(p []byte, secret bool) {
	switch {
	case len(p) == 0:
	case secret && a.masked:
	case secret:
		a.line = append(a.line, event.Masked...)
		a.masked = true
	default:
		a.masked = false
		if left := maxLine - len(a.line); len(p) > left {
			p, a.cut = p[:max(left, 0)], true
		}
		a.line = append(a.line, p...)
	}
}

// take gives the line without its end, and starts a new one.
func (a *assembly) take() []byte {
	line := a.line
	if n := len(line); n > 0 && line[n-1] == '\r' && !a.cut {
		line = line[:n-1]
	}
	if a.cut {
		line = append(line, "…"...)
	}
	a.begun, a.cut, a.masked, a.said = false, false, false, time.Time{}
	if cap(a.line) > 256 {
		a.line = nil
	} else {
		a.line = a.line[:0]
	}
	return line
}
