package smtpclient

import (
	"bytes"
	"errors"
	"strconv"

	"posta/smtp"
	"posta/text"
)

// chunks sends the message with BDAT (RFC 3030 §2), a piece each. Each is answered
// before the next, so that a refusal costs no more than one. Line ends are made
// good here too: the server may hand the message on with DATA.
func (c *Client) chunks(m *Message, out *Outcome) error {
	var chunk bytes.Buffer
	lines := text.Normalizer{W: &chunk}
	to := c.paced()
	for {
		n, err := c.copy(&lines, m.Content)
		if err != nil {
			return c.broke(err, out)
		}
		last := n < piece
		if last {
			_ = lines.End() // a Buffer takes it
		}
		if err := c.chunk(to, chunk.Bytes(), last, out); last || err != nil {
			return err
		}
		chunk.Reset()
	}
}

func (c *Client) chunk(to *paced, octets []byte, last bool, out *Outcome) error {
	arg := strconv.Itoa(len(octets))
	if last {
		arg += " LAST"
	}
	if err := c.quiet(c.conn.Pending()); err != nil {
		return ofBody(err)
	}
	c.say(smtp.BDAT, arg)
	c.conn.SetIdle(c.o.Times.Block)
	if _, err := to.Write(octets); err != nil {
		return c.broke(err, out)
	}
	if last {
		out.Sent = true
		return c.unchunk(c.taken(smtp.BDAT, out))
	}
	r, err := c.reply(smtp.BDAT, c.o.Times.Block+c.o.Times.onTheWay(int64(len(octets))))
	if err == nil && r.Class() >= 4 {
		out.Done = r
	}
	if err == nil {
		err = c.judge(smtp.BDAT, r)
	}
	return c.unchunk(ofBody(err))
}

// unchunk lets a server that refused a chunk forget those before.
func (c *Client) unchunk(err error) error {
	if err == nil || c.over {
		return err
	}
	_, e := c.ask(smtp.RSET, "")
	return errors.Join(err, e)
}
