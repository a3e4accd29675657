package talk

import (
	"bytes"
	"errors"
	"fmt"
)

// box is the mailbox under examination: its messages, the one chosen, and what
// of it has not been looked at.
type box struct {
	messages [][]byte
	rest     []byte
	chosen   bool
	whole    []byte
}

func (b *box) choose(n int) error {
	if n < 1 || n > len(b.messages) {
		return fmt.Errorf("there is no message %d; there are %d", n, len(b.messages))
	}
	b.whole = b.messages[n-1]
	b.rest, b.chosen = b.whole, true
	return nil
}

// mailboxCheck is "mailbox ADDRESS N": so many messages; the last is chosen.
type mailboxCheck struct {
	address string
	want    int
}

func (c *mailboxCheck) run(p *player) error {
	got, err := p.host.Mailbox(c.address)
	if err != nil {
		return err
	}
	if len(got) != c.want {
		return fmt.Errorf("the mailbox holds %d messages", len(got))
	}
	p.box = box{messages: got}
	if len(got) > 0 {
		return p.box.choose(len(got))
	}
	return nil
}

func (c *mailboxCheck) mutants() []check { return []check{&mailboxCheck{c.address, c.want + 1}} }

// mailLine is "M:", "M~" or "M!".
type mailLine struct {
	want pattern
	op   Op
}

func (c *mailLine) run(p *player) error {
	if !p.box.chosen {
		return errors.New("no message is chosen; say mailbox first")
	}
	switch c.op {
	case Line:
		line, rest, err := cutLine(p.box.rest, c.want.openEnd())
		if err != nil {
			return err
		}
		ok, err := c.want.fits(line, nil, p.vars)
		if err == nil && !ok {
			err = fmt.Errorf("the message goes on with %q", line)
		}
		p.box.rest = rest
		return err
	case Later:
		return c.later(p)
	}
	return c.never(p)
}

func (c *mailLine) later(p *player) error {
	rest := p.box.rest
	for len(rest) > 0 {
		line, after, err := cutLine(rest, false)
		if err != nil {
			return err
		}
		rest = after
		ok, err := c.want.fits(line, nil, p.vars)
		if err != nil {
			return err
		}
		if ok {
			p.box.rest = rest
			return nil
		}
	}
	return fmt.Errorf("no such line in the message's rest %q", head(p.box.rest))
}

func (c *mailLine) never(p *player) error {
	rest := p.box.whole
	for len(rest) > 0 {
		line, after, err := cutLine(rest, false)
		if err != nil {
			return err
		}
		rest = after
		if ok, err := c.want.fits(line, nil, p.vars); ok || err != nil {
			return fmt.Errorf("the message has the line %q (%v)", line, err)
		}
	}
	return nil
}

// cutLine takes a line off the front. open: the message ends without CRLF.
func cutLine(b []byte, open bool) (line, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errors.New("the message has ended")
	}
	i := bytes.Index(b, []byte("\r\n"))
	switch {
	case i < 0:
		return b, nil, nil
	case open && i+2 == len(b):
		return nil, nil, errors.New("the message ends in CRLF")
	}
	return b[:i], b[i+2:], nil
}

func head(b []byte) []byte { return b[:min(len(b), 300)] }

func (c *mailLine) mutants() []check {
	if c.op == Never {
		return []check{&mailLine{anything(), Never}}
	}
	return []check{&mailLine{c.want.mutant(), c.op}}
}

// mailEnd is "M: {end}".
type mailEnd struct{ flip bool }

func (c *mailEnd) run(p *player) error {
	if !p.box.chosen || (len(p.box.rest) == 0) == c.flip {
		return fmt.Errorf("the message goes on with %q", head(p.box.rest))
	}
	return nil
}

func (c *mailEnd) mutants() []check { return []check{&mailEnd{!c.flip}} }

// mailBulk is "M: @file" or "M: *N": the message goes on with these octets.
type mailBulk struct {
	body payload
	flip bool
}

func (c *mailBulk) run(p *player) error {
	want, err := c.body.octets(p.files)
	if err != nil {
		return err
	}
	got := p.box.rest[:min(len(want), len(p.box.rest))]
	if !p.box.chosen || bytes.Equal(got, want) == c.flip {
		return fmt.Errorf("the message has other octets from octet %d on", differ(got, want))
	}
	p.box.rest = p.box.rest[len(got):]
	return nil
}

func (c *mailBulk) mutants() []check { return []check{&mailBulk{c.body, !c.flip}} }
