package wire

import (
	"time"

	"posta/event"
	"posta/text"
)

// Turn changes the sides (RFC 821's TURN, RFC 2645's ATRN): who answered now
// asks, and the other way round; that the last command was answered and nothing
// else was said is the caller's to know. TLS stays. What the conversation before
// was allowed is gone: a person's typing, bare line ends. whole is how long the
// connection may last from now on; 0: forever.
//
// Octets that came already give ErrEarly: they were meant for the role that
// ends here, and the session must end.
func (c *Conn) Turn(whole time.Duration) error {
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.Flush(); err != nil {
		return err
	}
	if c.in.r < c.in.w {
		return ErrEarly
	}
	c.asks = !c.asks
	c.o.Human, c.o.BareLF = false, false
	c.typed, c.seen, c.begun = nil, 0, true
	c.lines = text.Line{LF: c.asks}
	c.heard.line, c.said.line = c.said.line, c.heard.line
	c.end = time.Time{}
	if whole > 0 {
		c.end = time.Now().Add(whole)
	}
	c.em.Fact(event.Turn, nil)
	return nil
}
