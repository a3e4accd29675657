package sign

import (
	"bytes"
	"errors"
	"hash"
	"strings"
)

// maxHeader bounds what is kept of a header, far above what a Room takes.
const maxHeader = 16 << 20

// canonical takes a message apart as it comes: it keeps the header, and hashes
// the body in the relaxed form (RFC 6376 §3.4.4). A lone CR or LF ends a line, as
// it will where the message is sent.
type canonical struct {
	sum    hash.Hash // of the body
	header []byte    // with LF as line ends, without the blank line
	ended  bool      // the header
	cr     bool      // a CR was last
	out    []byte    // of the body, on its way into sum

	blanks bool // before what follows
	ends   int  // of lines, which count only if something follows
	any    bool // there is something in the body
}

var errHeader = errors.New("sign: the header is longer than anybody takes")

func (c *canonical) write(p []byte) error {
	for i, b := range p {
		if c.ended {
			c.body(p[i:])
			return nil
		}
		c.head(b)
	}
	if len(c.header) > maxHeader {
		return errHeader
	}
	return nil
}

// head takes an octet of the header. Behind a CR the LF may still come, and is no
// line of its own then.
func (c *canonical) head(b byte) {
	was := c.cr
	c.cr = b == '\r'
	switch {
	case b == '\n' && was:
	case b == '\r' || b == '\n':
		if c.ended = len(c.header) == 0 || c.header[len(c.header)-1] == '\n'; !c.ended {
			c.header = append(c.header, '\n')
		}
	default:
		c.header = append(c.header, b)
	}
}

// piece is how much of a body is hashed at a time.
const piece = 4 << 10

func (c *canonical) body(p []byte) {
	for _, b := range p {
		was := c.cr
		c.cr = b == '\r'
		switch {
		case b == '\n' && was:
		case b == '\r' || b == '\n':
			c.blanks = false
			c.ends++
		case b == ' ' || b == '\t':
			c.blanks = true
		default:
			c.text(b)
		}
	}
	c.flush()
}

// text takes an octet that is no blank, behind the blanks and line ends before it.
func (c *canonical) text(b byte) {
	for ; c.ends > 0; c.ends-- {
		c.out = append(c.out, "\r\n"...)
		if len(c.out) >= piece {
			c.flush()
		}
	}
	if c.blanks {
		c.blanks = false
		c.out = append(c.out, ' ')
	}
	c.out, c.any = append(c.out, b), true
	if len(c.out) >= piece {
		c.flush()
	}
}

func (c *canonical) flush() {
	_, _ = c.sum.Write(c.out) // never fails
	c.out = c.out[:0]
}

// hashed is the hash of the body.
func (c *canonical) hashed() []byte {
	if c.any {
		c.out = append(c.out, "\r\n"...)
	}
	c.flush()
	return c.sum.Sum(nil)
}

// fields are the header's, the last first for each name, as signatures count them
// (RFC 6376 §5.4.2).
func (c *canonical) fields() map[string][]string {
	all := map[string][]string{}
	var field []byte
	keep := func() {
		if name, _, ok := bytes.Cut(field, []byte(":")); ok {
			key := strings.ToLower(strings.TrimSpace(string(name)))
			all[key] = append([]string{string(field)}, all[key]...)
		}
	}
	for line := range bytes.Lines(c.header) {
		if line[0] != ' ' && line[0] != '\t' {
			keep()
			field = nil
		}
		field = append(field, line...)
	}
	keep()
	return all
}

// relaxed is a field in the relaxed form (RFC 6376 §3.4.2), without its line end.
func relaxed(field string) string {
	name, value, _ := strings.Cut(field, ":")
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.Join(words, " ")
}
