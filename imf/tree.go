package imf

import (
	"bytes"
	"mime"
	"strings"
)

// Limits bound the work on a message's parts. What lies beyond them is left
// unread as octets of the part around it; nothing is refused.
type Limits struct {
	Depth  int // multiparts and messages within each other
	Parts  int // parts in all
	Header int // octets of one part's header
}

// Usual limits: more than any program writes, little enough to be quick.
func Usual() Limits { return Limits{Depth: 20, Parts: 1000, Header: 256 << 10} }

// Span is a range of octets of the message.
type Span struct{ Start, End int }

// Of gives the octets.
func (s Span) Of(msg []byte) []byte { return msg[s.Start:s.End] }

// Part is a message or a part of one (RFC 2046 §5.1).
type Part struct {
	Head     Span   // the fields and the empty line
	Body     Span   // behind it, up to the line end before the next delimiter
	Type     string // "text/plain", in lower case
	Params   map[string]string
	Encoding string // Content-Transfer-Encoding in lower case, "" for none
	Attached bool   // its Content-Disposition is not to be shown with the text (RFC 2183 §2.2)
	Name     string // of the file, decoded; "" where it has none
	Parts    []Part // of a multipart, or the one message of a message/rfc822
	Cut      bool   // a limit left parts unread here
}

// Parse reads the tree of a whole message's parts. Spans count in msg.
func Parse(msg []byte, lim Limits) Part {
	p := parser{msg: msg, lim: lim, left: lim.Parts}
	return p.part(Span{0, len(msg)}, "text/plain", 0)
}

type parser struct {
	msg  []byte
	lim  Limits
	left int // parts that may still be made
}

// part reads the part that fills at. kind is its type without Content-Type.
func (p *parser) part(at Span, kind string, depth int) Part {
	p.left--
	raw := at.Of(p.msg)
	s := Scanner{Max: p.lim.Header}
	if s.Scan(raw) == More {
		s.Finish()
	}
	head := s.Len()
	out := Part{Head: Span{at.Start, at.Start + head}, Body: Span{at.Start + head, at.End}, Type: kind}
	named := ""
	for _, f := range s.Fields() {
		switch f.Kind {
		case ContentType:
			out.Type, out.Params = mediaType(f.Text(raw), kind)
			named = fileName(f.Text(raw), "name")
		case ContentEncoding:
			out.Encoding = mechanism(f.Text(raw))
		case ContentDisposition:
			out.Attached, out.Name = isAttached(f.Text(raw)), fileName(f.Text(raw), "filename")
		}
	}
	if out.Name == "" {
		out.Name = named
	}
	multi := strings.HasPrefix(out.Type, "multipart/")
	nested := (out.Type == "message/rfc822" || out.Type == "message/global") && isIdentity(out.Encoding)
	switch {
	case !multi && !nested:
	case depth >= p.lim.Depth || p.left <= 0:
		out.Cut = true
	case nested:
		out.Parts = []Part{p.part(out.Body, "text/plain", depth+1)}
	default:
		p.split(&out, depth)
	}
	return out
}

// mediaType reads a Content-Type. What cannot be read counts as RFC 2045 §5.2
// says, as if it were absent.
func mediaType(text, kind string) (string, map[string]string) {
	t, params, err := mime.ParseMediaType(text)
	if err != nil && t == "" || !strings.Contains(t, "/") {
		return kind, nil
	}
	return t, params
}

// mechanism is a Content-Transfer-Encoding without what some programs write
// behind it.
func mechanism(text string) string {
	if i := strings.IndexAny(text, " \t;("); i >= 0 {
		text = text[:i]
	}
	return strings.ToLower(text)
}

func isIdentity(encoding string) bool {
	return encoding == "" || encoding == "7bit" || encoding == "8bit" || encoding == "binary"
}

// split finds the parts of a multipart (RFC 2046 §5.1.1).
func (p *parser) split(out *Part, depth int) {
	boundary := out.Params["boundary"]
	if boundary == "" || len(boundary) > 256 {
		return
	}
	kind := "text/plain"
	if out.Type == "multipart/digest" {
		kind = "message/rfc822" // RFC 2046 §5.1.5
	}
	start := -1 // of the part being read; none before the first delimiter
	for at := out.Body.Start; at < out.Body.End; {
		line := p.msg[at:out.Body.End]
		next := at + len(line)
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i+1], at+i+1
		}
		if is, last := delimits(line, boundary); is {
			if start >= 0 && !p.child(out, Span{start, p.lineEnd(start, at)}, kind, depth) {
				return
			}
			start = next
			if last {
				return
			}
		}
		at = next
	}
	if start >= 0 {
		p.child(out, Span{start, out.Body.End}, kind, depth)
	}
}

// child reads one part, unless there are too many.
func (p *parser) child(out *Part, at Span, kind string, depth int) bool {
	if p.left <= 0 {
		out.Cut = true
		return false
	}
	out.Parts = append(out.Parts, p.part(at, kind, depth+1))
	return true
}

// lineEnd steps back over the line end that belongs to the delimiter at at.
func (p *parser) lineEnd(start, at int) int {
	if at > start && p.msg[at-1] == '\n' {
		at--
		if at > start && p.msg[at-1] == '\r' {
			at--
		}
	}
	return at
}

// delimits says whether the line is a delimiter, and the closing one.
func delimits(line []byte, boundary string) (is, last bool) {
	rest, ok := bytes.CutPrefix(line, []byte("--"))
	if !ok || len(rest) < len(boundary) || string(rest[:len(boundary)]) != boundary {
		return false, false
	}
	rest = rest[len(boundary):]
	rest, last = bytes.CutPrefix(rest, []byte("--"))
	return len(bytes.TrimRight(rest, " \t\r\n")) == 0, last
}
