package smtpclient

import (
	"errors"
	"io"
	"strconv"

	"posta/smtp"
)

// chunkSize is how many octets one BDAT carries.
const chunkSize = 256 << 10

// chunks sends the message with BDAT (RFC 3030 §2). Each chunk is answered
// before the next, so that a refusal costs no more than one.
func (c *Client) chunks(m *Message, out *Outcome) error {
	piece := make([]byte, chunkSize)
	for {
		n, err := io.ReadFull(m.Content, piece)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return c.broke(err)
		}
		arg := strconv.Itoa(n)
		if last {
			arg += " LAST"
		}
		c.say(smtp.BDAT, arg)
		c.conn.SetIdle(c.o.Times.Block)
		if _, err := c.conn.Write(piece[:n]); err != nil {
			return c.broke(err)
		}
		wait := c.o.Times.Block
		if last {
			wait = c.o.Times.Done
		}
		r, err := c.reply(wait)
		switch {
		case err != nil:
			return err
		case r.Class() != 2:
			out.Done = r
			refusal := &Refusal{Verb: smtp.BDAT, Body: true, Reply: r}
			if _, err := c.ask(smtp.RSET, ""); err != nil { // the chunks before are still there
				return errors.Join(refusal, err)
			}
			return refusal
		case last:
			out.Done = r
			return nil
		}
	}
}
