package smtpclient

import (
	"posta/smtp"
	"time"
)

// maxLine is the longest line of a reply that is read, in octets. Servers
// exceed RFC 5321's 512 in what they tell people.
const maxLine = 8 << 10

// say writes a command and sends nothing yet.
func (c *Client) say(v smtp.Verb, arg string) {
	line := v.String()
	if arg != "" {
		line += " " + arg
	}
	c.conn.Reply(line + "\r\n")
}

// ask sends a command and waits for its reply.
func (c *Client) ask(v smtp.Verb, arg string) (smtp.Reply, error) {
	c.say(v, arg)
	return c.reply(c.o.Times.Command)
}

// reply sends what waits and reads a reply. What the server said before the
// connection broke is read all the same: it says why.
func (c *Client) reply(wait time.Duration) (smtp.Reply, error) {
	return c.replyHiding(wait, nil)
}

// replyHiding is reply; hide says whether what is behind a code is a secret.
func (c *Client) replyHiding(wait time.Duration, hide func(line []byte) bool) (smtp.Reply, error) {
	c.conn.SetIdle(wait)
	sent := c.conn.Flush()
	var reading smtp.ReplyReader
	for {
		line, err := c.conn.Line(maxLine)
		if err != nil {
			if sent != nil {
				err = sent
			}
			return smtp.Reply{}, err
		}
		if hide != nil && hide(line) && len(line) > 4 {
			c.conn.Mask(4, len(line)-4)
		}
		r, done, err := reading.Line(string(line))
		if done || err != nil {
			return r, err
		}
	}
}
