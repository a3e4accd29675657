package imf

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// SevenBit is how a message can be put into seven bits for a server without
// 8BITMIME (RFC 6152 §3): text as quoted-printable, all else as base64 (RFC 2045
// §6), each part for itself, headers in encoded words (RFC 2047), and what is in
// seven bits as it is.
type SevenBit struct {
	Plain      bool // it is in seven bits as it is
	Signatures int  // DKIM-Signature fields in its header, which do not survive
	Unsigned   bool // set by whoever asks: Reader leaves them out

	lim   Limits
	parts []wide // in order, one for each single entity
}

// wide is what a part has beyond ASCII.
type wide struct {
	any   bool
	other bool // that is not UTF-8
}

// ErrWide is that a message cannot be put into seven bits without harm: what is
// beyond ASCII stands where a header has no words, as in an address, in what is
// signed or encrypted as a whole, or where no part is.
var ErrWide = errors.New("imf: the message cannot be put into seven bits")

// LookSevenBit reads a message to its end, and says how it can be put into seven
// bits, or ErrWide.
func LookSevenBit(r io.Reader, lim Limits) (*SevenBit, error) {
	s := &SevenBit{Plain: true, lim: lim}
	l := &look{s: s}
	w := newWalk(r, lim, l)
	for {
		switch err := w.step(); {
		case errors.Is(err, io.EOF) && l.harm:
			return nil, ErrWide
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return nil, err
		}
	}
}

// HasWideHeader reads a message, and says whether a header in it is beyond ASCII: its
// own, a part's, or that of a message within (RFC 6531 §3.6). Into what is signed or
// encrypted as a whole it does not look.
func HasWideHeader(r io.Reader, lim Limits) (bool, error) {
	l := &headers{}
	w := newWalk(r, lim, l)
	for {
		switch err := w.step(); {
		case l.wide || errors.Is(err, io.EOF):
			return l.wide, nil
		case err != nil:
			return false, err
		}
	}
}

// headers is the visitor that looks at headers alone.
type headers struct{ wide bool }

func (h *headers) begin(e *entity) error {
	h.wide = h.wide || !isASCII(e.head)
	return nil
}

func (*headers) octets([]byte) error  { return nil }
func (*headers) over() error          { return nil }
func (*headers) between([]byte) error { return nil }

// look is the visitor that finds out.
type look struct {
	s     *SevenBit
	role  role
	begun bool
	carry []byte // the begin of a character
	harm  bool
}

func (l *look) begin(e *entity) error {
	if !l.begun {
		for _, f := range e.fields {
			if f.Kind == DKIMSignature {
				l.s.Signatures++
			}
		}
	}
	l.begun, l.role = true, e.role
	if !isASCII(e.head) {
		l.s.Plain = false
		l.harm = l.harm || e.worded() == nil
	}
	if e.role == single {
		l.s.parts, l.carry = append(l.s.parts, wide{}), nil
	}
	return nil
}

// note says of octets that must not be beyond ASCII that they are.
func (l *look) note(p []byte) {
	if !isASCII(p) {
		l.harm, l.s.Plain = true, false
	}
}

func (l *look) octets(p []byte) error {
	if l.role != single {
		l.note(p)
		return nil
	}
	part := &l.s.parts[len(l.s.parts)-1]
	if len(l.carry) == 0 && isASCII(p) || part.other {
		part.any = part.any || !isASCII(p)
		return nil
	}
	part.any, l.s.Plain = true, false
	p = append(l.carry, p...)
	cut := len(p)
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if utf8.RuneStart(p[len(p)-n]) && !utf8.FullRune(p[len(p)-n:]) {
			cut = len(p) - n
		}
	}
	part.other = !utf8.Valid(p[:cut])
	l.carry = bytes.Clone(p[cut:])
	return nil
}

func (l *look) over() error {
	if l.role == single && len(l.carry) > 0 {
		l.s.parts[len(l.s.parts)-1].other = true
	}
	l.role, l.carry = opaque, nil
	return nil
}

func (l *look) between(p []byte) error {
	l.note(p)
	l.role = opaque
	return nil
}

// Reader gives the same message, read once more, in seven bits.
func (s *SevenBit) Reader(r io.Reader) io.Reader {
	n := &narrower{s: s}
	n.walk = newWalk(r, s.lim, n)
	return n
}

