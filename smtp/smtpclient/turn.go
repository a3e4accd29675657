package smtpclient

import (
	"context"
	"strings"
	"time"

	"posta/smtp"
	"posta/wire"
)

// turnWait is how long the answer to ATRN may take at least, for the provider
// looks through its queue (RFC 2645 §5.2.1).
const turnWait = 10 * time.Minute

// Etrn asks for what waits for a node to be sent, on another connection
// (RFC 1985 §5.1). The reply says how much that is, where the server does.
func (c *Client) Etrn(ctx context.Context, node string) (smtp.Reply, error) {
	defer c.heed(ctx)()
	r, err := c.ask(smtp.ETRN, node)
	if err == nil {
		err = c.judge(smtp.ETRN, r)
	}
	return r, err
}

// Atrn asks to change sides and for the mail of domains, or of all that the
// log-in may have where none is named (RFC 2645 §5.2.1). What it gives is the
// connection, on which the peer asks now and waits for a greeting; the Client is
// of no more use. A turned connection lasts at most whole, where that is not 0.
func (c *Client) Atrn(ctx context.Context, domains []string, whole time.Duration) (*wire.Conn, error) {
	return c.turn(ctx, smtp.ATRN, strings.Join(domains, ","), whole)
}

// Turn asks to change sides (RFC 821 §3.8). What it gives is as Atrn gives it.
func (c *Client) Turn(ctx context.Context, whole time.Duration) (*wire.Conn, error) {
	return c.turn(ctx, smtp.TURN, "", whole)
}

func (c *Client) turn(ctx context.Context, v smtp.Verb, arg string, whole time.Duration) (*wire.Conn, error) {
	defer c.heed(ctx)()
	if err := c.quiet(c.conn.Pending()); err != nil {
		return nil, err
	}
	c.say(v, arg)
	r, err := c.reply(v, max(c.o.Times.Command, turnWait))
	if err == nil && r.Code != 250 && r.Class() == 2 {
		err = c.strange(v, r)
	}
	if err == nil {
		err = c.judge(v, r)
	}
	if err != nil {
		return nil, err
	}
	c.over = true
	return c.conn, c.conn.Turn(whole)
}
