package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"posta/words"
)

// longestLine is how much of a line of the server's is held, in octets.
const longestLine = 64 << 10

// hear takes what came from the network.
func (c *Console) hear(ctx context.Context, in chunk) {
	if c.raw && len(in.octets) > 0 {
		c.print(hexdump("S", in.octets))
	}
	c.rest = append(c.rest, in.octets...)
	for !c.over {
		i := bytes.IndexByte(c.rest, '\n')
		if i < 0 && len(c.rest) > longestLine {
			i = len(c.rest) - 1
		}
		if i < 0 {
			break
		}
		line := bytes.TrimSuffix(bytes.TrimSuffix(c.rest[:i+1], []byte("\n")), []byte("\r"))
		c.rest = c.rest[i+1:]
		c.line(ctx, line, in.when)
	}
	if in.err != nil {
		c.closed(in.err)
		return
	}
	c.more <- struct{}{}
}

// closed is the end of the connection, by the server.
func (c *Console) closed(err error) {
	switch {
	case c.verb != "QUIT" && !(c.left && errors.Is(err, io.EOF)):
		c.lost(err)
		return
	case errors.Is(err, io.EOF):
		c.scribe.Do("closed")
		c.tell("talk.closed", nil)
	}
	c.over = true
}

// line takes one line of the server's.
func (c *Console) line(ctx context.Context, line []byte, when time.Time) {
	h := c.speaker.hear(line)
	if h.first {
		c.said, c.lines, c.expect = nil, 0, h.expect
	} else if h.expect != "" {
		c.expect = h.expect
	}
	if c.lines++; c.lines <= shown {
		c.said = append(c.said, bytes.Clone(line))
		c.printLine(line, h, when)
	} else if h.done {
		c.tell("talk.more_lines", words.Args{"Count": c.lines - shown - 1})
		c.printLine(line, h, when)
	}
	if h.asks {
		c.left = h.leaves
		c.sentAt = time.Time{}
		c.scribe.Remark(string(line))
		return
	}
	if h.stray && h.done {
		c.tell("talk.stray", nil)
		c.scribe.Remark(string(line))
		return
	}
	if !h.done && h.challenge == nil {
		return
	}
	c.sentAt = time.Time{}
	c.answered(h)
	switch {
	case h.challenge != nil:
		c.challenged(h.challenge)
	case h.tls:
		c.handshake(ctx)
	default:
		c.settled()
	}
	if h.turned {
		c.turned = true
		c.tell("talk.turned", nil)
	}
	if h.bye {
		c.bye()
	}
}

// answered writes a response into the transcript.
func (c *Console) answered(h heard) {
	expect := c.expect
	if h.challenge != nil && c.login != nil && c.login.client != nil {
		c.asking++
		expect = fmt.Sprintf("334 $c%d", c.asking)
		if c.o.Protocol == "pop3" {
			expect = fmt.Sprintf("+ $c%d", c.asking)
		}
	}
	if len(c.said) > 0 && bad(c.said[0]) {
		c.queue, c.file = nil, "" // it was to lead on
	}
	c.scribe.Reply(c.said, expect)
}

// settled goes on behind a response that is no challenge.
func (c *Console) settled() {
	if c.login != nil && c.login.stamp == "" {
		c.login = nil
	}
	if what, _ := c.speaker.next(); what != theData || c.letter != nil || c.raw {
		return
	}
	c.letter = &letter{dot: true}
	if c.file == "" {
		c.tell("talk.data", nil)
		return
	}
	name := c.file
	c.file = ""
	if c.letter.local(c, "file", name); c.letter.held > 0 {
		c.sendLetter()
	}
}

// handshake begins TLS behind the server's consent.
func (c *Console) handshake(ctx context.Context) {
	if len(c.rest) > 0 {
		c.over, c.failure = true, words.Fail("talk.early", nil)
		return
	}
	if err := c.o.Secure(ctx, c.tap); err != nil {
		c.over, c.failure = true, err
		return
	}
	c.encrypted = true
	c.scribe.Do("tls")
	c.speaker.secured()
	if s, ok := c.tap.TLS(); ok {
		c.tellTLS(s)
	}
}

// bye gives the server a moment to close. It is read on all the same.
func (c *Console) bye() {
	_ = c.tap.SetReadDeadline(time.Now().Add(farewell)) // a server that goes on is left
	c.sentAt = time.Now()
}

// printLine shows a line, with the time at the end of a response.
func (c *Console) printLine(line []byte, h heard, when time.Time) {
	text := "S: " + printable(line)
	if bad(line) {
		text = c.style("31", text)
	}
	if (h.done || h.challenge != nil) && !c.sentAt.IsZero() {
		text += c.dim("   " + took(when.Sub(c.sentAt)))
	}
	c.print(text)
}

// bad says that a line refuses something.
func bad(line []byte) bool {
	return len(line) > 0 && (line[0] == '4' || line[0] == '5' || bytes.HasPrefix(line, []byte("-ERR")))
}

// tellHint says what fits now, when that has changed.
func (c *Console) tellHint() {
	if !c.hints || c.over || c.leaving || c.letter != nil || c.login != nil || len(c.queue) > 0 || c.raw {
		return
	}
	now := strings.Join(c.speaker.legal(), " ")
	if now == c.hint || now == "" {
		return
	}
	c.hint = now
	if !c.helped {
		c.helped = true
		c.tell("talk.now_first", words.Args{"Commands": now})
		return
	}
	c.tell("talk.now", words.Args{"Commands": now})
}
