package wire

import (
	"bytes"

	"posta/event"
	"posta/text"
)

const (
	// longestDrain is how much of a too long line is read before the peer is
	// given up.
	longestDrain = 1 << 20
	// typedData is how much of a line of data is held for editing.
	typedData = 2 << 10
)

// Line reads one line, without its end. The octets are lent until the next
// call that reads. A line of more than max octets (its end counted; 32 KiB at
// most) is drained and gives ErrLineTooLong; one that holds a bare CR, ends in
// a bare LF or began after one gives ErrBareEnd where that is not allowed.
// NULs are passed on.
func (c *Conn) Line(max int) ([]byte, error) {
	if err := c.begin(); err != nil {
		return nil, err
	}
	max = min(max, bigSize)
	if c.typed != nil {
		return c.typedLine(max)
	}
	for scanned := 0; ; {
		if c.mayBeTyped() && text.IsNegotiation(c.in.unread()) {
			return c.startTyped(max)
		}
		n, end := c.lines.Scan(c.in.unread()[scanned:])
		scanned += n
		switch {
		case scanned > max || scanned == max && end == 0:
			return nil, c.drainLine(scanned, end)
		case end != 0:
			return c.took(scanned, end)
		case scanned > 0 && c.mayBeTyped() && !c.in.full:
			return c.startTyped(max) // the first line comes in pieces
		}
		if err := c.fill(); err != nil {
			if scanned > 0 {
				err = cut(err)
			}
			return nil, err
		}
	}
}

// Refused is how the line began that last gave ErrLineTooLong or ErrBareEnd: 16
// octets of it at most, lent until the next call that reads. It is for knowing
// browsers by.
func (c *Conn) Refused() []byte { return c.refuse.octets[:c.refuse.n] }

func (c *Conn) refused(line []byte) { c.refuse.n = copy(c.refuse.octets[:], line) }

// took ends a line that is n octets long.
func (c *Conn) took(n int, end text.Ends) ([]byte, error) {
	in := &c.in
	line := in.buf[in.r : in.r+n-end.Len()]
	c.lend(n, end)
	if c.lines.Bad() {
		c.Mask(0, n)
		c.refused(line)
		return nil, ErrBareEnd
	}
	return line, nil
}

// lend notes what the line is made of, for publish.
func (c *Conn) lend(n int, end text.Ends) {
	in := &c.in
	c.lent.from, c.lent.to, c.lent.end = in.r, in.r+n, end.Len()
	in.r += n
	c.begun = true
	c.seen |= end
	if end == text.LF && c.lines.LF && !c.noted.bare {
		c.noted.bare = true
		c.note("a line ended in a bare LF, read as CRLF")
	}
}

// drainLine reads a too long line to its end, in bounded memory.
func (c *Conn) drainLine(scanned int, end text.Ends) error {
	c.refused(c.in.unread()[:scanned])
	for drained := 0; ; {
		drained += scanned
		c.passSecret(scanned)
		switch {
		case end != 0:
			c.begun = true
			c.seen |= end
			return ErrLineTooLong
		case drained > longestDrain:
			return ErrEndless
		}
		if c.in.r == c.in.w {
			if err := c.fill(); err != nil {
				return cut(err)
			}
		}
		scanned, end = c.lines.Scan(c.in.unread())
	}
}

// mayBeTyped says that it is still open whether a person types: in the lab, in
// clear, before the first command is complete.
func (c *Conn) mayBeTyped() bool {
	return c.o.Human && !c.begun && c.typed == nil && c.secure == nil
}

// startTyped reads the connection as a person's keys from its first octet on.
func (c *Conn) startTyped(max int) ([]byte, error) {
	c.lines.Reset()
	c.typed = text.NewTyped(max)
	return c.typedLine(max)
}

// typedLine is Line for a person's keys. The octets that came stay in the
// buffer until they are published; they may be more than the line they make.
func (c *Conn) typedLine(max int) ([]byte, error) {
	in, t := &c.in, c.typed
	t.Max = max
	raw := min(2*max+smallSize, bigSize)
	for scanned, drained, over := 0, 0, false; ; {
		n, end, full := t.Scan(in.unread()[scanned:])
		scanned += n
		c.answer()
		if !over {
			over = full || len(t.Line()) > max || scanned > raw
			c.refused(t.Line())
		}
		if end != 0 {
			return c.tookTyped(scanned, end, over)
		}
		if over = over || scanned >= raw; over {
			drained += scanned
			c.passSecret(scanned)
			scanned = 0
		}
		if drained > longestDrain {
			return nil, ErrEndless
		}
		if full {
			continue
		}
		if err := c.fill(); err != nil {
			if rest := in.unread()[:scanned]; drained > 0 || len(rest) > 0 && string(rest) != "\n" { // LF: of the last CR NUL LF
				err = cut(err)
			}
			return nil, err
		}
	}
}

func (c *Conn) tookTyped(n int, end text.Ends, over bool) ([]byte, error) {
	line, bare := text.TrimEnd(c.typed.Line(), end)
	if !c.begun && c.typed.Telnet > 0 {
		c.note("%d telnet negotiation octets before the first command, refused with DONT and WONT and removed", c.typed.Telnet)
	}
	c.lend(n, end)
	c.lent.edited = c.typed.Edits > c.edits
	c.edits = c.typed.Edits
	late := n > len(c.typed.Line()) && c.in.buf[c.lent.from] == '\n' // of the line before, CR NUL LF
	c.lent.whole = c.typed.Removed() || late
	switch {
	case over:
		c.Mask(0, n)
		return nil, ErrLineTooLong
	case bare:
		c.Mask(0, n)
		return nil, ErrBareEnd
	}
	return line, nil
}

// noteEdited says how an edited line was read, unless some of it is secret,
// and hides what was taken back. It is called before the typed line's memory is
// used again.
func (c *Conn) noteEdited() {
	const most = 200 // octets of it
	switch l := &c.lent; {
	case !l.edited:
	case len(l.mask) > 0:
		c.note("the line was edited while it was typed")
	default:
		text.Erased(c.in.buf[l.from:l.to], func(off, n int) { l.mask = append(l.mask, event.Span{Off: off, Len: n}) })
		line, _ := text.TrimEnd(c.typed.Line(), c.typed.End())
		c.note("the line was edited while it was typed (what was erased is hidden); it was read as: %s", bytes.ToValidUTF8(line[:min(len(line), most)], []byte("?")))
	}
}

// noteDataEdits tells once that a message was edited, and once that a dot on
// an edited line was there: who typed it waits for an answer.
func (c *Conn) noteDataEdits(dot bool) {
	if c.typed.Edits > c.edits && !c.noted.dataEdits {
		c.noted.dataEdits = true
		c.note("lines of the message were edited while they were typed")
	}
	if dot && !c.noted.dot {
		c.noted.dot = true
		c.note("a dot on a line that was edited does not end the message")
	}
}

// answer puts the answers to telnet negotiation with what waits to be sent.
func (c *Conn) answer() {
	if a := c.typed.Answers(); len(a) > 0 {
		c.Reply(string(a))
	}
}
