package pop3server

import (
	"bytes"
	"context"

	"posta/pop3"
	"posta/store"
)

// top sends a message's header, the empty line, and the first lines of its
// body (RFC 1939 §7), and reads no further than that.
func (s *session) top(ctx context.Context, cmd pop3.Command) {
	m := s.message(&cmd)
	if m == nil || !s.readable(&cmd, m) {
		return
	}
	p := s.parcel(ctx, m)
	p.first = "+OK Top of message follows\r\n"
	p.cut = &cutter{lines: cmd.Lines}
	var next []store.Entry
	if m.size <= store.Pooled { // of larger ones most would be read in vain
		next = s.box.next(cmd.Message)
	}
	s.send(&cmd, p, next)
}

// cutter finds where TOP ends. It takes the message in pieces of any size.
type cutter struct {
	lines int64 // of the body still to come
	body  bool  // the empty line has passed
	col   int   // octets of the line so far
	cr    bool  // the last of them is CR
}

// take says how many octets of p belong to the answer, and whether that is
// where it ends.
func (c *cutter) take(p []byte) (n int, enough bool) {
	for i := 0; i < len(p); {
		if c.body && c.lines == 0 {
			return i, true
		}
		j := bytes.IndexByte(p[i:], '\n')
		if j < 0 {
			c.col += len(p) - i
			c.cr = p[len(p)-1] == '\r'
			return len(p), false
		}
		c.line(c.col+j, j > 0 && p[i+j-1] == '\r' || j == 0 && c.cr)
		i += j + 1
	}
	return len(p), c.body && c.lines == 0
}

// line notes an LF after n octets of a line; whole says that CR stands before
// it, so that the line ends here.
func (c *cutter) line(n int, whole bool) {
	c.cr = false
	if !whole {
		c.col = n + 1
		return
	}
	c.col = 0
	if c.body {
		c.lines--
	} else {
		c.body = n == 1
	}
}