// narrower is the visitor that writes it.
type narrower struct {
	s     *SevenBit
	walk  *walk
	out   bytes.Buffer
	begun bool
	next  int            // part
	body  io.WriteCloser // of a part that is encoded; nil for others
	err   error
}

// Read implements io.Reader.
func (n *narrower) Read(p []byte) (int, error) {
	for n.out.Len() == 0 && n.err == nil {
		n.err = n.walk.step()
	}
	if n.out.Len() > 0 {
		return n.out.Read(p)
	}
	return 0, n.err
}

func (n *narrower) begin(e *entity) error {
	top := !n.begun
	n.begun = true
	if e = e.worded(); e == nil {
		return ErrWide // it is another message
	}
	relabel, label, add := false, "7bit", ""
	switch e.role {
	case composite:
		relabel = true
	case single:
		if n.next == len(n.s.parts) {
			return ErrWide // it is another message
		}
		part := n.s.parts[n.next]
		n.next++
		relabel = true
		if part.any || hasBinary(e) {
			label, n.body = n.encode(e.kind)
			add = missing(e, part)
		}
	}
	n.header(e, relabel, label, add, top && n.s.Unsigned)
	return nil
}

// encode begins a part that is encoded.
func (n *narrower) encode(kind string) (string, io.WriteCloser) {
	if strings.HasPrefix(kind, "text/") {
		return "quoted-printable", quotedprintable.NewWriter(&n.out)
	}
	return "base64", base64Lines(&n.out)
}

// hasBinary says that a part is said to have lines that no line is.
func hasBinary(e *entity) bool {
	for _, f := range e.fields {
		if f.Kind == ContentEncoding && mechanism(f.Text(e.head)) == "binary" {
			return true
		}
	}
	return false
}

// missing are the fields without which nobody would decode the part (RFC 2045
// §4, §6; RFC 1428 §3 has the name for a charset that nobody knows).
func missing(e *entity, part wide) (add string) {
	version, kind := !e.top, false
	for _, f := range e.fields {
		version, kind = version || f.Kind == MIMEVersion, kind || f.Kind == ContentType
	}
	if !version {
		add = "MIME-Version: 1.0\r\n"
	}
	switch {
	case kind, !strings.HasPrefix(e.kind, "text/"):
	case part.other:
		add += "Content-Type: text/plain; charset=unknown-8bit\r\n"
	default:
		add += "Content-Type: text/plain; charset=utf-8\r\n"
	}
	return add
}

// header writes a header with what has to change in it.
func (n *narrower) header(e *entity, relabel bool, label, add string, unsigned bool) {
	at, had := 0, false
	for _, f := range e.fields {
		encoding := f.Kind == ContentEncoding && relabel
		had = had || encoding
		if encoding || f.Kind == DKIMSignature && unsigned {
			n.out.Write(e.head[at:f.Start])
			at = int(f.End)
		}
	}
	n.out.Write(e.head[at:max(at, e.end)])
	if n.out.WriteString(add); had || n.body != nil {
		n.out.WriteString("Content-Transfer-Encoding: " + label + "\r\n")
	}
	n.out.Write(e.head[max(at, e.end):])
}

func (n *narrower) octets(p []byte) error {
	var err error
	if n.body != nil {
		_, err = n.body.Write(p)
	} else {
		n.out.Write(p)
	}
	return err
}

func (n *narrower) over() error {
	if n.body == nil {
		return nil
	}
	err := n.body.Close()
	n.body = nil
	return err
}

func (n *narrower) between(p []byte) error {
	n.out.Write(p)
	return nil
}

// base64Lines encodes in lines of 76 (RFC 2045 §6.8).
func base64Lines(w io.Writer) io.WriteCloser {
	return base64.NewEncoder(base64.StdEncoding, &lines{w: w})
}

// lines breaks what has no lines.
type lines struct {
	w  io.Writer
	at int
}

func (l *lines) Write(p []byte) (int, error) {
	const most = 76
	for rest := p; len(rest) > 0; {
		if l.at == most {
			if _, err := io.WriteString(l.w, "\r\n"); err != nil {
				return 0, err
			}
			l.at = 0
		}
		n := min(most-l.at, len(rest))
		if _, err := l.w.Write(rest[:n]); err != nil {
			return 0, err
		}
		l.at += n
		rest = rest[n:]
	}
	return len(p), nil
}
