package smtpclient

import (
	"context"
	"errors"
	"io"

	"posta/mail"
	"posta/smtp"
	"posta/text"
)

// Message is what Send hands over.
type Message struct {
	Envelope mail.Envelope    // Size is filled in, where the server wants to know it
	To       []mail.Recipient //
	Content  io.Reader        // lines that end in CRLF
	Size     int64            // octets of Content; -1 when not known
	Upto     smtp.Verb        // MAIL or RCPT: ask no further, as if to see who is refused. The transaction is reset
}

// Outcome is what became of a message that was sent.
type Outcome struct {
	Mail  smtp.Reply   // to MAIL
	To    []smtp.Reply // to each RCPT, in Message's order; a zero Reply where it was not asked
	Done  smtp.Reply   // to the message; a zero Reply where it was not sent
	NoDSN bool         // reports were wished for that the server cannot promise (RFC 3461 §5.2.2)
}

// Taken is how many recipients were accepted.
func (o *Outcome) Taken() int {
	n := 0
	for _, r := range o.To {
		if r.Class() == 2 {
			n++
		}
	}
	return n
}

// Send hands a message over. What the server cannot carry is refused before
// anything is asked: 8-bit content (552 there would be lies; RFC 6152 §3 asks
// for 5.6.3), addresses in UTF-8 (RFC 6531 §3.5), a message larger than SIZE
// says (RFC 1870 §6.1).
//
// The error is a *Refusal where no recipient, or the message, was refused as a
// whole; with no error, Outcome still says of each recipient what he was told.
func (c *Client) Send(ctx context.Context, m *Message) (Outcome, error) {
	defer c.heed(ctx)()
	var out Outcome
	if err := c.carries(m); err != nil {
		return out, err
	}
	out.NoDSN = wantsReports(m) && !c.offer.Extensions.Has(smtp.ExtDSN)
	err := c.envelope(m, &out)
	if err != nil || m.Upto != smtp.Unknown {
		return out, err
	}
	if c.chunked() {
		err = c.chunks(m, &out)
	} else {
		err = c.data(m, &out)
	}
	return out, err
}

// carries says why the server cannot take the message at all.
func (c *Client) carries(m *Message) error {
	has := c.offer.Extensions.Has
	utf8 := m.Envelope.UTF8 || !m.Envelope.From.IsASCII()
	for _, to := range m.To {
		utf8 = utf8 || !to.To.IsASCII()
	}
	switch {
	case len(m.To) == 0 && m.Upto != smtp.MAIL:
		return errors.New("smtpclient: a message without recipients")
	case utf8 && !has(smtp.ExtSMTPUTF8):
		return mail.Refuse(553, "5.6.7", "The server takes no addresses beyond ASCII")
	case m.Envelope.Body == mail.Body8BitMIME && !has(smtp.Ext8BitMIME):
		return mail.Refuse(554, "5.6.3", "The server takes no 8-bit messages")
	case has(smtp.ExtSize) && c.offer.MaxSize > 0 && m.Size > c.offer.MaxSize:
		return mail.Refuse(552, "5.3.4", "The message is larger than the server takes")
	}
	return nil
}

func wantsReports(m *Message) bool {
	wants := m.Envelope.Ret != mail.RetAbsent || m.Envelope.EnvID != ""
	for _, to := range m.To {
		wants = wants || to.Notify != 0 || to.Orcpt != ""
	}
	return wants
}

func (c *Client) chunked() bool { return c.o.Chunks && c.offer.Extensions.Has(smtp.ExtChunking) }

// envelope says who sends and to whom: in one group where the server has
// PIPELINING (RFC 2920), which DATA then ends.
func (c *Client) envelope(m *Message, out *Outcome) error {
	env := m.Envelope
	env.Size = max(m.Size, 0)
	env.UTF8 = env.UTF8 || !env.From.IsASCII()
	for _, to := range m.To {
		env.UTF8 = env.UTF8 || !to.To.IsASCII()
	}
	out.To = make([]smtp.Reply, len(m.To))
	if !c.pipelines() {
		return c.oneByOne(m, env, out)
	}
	return c.groups(m, env, out)
}

// group is how many recipients are asked for before their answers are read:
// the answers must fit into what the network holds (RFC 2920 §3.1).
const group = 100

