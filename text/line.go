package text

import "bytes"

// Line finds where lines end. The zero Line is strict: only CRLF ends a good
// line (RFC 5321 §2.3.8). A bare LF ends a bad one, so that a peer that sends
// nothing else gets an answer; the line behind it is bad too, because nobody
// can tell which end the peer meant.
type Line struct {
	LF bool // a bare LF is as good as CRLF

	ended bool // the last Scan ended a line
	cr    bool // the last octet was a CR
	bad   bool
	tail  bool // the line that ended last ended in a bare LF
}

// Scan takes octets up to the end of the line; n of src belong to it. end is 0
// if src has no end.
func (l *Line) Scan(src []byte) (n int, end Ends) {
	if l.ended {
		l.ended, l.cr, l.bad, l.tail = false, false, l.tail, false
	}
	i := bytes.IndexByte(src, '\n')
	if i < 0 {
		l.inside(src)
		return len(src), 0
	}
	l.inside(src[:i])
	l.ended = true
	if l.cr {
		return i + 1, CRLF
	}
	if !l.LF {
		l.bad, l.tail = true, true
	}
	return i + 1, LF
}

// Bad says that the line that ended last held, ended in or came after a bare
// CR or LF.
func (l *Line) Bad() bool { return l.bad }

// Reset makes the next octet the first of a line.
func (l *Line) Reset() { *l = Line{LF: l.LF} }

// inside looks for CRs in octets before the line's LF.
func (l *Line) inside(src []byte) {
	if len(src) == 0 {
		return
	}
	if l.cr {
		l.bad = true
	}
	k := bytes.IndexByte(src, '\r')
	if k >= 0 && k < len(src)-1 {
		l.bad = true
	}
	l.cr = src[len(src)-1] == '\r'
}
