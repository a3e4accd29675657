package imf

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"strings"
)

// walk goes through a message that comes as a stream, line by line, and tells a
// visitor of its parts. It holds no more than a header and a line.
type walk struct {
	in     *bufio.Reader
	lim    Limits
	to     visitor
	levels []level // the multiparts around, the outermost first
	left   int     // parts that may still come

	head   []byte // of the entity whose header is being read
	inHead bool
	top    bool   // it is a message's, and no part's of a multipart
	kind   string // its type without Content-Type
	depth  int    // messages within each other
	middle bool   // the next octets are within a line
	eol    []byte // the last line's end: a delimiter's, if one follows
}

// level is a multipart.
type level struct {
	boundary string
	kind     string // of its parts without Content-Type
}

// entity is a message, or a part of one.
type entity struct {
	head   []byte // lent
	fields []Field
	end    int    // of the fields, before the empty line
	kind   string // "text/plain"
	role   role
	top    bool
}

// role is what becomes of what is behind a header.
type role uint8

const (
	opaque    role = iota // nobody may touch it, or nobody can read it
	composite             // parts, or a message
	single
)

// visitor is told what stands where, in order, of all octets.
type visitor interface {
	begin(e *entity) error  // a header, up to and with its empty line
	octets(p []byte) error  // of its body
	over() error            // the body's end
	between(p []byte) error // a delimiter, or the line end before it
}

// longestLine is as much of a line as is read at a time; no delimiter is longer.
const longestLine = 32 << 10

func newWalk(r io.Reader, lim Limits, to visitor) *walk {
	return &walk{in: bufio.NewReaderSize(r, longestLine), lim: lim, to: to, left: lim.Parts, inHead: true, top: true, kind: "text/plain"}
}

// step takes the next line, or a piece of one. io.EOF: that was all.
func (w *walk) step() error {
	line, err := w.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(line) > 0 {
		if err := w.line(line); err != nil {
			return err
		}
	}
	if err != nil { // io.EOF
		return cmp.Or(w.end(), err)
	}
	return nil
}

func (w *walk) line(line []byte) error {
	starts := !w.middle
	w.middle = line[len(line)-1] != '\n'
	if starts {
		for i := range w.levels {
			if is, last := delimits(line, w.levels[i].boundary); is {
				return w.delimiter(line, i, last)
			}
		}
	}
	if !w.inHead {
		return w.body(line)
	}
	w.head = append(w.head, line...)
	if blank := len(bytes.TrimRight(line, "\r\n")) == 0; starts && blank || len(w.head) > w.lim.Header {
		return w.begin()
	}
	return nil
}

// body passes octets on, and keeps a line end back.
func (w *walk) body(line []byte) error {
	if len(w.eol) > 0 {
		if err := w.to.octets(w.eol); err != nil {
			return err
		}
	}
	text := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if w.middle {
		text = line
	}
	w.eol = append(w.eol[:0], line[len(text):]...)
	if len(text) == 0 {
		return nil
	}
	return w.to.octets(text)
}

// close ends the entity that is being read.
func (w *walk) close() error {
	if w.inHead {
		if err := w.begin(); err != nil {
			return err
		}
		if w.inHead { // of a message in a message, which is not there
			if err := w.begin(); err != nil {
				return err
			}
		}
		w.inHead = false
	}
	return w.to.over()
}

func (w *walk) delimiter(line []byte, at int, last bool) error {
	if err := w.close(); err != nil {
		return err
	}
	eol := w.eol
	w.eol = nil
	if err := w.to.between(append(eol, line...)); err != nil {
		return err
	}
	l := w.levels[at]
	w.levels = w.levels[:at]
	if last {
		return w.to.begin(&entity{role: opaque}) // what follows is nobody's
	}
	w.levels = append(w.levels, l)
	w.inHead, w.top, w.kind, w.head, w.depth = true, false, l.kind, w.head[:0], 0
	return nil
}

func (w *walk) end() error {
	if !w.inHead && len(w.eol) > 0 {
		if err := w.to.octets(w.eol); err != nil {
			return err
		}
	}
	return w.close()
}

// begin reads the header that is complete.
func (w *walk) begin() error {
	s := Scanner{Max: w.lim.Header}
	if s.Scan(w.head) == More {
		s.Finish()
	}
	e := entity{head: w.head, fields: s.Fields(), end: s.End(), kind: w.kind, top: w.top}
	w.inHead, w.eol = false, nil
	w.left--
	if s.verdict != Ended || w.left < 0 {
		e.fields = nil
		return w.to.begin(&e)
	}
	var params map[string]string
	encoding := ""
	for _, f := range e.fields {
		switch f.Kind {
		case ContentType:
			e.kind, params = mediaType(f.Text(e.head), w.kind)
		case ContentEncoding:
			encoding = mechanism(f.Text(e.head))
		}
	}
	e.role = w.roleOf(&e, encoding, params["boundary"])
	if err := w.to.begin(&e); err != nil || e.role != composite {
		return err
	}
	if !strings.HasPrefix(e.kind, "multipart/") {
		w.inHead, w.top, w.kind, w.head = true, true, "text/plain", w.head[:0]
		w.depth++
		return nil
	}
	l := level{params["boundary"], "text/plain"}
	if e.kind == "multipart/digest" {
		l.kind = "message/rfc822" // RFC 2046 §5.1.5
	}
	w.levels = append(w.levels, l)
	return nil
}

// roleOf says whether a body may be looked into. What is signed as a whole may
// not change (RFC 1847 §2.1), what is encoded is seen to already.
func (w *walk) roleOf(e *entity, encoding, boundary string) role {
	deep := len(w.levels)+w.depth >= w.lim.Depth
	switch main, sub, _ := strings.Cut(e.kind, "/"); {
	case !isIdentity(encoding), sub == "signed" && main == "multipart", sub == "encrypted" && main == "multipart":
		return opaque
	case main == "multipart" && (boundary == "" || len(boundary) > 256 || deep):
		return opaque
	case main == "multipart":
		return composite
	case e.kind == "message/rfc822" && !deep:
		return composite
	case main == "message" && !strings.HasPrefix(sub, "global"): // those may be encoded (RFC 6532 §3.7, RFC 6533 §4.4)
		return opaque
	}
	return single
}