// groups is envelope for a server with PIPELINING.
func (c *Client) groups(m *Message, env mail.Envelope, out *Outcome) (err error) {
	rcpts := m.To
	if m.Upto == smtp.MAIL {
		rcpts = nil
	}
	data := m.Upto == smtp.Unknown && !c.chunked()
	c.conn.Reply(smtp.Mail(env, c.offer.Extensions).String() + "\r\n")
	for from := 0; from == 0 || from < len(rcpts); from += group {
		to := min(from+group, len(rcpts))
		for _, rcpt := range rcpts[from:to] {
			c.conn.Reply(smtp.Rcpt(rcpt, c.offer.Extensions).String() + "\r\n")
		}
		if data && to == len(rcpts) {
			c.say(smtp.DATA, "")
		}
		if from == 0 {
			if out.Mail, err = c.reply(c.o.Times.Mail); err != nil {
				return err
			}
		}
		for i := from; i < to; i++ {
			if out.To[i], err = c.reply(c.o.Times.Rcpt); err != nil {
				return err
			}
		}
		if out.Mail.Class() != 2 && to < len(rcpts) {
			return c.judged(m, out)
		}
	}
	if data {
		return c.begun(out)
	}
	return c.judged(m, out)
}

func (c *Client) pipelines() bool { return c.offer.Extensions.Has(smtp.ExtPipelining) }

// oneByOne is envelope for a server that must not be asked before it answered.
func (c *Client) oneByOne(m *Message, env mail.Envelope, out *Outcome) (err error) {
	c.conn.Reply(smtp.Mail(env, c.offer.Extensions).String() + "\r\n")
	if out.Mail, err = c.reply(c.o.Times.Mail); err != nil || out.Mail.Class() != 2 || m.Upto == smtp.MAIL {
		return errors.Join(err, c.judged(m, out))
	}
	for i, to := range m.To {
		c.conn.Reply(smtp.Rcpt(to, c.offer.Extensions).String() + "\r\n")
		if out.To[i], err = c.reply(c.o.Times.Rcpt); err != nil {
			return err
		}
	}
	if err := c.judged(m, out); err != nil || m.Upto != smtp.Unknown || c.chunked() {
		return err
	}
	c.say(smtp.DATA, "")
	return c.begun(out)
}

// judged says whether the message may be sent, and resets the transaction
// where it is not going to be.
func (c *Client) judged(m *Message, out *Outcome) error {
	err := c.refused(m, out)
	if out.Mail.Class() != 2 || err == nil && m.Upto == smtp.Unknown {
		return err
	}
	if _, e := c.ask(smtp.RSET, ""); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// refused is the refusal of the envelope as a whole.
func (c *Client) refused(m *Message, out *Outcome) error {
	if out.Mail.Class() != 2 {
		if out.Mail.Code == 0 {
			return nil // no reply came: there is another error
		}
		return &Refusal{Verb: smtp.MAIL, Reply: out.Mail}
	}
	if m.Upto != smtp.MAIL && out.Taken() == 0 {
		return &Refusal{Verb: smtp.RCPT, Reply: out.To[0]}
	}
	return nil
}

// begun reads the reply to DATA. A server may say 354 although nobody takes the
// message: then it gets an empty one (RFC 2920 §3.1).
func (c *Client) begun(out *Outcome) error {
	r, err := c.reply(c.o.Times.Data)
	if err != nil {
		return err
	}
	none := c.refused(&Message{}, out)
	switch {
	case r.Code != 354 && none != nil:
		return none
	case r.Code != 354:
		return &Refusal{Verb: smtp.DATA, Reply: r}
	case none != nil:
		c.conn.Reply(".\r\n")
		if _, err := c.reply(c.o.Times.Done); err != nil {
			return errors.Join(none, err)
		}
	}
	return none
}

// data sends the message behind the 354.
func (c *Client) data(m *Message, out *Outcome) (err error) {
	c.conn.SetIdle(c.o.Times.Block)
	s := text.Stuffer{W: c.conn}
	if _, err := io.Copy(&s, m.Content); err != nil {
		return c.broke(err)
	}
	if err := s.End(); err != nil {
		return c.broke(err)
	}
	if out.Done, err = c.reply(c.o.Times.Done); err != nil {
		return err
	}
	if out.Done.Class() != 2 {
		return &Refusal{Verb: smtp.DATA, Body: true, Reply: out.Done}
	}
	return nil
}

// broke looks for what the server said before it hung up, and gives that. A
// message that could not be read must not look like a whole one: the connection
// ends without the final dot.
func (c *Client) broke(err error) error {
	if c.conn.Flush() == nil { // it was the content that could not be read
		return errors.Join(err, c.Close("the message could not be read"))
	}
	if r, e := c.reply(c.o.Times.Command); e == nil {
		return &Refusal{Verb: smtp.DATA, Body: true, Reply: r}
	}
	return err
}
