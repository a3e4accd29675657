package smtpclient

import "time"

// A server that keeps to each of the times of RFC 5321 §4.5.3.2, but only just, could
// take days over a message. What follows bounds the whole.

// envelope is how long all answers up to the 354 may take; 0: forever.
func (t *Times) envelope(recipients int) time.Duration {
	if t.Recipient == 0 {
		return 0
	}
	return t.Mail + t.Rcpt + t.Data + time.Duration(recipients)*t.Recipient
}

// within bounds what is asked before done is called, however many answers it
// has; 0 does not.
func (c *Client) within(d time.Duration) (done func()) {
	before := c.limit
	if d > 0 {
		c.limit = time.Now().Add(d)
	}
	return func() { c.limit = before }
}

// paced writes a message to the server, and fails when that takes it too slowly.
type paced struct {
	c     *Client
	begun time.Time
	n     int64 // octets
}

func (c *Client) paced() *paced { return &paced{c: c, begun: time.Now()} }

func (p *paced) Write(octets []byte) (int, error) {
	p.n += int64(len(octets))
	if p.c.o.Times.Rate > 0 {
		p.c.conn.SetDue(p.due())
	}
	return p.c.conn.Write(octets)
}

// due is by when what was written so far must be taken.
func (p *paced) due() time.Time {
	t := &p.c.o.Times
	return p.begun.Add(t.Block + t.onTheWay(p.n))
}

// onTheWay is how long octets may take to pass, behind a first Block.
func (t *Times) onTheWay(n int64) time.Duration {
	if t.Rate == 0 {
		return 0
	}
	return time.Duration(n/t.Rate) * time.Second
}
