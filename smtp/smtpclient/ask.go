package smtpclient

import (
	"bytes"
	"errors"
	"time"

	"posta/smtp"
	"posta/wire"
)

const (
	// maxLine is the longest line of a reply that is read, in octets. Servers
	// exceed RFC 5321's 512 in what they tell people.
	maxLine = 8 << 10
	// maxReply is the longest reply, in octets.
	maxReply = 128 << 10
)

// say writes a command and sends nothing yet.
func (c *Client) say(v smtp.Verb, arg string) {
	line := v.String()
	if arg != "" {
		line += " " + arg
	}
	c.conn.Reply(line + "\r\n")
}

// ask sends a command and waits for its reply. What is there before it was sent
// is no answer to it: a reply too many would shift all that follow.
func (c *Client) ask(v smtp.Verb, arg string) (smtp.Reply, error) {
	if err := c.quiet(c.conn.Pending()); err != nil {
		return smtp.Reply{}, err
	}
	c.say(v, arg)
	return c.reply(v, c.o.Times.Command)
}

// quiet is an error where the server has spoken without being asked: a 421 takes
// leave (RFC 5321 §3.8), anything else is out of step.
func (c *Client) quiet(spoke bool) error {
	if !spoke {
		return nil
	}
	r, err := c.reply(smtp.Unknown, c.o.Times.Quit)
	if err == nil && r.Code != closing {
		err = c.strange(smtp.Unknown, r)
	}
	if err == nil {
		c.over = true
		err = &Refusal{Verb: smtp.Unknown, Reply: r}
	}
	return err
}

// spoke says that the server speaks although it was not asked. Through TLS only
// what came already is seen: looking there takes a moment.
func (c *Client) spoke() bool {
	_, secure := c.conn.TLS()
	return c.conn.Pending() || !secure && c.conn.Arrived(0)
}

// reply sends what waits and reads the reply to a command. What the server said
// before the connection broke is read all the same: it says why.
func (c *Client) reply(v smtp.Verb, wait time.Duration) (smtp.Reply, error) {
	return c.replyHiding(v, wait, nil)
}

// replyHiding is reply; hide says whether what is behind a code is a secret.
func (c *Client) replyHiding(v smtp.Verb, wait time.Duration, hide func(line []byte) bool) (smtp.Reply, error) {
	c.conn.SetIdle(wait)
	due := time.Now().Add(wait)
	if !c.limit.IsZero() && c.limit.Before(due) {
		due = c.limit
	}
	c.conn.SetDue(due)
	defer c.conn.SetDue(time.Time{})
	sent := c.conn.Flush()
	var reading smtp.ReplyReader
	for left := maxReply; ; {
		line, err := c.conn.Line(maxLine)
		if err != nil {
			switch {
			case sent != nil:
				err = sent
			case errors.Is(err, wire.ErrLineTooLong), errors.Is(err, wire.ErrBareEnd):
				err = nonsense(err)
			}
			return smtp.Reply{}, c.lost(v, err)
		}
		if hide != nil && hide(line) && len(line) > 4 {
			c.conn.Mask(4, len(line)-4)
		}
		left -= len(line)
		r, done, err := reading.Line(string(line))
		switch {
		case err != nil && v == smtp.Unknown && (bytes.HasPrefix(line, []byte("+OK")) || bytes.HasPrefix(line, []byte("-ERR"))):
			return r, c.lost(v, nonsense(ErrPOP3))
		case err != nil:
			return r, c.lost(v, nonsense(err))
		case left < 0:
			return r, c.lost(v, nonsense(errEndless))
		case done:
			return r, nil
		}
	}
}
