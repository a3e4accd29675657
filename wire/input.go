package wire

import (
	"errors"
	"io"
	"os"
	"time"

	"posta/event"
	"posta/text"
)

// input is the read buffer: small, and swapped for a big one while much comes.
type input struct {
	buf, small []byte
	big        *[bigSize]byte // buf, if it is not small
	r, w       int            // buf[r:w] is unread
	full       bool           // the last read filled the buffer
	stamp      time.Time      // of the last read
	off        int64          // Text octets published
	err        error          // what the network said; it stays
}

func (in *input) unread() []byte { return in.buf[in.r:in.w] }

// begin starts a call that reads: it ends the loan of the last line.
func (c *Conn) begin() error {
	c.publish()
	in := &c.in
	if in.big != nil && in.w-in.r <= smallSize {
		n := copy(in.small, in.unread())
		c.o.Buffers.giveBig(in.big)
		in.buf, in.big, in.r, in.w = in.small, nil, 0, n
	}
	if c.down.Load() && !c.mail { // a message was let in with 354 already
		return ErrShutdown
	}
	return nil
}

// grow swaps the small buffer for a big one.
func (c *Conn) grow() {
	in := &c.in
	if in.big != nil {
		return
	}
	in.big = c.o.Buffers.takeBig()
	n := copy(in.big[:], in.unread())
	in.buf, in.r, in.w = in.big[:], 0, n
}

// fill reads from the network once, behind what is unread. It flushes first,
// so that no peer waits for a reply while posta waits for the peer.
func (c *Conn) fill() error {
	in := &c.in
	if in.err != nil {
		return in.err
	}
	_ = c.Flush() // the error is kept for the session's own Flush
	if in.r > 0 {
		in.w = copy(in.buf, in.unread())
		in.r = 0
	}
	if in.w == len(in.buf) {
		c.grow()
	}
	for range 100 {
		n, err := c.read(in.buf[in.w:], c.readDeadline())
		if n > 0 {
			in.w += n
			in.full = in.w == len(in.buf)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// read is the one place that reads. The deadline is set before Interrupt's
// flag is looked at, so that one of the two sees the other.
func (c *Conn) read(p []byte, deadline time.Time) (int, error) {
	if err := c.base.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	if c.down.Load() {
		return c.readLast(p, deadline)
	}
	n, err := c.nc.Read(p)
	c.in.stamp = time.Now()
	switch {
	case n > 0 || err == nil:
		return n, nil // an error will come again
	case c.down.Load() && errors.Is(err, os.ErrDeadlineExceeded):
		return c.readLast(p, deadline)
	}
	return 0, c.readError(err)
}

// readLast is read after Interrupt: only what belongs to a message under way.
func (c *Conn) readLast(p []byte, deadline time.Time) (int, error) {
	last := time.Unix(0, c.last.Load())
	if !deadline.IsZero() && deadline.Before(last) {
		last = deadline
	}
	for c.mail && time.Now().Before(last) {
		if err := c.base.SetReadDeadline(last); err != nil {
			return 0, err
		}
		n, err := c.nc.Read(p)
		c.in.stamp = time.Now()
		switch {
		case n > 0 || err == nil:
			return n, nil
		case !errors.Is(err, os.ErrDeadlineExceeded): // else Interrupt's own deadline may have come last
			return 0, c.readError(err)
		}
	}
	return 0, ErrShutdown
}

func (c *Conn) readError(err error) error {
	switch {
	case c.down.Load():
		return ErrShutdown
	case !errors.Is(err, os.ErrDeadlineExceeded):
		c.in.err = err
		return err
	case !c.end.IsZero() && !time.Now().Before(c.end):
		return ErrSessionTime
	}
	return ErrIdle
}

// readDeadline is the first of the moments that are set.
func (c *Conn) readDeadline() time.Time {
	first := c.end
	if c.o.Idle > 0 {
		first = sooner(first, time.Now().Add(c.o.Idle))
	}
	return sooner(first, c.due)
}

// sooner is the earlier of two moments, of which a zero one never comes.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// cut is the error of input that ends in the middle of something.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// passSecret consumes n octets of a line that nobody gets: the watchers learn at
// once how many they are.
func (c *Conn) passSecret(n int) {
	in := &c.in
	if n > 0 && c.em.Wants(event.Text, c.heard.line) {
		c.em.Octets(in.stamp, c.heard.dir, event.Text, c.heard.line, in.off, in.buf[in.r:in.r+n], []event.Span{{Len: n}})
	}
	in.off += int64(n)
	in.r += n
}

// passMail consumes n octets of a message; dot says that they end it. The
// watchers learn of them at once.
func (c *Conn) passMail(n int, dot bool) {
	in := &c.in
	if n > 0 && c.em.Wants(event.Text, event.Body) {
		c.em.Mail(in.stamp, c.heard.dir, in.off, in.buf[in.r:in.r+n], dot)
	}
	in.off += int64(n)
	in.r += n
}

// Arrived says that input is waiting in the buffer or on the network, without
// taking it: for refusing a peer that talks before the greeting. It waits at
// most d for it. A telnet client's negotiation alone is not talk: such clients
// begin with it as soon as they are connected.
func (c *Conn) Arrived(d time.Duration) bool {
	in := &c.in
	if c.begin() != nil {
		return false
	}
	if in.r == in.w && in.err == nil {
		in.r, in.w = 0, 0
		in.w = c.glance(d)
		in.full = in.w == len(in.buf)
	}
	return in.r < in.w && !text.OnlyNegotiation(in.unread())
}

// glance reads once and waits at most d. Where the system cannot be asked
// without waiting it waits a moment, because a deadline that has passed would
// hide what is there already.
func (c *Conn) glance(d time.Duration) int {
	if d <= 0 && c.secure == nil {
		if n, ok := readNow(c.base, c.in.buf); ok {
			c.in.stamp = time.Now()
			return n
		}
	}
	n, _ := c.read(c.in.buf, time.Now().Add(max(d, time.Millisecond)))
	return n
}
