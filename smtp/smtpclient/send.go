package smtpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"posta/mail"
	"posta/smtp"
	"posta/text"
)

// Message is what Send hands over.
type Message struct {
	Envelope mail.Envelope    // Size is filled in, where the server wants to know it
	To       []mail.Recipient //
	Content  io.Reader        // line ends other than CRLF become CRLF
	Size     int64            // octets of Content; -1 when not known
	ASCII    bool             // no octet of Content is beyond ASCII: a server without 8BITMIME can have it, whatever Envelope.Body says
	Upto     smtp.Verb        // MAIL or RCPT: ask no further, as if to see who is refused. The transaction is reset

	// Names is asked just before RCPT names To[i]: false leaves him out, and where
	// that leaves nobody, Send ends with ErrNobody. nil: all are named.
	Names func(i int) bool
}

// Send hands a message over. What the server cannot carry is refused before
// anything is asked: 8-bit content (552 there would be lies; RFC 6152 §3 asks
// for 5.6.3), addresses and headers in UTF-8 (RFC 6531 §3.5), a message larger
// than SIZE says (RFC 1870 §6.1).
//
// The error is a *Refusal where no recipient, or the message, was refused as a
// whole; with no error, Outcome still says of each recipient what he was told.
// It says so with an error too, as far as it was known by then: a 421 or a lost
// connection leaves zero Replies.
func (c *Client) Send(ctx context.Context, m *Message) (Outcome, error) {
	defer c.heed(ctx)()
	var out Outcome
	if c.over {
		return out, ErrOver
	}
	if err := c.carries(m); err != nil {
		return out, err
	}
	if err := c.quiet(c.spoke()); err != nil {
		return out, err
	}
	if c.stale {
		if err := c.reset(); err != nil {
			return out, err
		}
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
	address := !m.Envelope.From.IsASCII()
	for _, to := range m.To {
		address = address || !to.To.IsASCII()
	}
	switch {
	case len(m.To) == 0 && m.Upto != smtp.MAIL:
		return errors.New("smtpclient: a message without recipients")
	case address && !has(smtp.ExtSMTPUTF8):
		return mail.Refuse(553, "5.6.7", "The server takes no addresses beyond ASCII")
	case m.Envelope.UTF8 && !has(smtp.ExtSMTPUTF8):
		return WideHeader()
	case m.Envelope.Body == mail.Body8BitMIME && !m.ASCII && !has(smtp.Ext8BitMIME):
		return mail.Refuse(554, "5.6.3", "The server takes no 8-bit messages")
	case has(smtp.ExtSize) && c.offer.MaxSize > 0 && m.Size > c.offer.MaxSize:
		return mail.Refuse(552, "5.3.4", "The message is larger than the server takes")
	}
	return nil
}

// WideHeader is the refusal of a message that needs SMTPUTF8 for what is in it,
// where its addresses would not (RFC 6531 §3.5).
func WideHeader() error {
	return mail.Refuse(554, "5.6.9", "The server takes no header beyond ASCII")
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
	defer c.within(c.o.Times.envelope(len(m.To)))()
	if !c.pipelines() {
		return c.oneByOne(m, env, out)
	}
	return c.groups(m, env, out)
}

// A group of commands must fit into what the network holds, and so must the
// answers (RFC 2920 §3.1): so many recipients are asked for before these are read,
// or so many octets.
const (
	group       = 100
	groupOctets = 32 << 10
)

// groups is envelope for a server with PIPELINING.
func (c *Client) groups(m *Message, env mail.Envelope, out *Outcome) (err error) {
	rcpts := m.To
	if m.Upto == smtp.MAIL {
		rcpts = nil
	}
	data := m.Upto == smtp.Unknown && !c.chunked()
	c.conn.Reply(smtp.Mail(env, c.offer.Extensions).String() + "\r\n")
	for from, to := 0, 0; ; from = to {
		for octets := 0; to < len(rcpts) && to < from+group && octets < groupOctets; to++ {
			if !out.names(m, to) {
				continue
			}
			line := smtp.Rcpt(rcpts[to], c.offer.Extensions).String() + "\r\n"
			octets += len(line)
			c.conn.Reply(line)
		}
		if data = data && !(to == len(rcpts) && out.nobody()); data && to == len(rcpts) {
			c.say(smtp.DATA, "")
		}
		if from == 0 {
			if err = c.answered(smtp.MAIL, c.o.Times.Mail, &out.Mail); err != nil {
				return err
			}
		}
		for i := from; i < to; i++ {
			if out.left(i) {
				continue
			}
			if err = c.answered(smtp.RCPT, c.o.Times.Rcpt, &out.To[i]); err != nil {
				return err
			}
		}
		if out.Mail.Class() != 2 {
			clear(out.To) // what they were told is about the missing MAIL
			if to < len(rcpts) {
				return c.judged(m, out)
			}
		}
		if to == len(rcpts) {
			break
		}
	}
	if data {
		return c.begun(out)
	}
	return c.judged(m, out)
}

// answered reads a reply of the envelope; the error is that no other will come.
func (c *Client) answered(v smtp.Verb, wait time.Duration, r *smtp.Reply) (err error) {
	if *r, err = c.reply(v, wait); err != nil {
		return err
	}
	return c.leaves(v, *r)
}

func (c *Client) pipelines() bool { return c.offer.Extensions.Has(smtp.ExtPipelining) }

// oneByOne is envelope for a server that must not be asked before it answered.
func (c *Client) oneByOne(m *Message, env mail.Envelope, out *Outcome) (err error) {
	c.conn.Reply(smtp.Mail(env, c.offer.Extensions).String() + "\r\n")
	if err = c.answered(smtp.MAIL, c.o.Times.Mail, &out.Mail); err != nil {
		return err
	}
	if out.Mail.Class() != 2 || m.Upto == smtp.MAIL {
		return c.judged(m, out)
	}
	for i, to := range m.To {
		if !out.names(m, i) {
			continue
		}
		c.conn.Reply(smtp.Rcpt(to, c.offer.Extensions).String() + "\r\n")
		if err = c.answered(smtp.RCPT, c.o.Times.Rcpt, &out.To[i]); err != nil {
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
		c.stale = out.Mail.Code == 452 || out.Mail.Code == 552 // RFC 1870 §6.2
		return &Refusal{Verb: smtp.MAIL, Reply: out.Mail}
	}
	if m.Upto != smtp.MAIL && out.Taken() == 0 {
		for i := range out.To {
			if !out.left(i) {
				return &Refusal{Verb: smtp.RCPT, Reply: out.To[i]}
			}
		}
		return ErrNobody
	}
	return nil
}

// begun reads the reply to DATA. A server may say 354 although nobody takes the
// message: then it gets an empty one (RFC 2920 §3.1).
func (c *Client) begun(out *Outcome) error {
	r, err := c.reply(smtp.DATA, c.o.Times.Data)
	if err != nil {
		return err
	}
	none := c.refused(&Message{}, out)
	switch {
	case r.Code == closing:
		return errors.Join(none, c.judge(smtp.DATA, r))
	case r.Code != 354 && none != nil && out.Mail.Class() == 2:
		if _, err := c.ask(smtp.RSET, ""); err != nil { // the server still has the MAIL, and would refuse the next one
			return errors.Join(none, err)
		}
		return none
	case r.Code != 354 && none != nil:
		return none
	case r.Code != 354 && r.Class() < 4:
		return c.strange(smtp.DATA, r)
	case r.Code != 354:
		return c.judge(smtp.DATA, r)
	case none != nil:
		c.conn.Reply(".\r\n")
		if _, err := c.reply(smtp.DATA, c.o.Times.Done); err != nil {
			return errors.Join(none, err)
		}
	}
	return none
}

// piece is how many octets are sent before it is looked whether the server says
// no already.
const piece = 256 << 10

// copy copies a piece, or what is left.
func (c *Client) copy(to io.Writer, content io.Reader) (int64, error) {
	if c.buffer == nil {
		c.buffer = make([]byte, 16<<10)
	}
	return io.CopyBuffer(to, io.LimitReader(content, piece), c.buffer)
}

// data sends the message behind the 354. Its line ends are made good before its
// dots are doubled, so that it ends where it ends for every reader.
func (c *Client) data(m *Message, out *Outcome) (err error) {
	c.conn.SetIdle(c.o.Times.Block)
	stuffer := text.Stuffer{W: c.paced()}
	lines := text.Normalizer{W: &stuffer}
	for {
		n, err := c.copy(&lines, m.Content)
		if err != nil {
			return c.broke(err, out)
		}
		if c.spoke() {
			return c.early(out)
		}
		if n < piece {
			break
		}
	}
	if err := lines.End(); err != nil {
		return c.broke(err, out)
	}
	if err := stuffer.End(); err != nil {
		return c.broke(err, out)
	}
	c.conn.MailEnds()
	out.Sent = true
	return c.taken(smtp.DATA, out)
}

// taken reads what the server says of the whole message.
func (c *Client) taken(v smtp.Verb, out *Outcome) error {
	r, err := c.reply(v, c.o.Times.Done)
	if err == nil && r.Class() == 3 {
		err = c.strange(v, r)
	}
	if err == nil {
		out.Done = r
		err = c.judge(v, r)
	}
	return ofBody(err)
}

// ofBody says of an error that it is about the message itself.
func ofBody(err error) error {
	var refused *Refusal
	var lost *Lost
	switch {
	case errors.As(err, &refused):
		refused.Body = true
	case errors.As(err, &lost):
		lost.Body = true
	}
	return err
}

// early takes the server's word that came before the message's end. It can only
// be a no; the rest of the message is not sent, nor its end, so that nobody takes
// the part for a whole.
func (c *Client) early(out *Outcome) error {
	c.over = true
	r, err := c.reply(smtp.DATA, c.o.Times.Quit)
	if err == nil && r.Class() < 4 {
		err = c.strange(smtp.DATA, r)
	}
	if err == nil {
		out.Done = r
		err = c.judge(smtp.DATA, r)
	}
	c.abandon("the message was refused before its end")
	return ofBody(err)
}

// abandon closes without the final dot, or the last chunk.
func (c *Client) abandon(reason string) {
	c.over = true
	_ = c.Close(reason) // there is another error to tell of
}

// broke looks for what the server said before it hung up, and gives that. A
// message that could not be read must not look like a whole one: the connection
// ends without the final dot.
func (c *Client) broke(err error, out *Outcome) error {
	c.over = true
	if c.conn.Flush() == nil { // it was the content that could not be read
		c.abandon("the message could not be read")
		return fmt.Errorf("smtpclient: the message could not be read: %w", err)
	}
	r, e := c.reply(smtp.DATA, c.o.Times.Quit)
	if e == nil && r.Class() >= 4 {
		out.Done = r
		return ofBody(c.judge(smtp.DATA, r))
	}
	return ofBody(c.lost(smtp.DATA, err))
}
