package wire

import (
	"io"

	"posta/text"
)

// leastDrain is how much of refused data is read in any case.
const leastDrain = 64 << 20

// Dot reads mail data up to the final dot (RFC 5321 §4.5.2), undoes the
// stuffing, and writes it to w with CRLF line ends. It always drains to the
// end of the data: after ErrTooBig (more than max octets; 0: no limit),
// ErrBareEnd, or an error of w, the connection is in step with the peer. But a
// peer that sends more than eight times max, and than 64 MiB, of refused data
// gets ErrEndless. n counts the octets of content.
func (c *Conn) Dot(w io.Writer, max int64) (n int64, err error) {
	c.mail = true
	defer func() { c.mail = false }()
	if err := c.begin(); err != nil {
		return 0, err
	}
	d := text.Dot{LF: c.o.BareLF || c.asks, CR: c.asks, Uniform: c.o.Human, NUL: c.typed != nil, Seen: c.seen}
	b := body{w: w, max: max}
	for done := false; !done; {
		if err := c.more(); err != nil {
			return d.Size(), cut(err)
		}
		var k int
		if c.typed == nil {
			k, done = c.dotPiece(&d, &b)
		} else {
			k, done = c.typedPiece(&d, &b)
		}
		c.passMail(k, done)
		if (d.Bad() || b.refused()) && b.drained(k) {
			return d.Size(), ErrEndless
		}
	}
	if c.o.Human && d.Seen == text.LF && !c.noted.bareData {
		c.noted.bareData = true
		c.note("data ended by LF.LF: every line of the connection ended in a bare LF")
	}
	if c.o.BareLF && d.Odd() && !d.Bad() && !c.noted.bareData {
		c.noted.bareData = true
		c.note("bare LFs in the message were read as CRLF")
	}
	c.seen = d.Seen
	if c.typed != nil {
		c.edits = c.typed.Edits
	}
	c.lines.Reset()
	if d.Bad() {
		return d.Size(), ErrBareEnd
	}
	return d.Size(), b.result()
}

// dotPiece takes what is in the buffer; the memory for the content is held
// only for the moment.
func (c *Conn) dotPiece(d *text.Dot, b *body) (n int, done bool) {
	mem := c.o.Buffers.takeBig()
	defer c.o.Buffers.giveBig(mem)
	src := c.in.unread()
	src = src[:min(len(src), bigSize/2-1)] // a bare LF may become CRLF
	out, n, done, _ := d.Scan(mem[:0], src)
	b.put(out, d.Size())
	return n, done
}

// typedPiece is dotPiece for a person's keys: a line out of which anything was
// removed never ends the data.
func (c *Conn) typedPiece(d *text.Dot, b *body) (n int, done bool) {
	mem := c.o.Buffers.takeBig()
	defer c.o.Buffers.giveBig(mem)
	c.typed.Max = typedData
	dot := false
	for src := c.in.unread(); n < len(src) && !done; {
		k, end, full := c.typed.Scan(src[n:])
		n += k
		if end == 0 && !full {
			break
		}
		if c.typed.Spoiled() {
			d.Spoil()
			dot = dot || isDot(c.typed)
		}
		var out []byte
		out, _, done, _ = d.Scan(mem[:0], c.typed.Line())
		b.put(out, d.Size())
	}
	c.answer()
	c.noteDataEdits(dot)
	return n, done
}

// isDot says that a line is the dot that a person ends data with.
func isDot(t *text.Typed) bool {
	line, _ := text.TrimEnd(t.Line(), t.End())
	return string(line) == "."
}

// Chunk copies exactly n octets to w (RFC 3030 §2), and drains them even if w
// fails. A nil w only drains.
func (c *Conn) Chunk(w io.Writer, n int64) error {
	c.mail = true
	defer func() { c.mail = false }()
	if err := c.begin(); err != nil {
		return err
	}
	chunk := text.Chunk{Left: n}
	b := body{w: w}
	for chunk.Left > 0 {
		if err := c.more(); err != nil {
			return cut(err)
		}
		k, _ := chunk.Scan(c.in.unread())
		b.put(c.in.unread()[:k], 0)
		c.passMail(k, false)
	}
	c.lines.Reset()
	return b.result()
}

// more sees to it that something is in the buffer. Who fills the small buffer
// gets a big one: a peer that sends nothing must not hold one.
func (c *Conn) more() error {
	if c.in.r < c.in.w {
		return nil
	}
	if c.in.full {
		c.grow()
	}
	return c.fill()
}

// body is where content goes, until it is too much or its writer fails.
type body struct {
	w    io.Writer
	max  int64
	big  bool
	err  error
	rest int64 // octets read since it was refused
}

// put writes content; size is all of it so far.
func (b *body) put(p []byte, size int64) {
	b.big = b.big || b.max > 0 && size > b.max
	if b.w == nil || b.big || b.err != nil || len(p) == 0 {
		return
	}
	_, b.err = b.w.Write(p)
}

func (b *body) refused() bool { return b.big || b.err != nil }

// drained counts octets of refused data, and says that they are too many.
func (b *body) drained(n int) bool {
	b.rest += int64(n)
	return b.rest > max(8*b.max, leastDrain)
}

func (b *body) result() error {
	if b.big {
		return ErrTooBig
	}
	return b.err
}
