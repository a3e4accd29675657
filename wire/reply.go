package wire

import (
	"time"

	"posta/event"
)

const (
	shortestWrite = time.Minute     // how long a peer may leave its window closed, at least
	farewell      = 5 * time.Second // the same, for the last words after Interrupt and at Close
)

// Reply appends octets of a reply, or of a dialer's command, to the write
// buffer; nothing is sent before Flush, a full buffer, or a read that has to
// wait. Errors are kept for Flush.
func (c *Conn) Reply(s string) {
	if c.outErr != nil {
		return
	}
	b := c.room(len(s))
	r := b.add(c.said.line)
	b.buf = append(b.buf, s...)
	r.end = len(b.buf)
}

// Secret is Reply for octets that only the peer may see: a password, or what is
// made of one, as SCRAM's challenges. Line ends and a reply's code are not to be
// among them: who follows the dialogue needs them.
func (c *Conn) Secret(s string) {
	if c.outErr != nil || s == "" {
		return
	}
	b := c.room(len(s))
	b.looked = len(b.runs) // neither with what is before nor with what follows
	r := b.add(c.said.line)
	r.secret = true
	b.buf = append(b.buf, s...)
	r.end = len(b.buf)
	b.looked = len(b.runs)
}

// Write appends octets of a message body to the write buffer, unchanged; large
// ones go straight through. It lets a Conn be an io.Writer for RETR.
func (c *Conn) Write(p []byte) (int, error) {
	if c.outErr == nil && len(p) > 0 {
		c.write(p)
	}
	if c.outErr != nil {
		return 0, c.outErr
	}
	return len(p), nil
}

func (c *Conn) write(p []byte) {
	if len(p) >= outSize {
		if c.Flush() == nil {
			c.tellOut(run{part: event.Body}, p, nil)
			c.send(p)
		}
		return
	}
	b := c.room(len(p))
	r := b.add(event.Body)
	b.buf = append(b.buf, p...)
	r.end = len(b.buf)
}

// MailEnds tells the watchers that mail data ends with the octets that were
// written last. It is called before they are flushed.
func (c *Conn) MailEnds() {
	if b := c.out; b != nil && len(b.runs) > 0 {
		b.runs[len(b.runs)-1].dot = true
		b.looked = len(b.runs)
	}
}

// room gives the write buffer with room for n more octets. What is appended at
// once is never cut in two.
func (c *Conn) room(n int) *block {
	if c.out != nil && len(c.out.buf)+n > cap(c.out.buf) {
		_ = c.Flush() // kept in outErr
	}
	if c.out == nil {
		c.out = c.o.Buffers.takeOut()
	}
	return c.out
}

// Flush sends what is buffered.
func (c *Conn) Flush() error {
	c.publish()
	b := c.out
	if b == nil {
		return c.outErr
	}
	c.out = nil
	from := 0
	for _, r := range b.runs {
		p := b.buf[from:r.end]
		from = r.end
		var mask []event.Span
		if r.secret {
			mask = []event.Span{{Len: len(p)}}
		}
		c.tellOut(r, p, mask)
	}
	c.send(b.buf)
	c.o.Buffers.giveOut(b)
	return c.outErr
}

// tellOut publishes octets before they are sent: what a peer has seen, the
// watchers have.
func (c *Conn) tellOut(r run, p []byte, mask []event.Span) {
	switch {
	case !c.em.Wants(event.Text, r.part):
	case r.part == event.Body:
		c.em.Mail(time.Now(), c.said.dir, c.outOff, p, r.dot)
	default:
		c.em.Octets(time.Now(), c.said.dir, event.Text, r.part, c.outOff, p, mask)
	}
	c.outOff += int64(len(p))
}

// send is the one place that writes.
func (c *Conn) send(p []byte) {
	if c.outErr != nil {
		return
	}
	by := sooner(time.Now().Add(max(c.o.Idle, shortestWrite)), c.due)
	if err := c.base.SetWriteDeadline(by); err != nil {
		c.outErr = err
		return
	}
	if c.down.Load() || c.closed {
		_ = c.base.SetWriteDeadline(time.Now().Add(farewell))
	}
	_, c.outErr = c.nc.Write(p)
}
