package pop3client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"posta/pop3"
	"posta/wire"
)

const (
	maxLine         = 8 << 10 // the longest line that is read; RFC 2449 §4 has 512, which servers exceed in what they tell people
	maxCapabilities = 200
	maxMessages     = 1 << 20 // of one mailbox
)

// ask sends a command and gives the text of its response.
func (c *Client) ask(v pop3.Verb, arg string) (string, error) {
	line := v.String()
	if arg != "" {
		line += " " + arg
	}
	c.conn.Reply(line + "\r\n")
	return c.response(v)
}

// response sends what waits, and reads the first line of a response.
func (c *Client) response(v pop3.Verb) (string, error) {
	sent := c.conn.Flush()
	line, err := c.conn.Line(maxLine)
	if err != nil {
		return "", errors.Join(sent, err)
	}
	r, fault := pop3.ParseResponse(line)
	switch {
	case fault != nil && v == pop3.NoVerb && bytes.HasPrefix(line, []byte("220")):
		return "", ErrSMTP
	case fault != nil:
		return "", fault
	case r.Status == pop3.Err:
		return "", &Refusal{Verb: v, Code: string(r.Code.Of(line)), Text: string(r.Text.Of(line))}
	case r.Status == pop3.Continue:
		return "", errors.New("pop3client: the server asks where nothing is asked")
	}
	return string(r.Text.Of(line)), nil
}

// ErrTooMuch is a listing without an end.
var ErrTooMuch = errors.New("pop3client: the server lists more than can be")

// list asks for a listing and gives its lines, up to the dot (RFC 1939 §3).
func (c *Client) list(v pop3.Verb, arg string, most int, each func(line []byte) error) error {
	if _, err := c.ask(v, arg); err != nil {
		return err
	}
	for n := 0; ; n++ {
		line, err := c.conn.Line(maxLine)
		switch {
		case err != nil:
			return err
		case len(line) == 1 && line[0] == '.':
			return nil
		case n == most:
			return ErrTooMuch
		case len(line) > 0 && line[0] == '.':
			line = line[1:]
		}
		if err := each(line); err != nil {
			return err
		}
	}
}

// List is the sizes of all messages that are not marked as deleted.
func (c *Client) List(ctx context.Context) ([]pop3.Scan, error) {
	defer c.heed(ctx)()
	var all []pop3.Scan
	err := c.list(pop3.LIST, "", maxMessages, func(line []byte) error {
		one, fault := pop3.ParseScan(line)
		if fault != nil {
			return fault
		}
		all = append(all, one)
		return nil
	})
	return all, err
}

// UIDL is the unique-ids of all messages that are not marked as deleted. A
// server that has none (RFC 1939 §7 leaves it open) refuses.
func (c *Client) UIDL(ctx context.Context) ([]pop3.Unique, error) {
	defer c.heed(ctx)()
	var all []pop3.Unique
	err := c.list(pop3.UIDL, "", maxMessages, func(line []byte) error {
		one, fault := pop3.ParseUnique(line)
		if fault != nil {
			return fault
		}
		all = append(all, one)
		return nil
	})
	return all, err
}

// ErrTooBig is a message that is larger than it may be.
var ErrTooBig = wire.ErrTooBig

// Retr writes a message to w, its dots unstuffed. After an error of w the
// connection is in step. most bounds its octets; 0 does not: what is more is
// read and left out, and the error is ErrTooBig.
func (c *Client) Retr(ctx context.Context, n int, w io.Writer, most int64) (size int64, err error) {
	defer c.heed(ctx)()
	if _, err := c.ask(pop3.RETR, strconv.Itoa(n)); err != nil {
		return 0, err
	}
	return c.conn.Dot(w, most)
}

// maxTop is how much of a message's beginning is read, in octets.
const maxTop = 64 << 20

// Top writes a message's header and the first lines of its body. More than
// 64 MiB are an error.
func (c *Client) Top(ctx context.Context, n, lines int, w io.Writer) (size int64, err error) {
	defer c.heed(ctx)()
	if _, err := c.ask(pop3.TOP, strconv.Itoa(n)+" "+strconv.Itoa(lines)); err != nil {
		return 0, err
	}
	return c.conn.Dot(w, maxTop)
}
