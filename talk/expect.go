package talk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Got is what a server did where something else was expected.
type Got struct {
	Said   string        // it said this
	Silent time.Duration // it said nothing for so long
	Closed bool          // it closed
	Open   bool          // it did not close
	SoFar  string        // what came before, and was no whole line
}

func (g *Got) Error() string {
	switch {
	case g.Closed:
		return fmt.Sprintf("the server closed the connection (after %q)", g.SoFar)
	case g.Open:
		return "the server keeps the connection open"
	case g.Silent > 0:
		return fmt.Sprintf("the server says nothing for %v (so far %q)", g.Silent, g.SoFar)
	}
	return fmt.Sprintf("the server said %q", g.Said)
}

// lineCheck is "S: text", "S: /regex/" or "S| text".
type lineCheck struct {
	conn   string
	want   pattern
	joined bool // it must be there already
}

func (c *lineCheck) run(p *player) error {
	peer, err := p.peer(c.conn)
	if err != nil {
		return err
	}
	if c.joined && !bytes.Contains(peer.buf, []byte("\n")) {
		return fmt.Errorf("this line did not come in the same write as the one before it (so far %q)", peer.buf)
	}
	line, err := peer.line(!c.want.openEnd())
	if err != nil {
		return err
	}
	ok, err := c.want.fits(line, peer, p.vars)
	if err == nil && !ok {
		err = &Got{Said: string(line)}
	}
	return err
}

func (c *lineCheck) mutants() []check {
	return []check{&lineCheck{c.conn, c.want.mutant(), c.joined}}
}

// replyCheck is "S: {code 550 5.7.1}", "S: {ok}", "S: {err IN-USE}", "S: {ok lines}".
type replyCheck struct {
	conn string
	head []string // how the first line begins, as alternatives; '?' stands for any digit
	tag  string   // what follows, "5.7.1" or "[IN-USE]"
	pop  bool
	more bool // lines up to "." follow
}

func compileReply(conn, s string) (op, error) {
	words := strings.Fields(strings.TrimSuffix(s, "}")[1:])
	if !strings.HasSuffix(s, "}") || len(words) == 0 || len(words) > 3 {
		return nil, fmt.Errorf("%s is none of {code N}, {ok}, {err}", s)
	}
	c := &replyCheck{conn: conn, pop: true}
	rest := words[1:]
	switch words[0] {
	case "code":
		if len(rest) == 0 {
			return nil, errors.New("{code} needs a number")
		}
		c.pop = false
		for code := range strings.SplitSeq(rest[0], "|") {
			if len(code) != 3 || strings.Trim(code, "0123456789xyz") != "" {
				return nil, fmt.Errorf("%q is no reply code", code)
			}
			c.head = append(c.head, strings.NewReplacer("x", "?", "y", "?", "z", "?").Replace(code))
		}
		c.tag = strings.Join(rest[1:], " ")
		return c, nil
	case "ok":
		c.head = []string{"+OK"}
		c.more = len(rest) == 1 && rest[0] == "lines"
	case "err":
		c.head = []string{"-ERR"}
		if len(rest) == 1 {
			c.tag = "[" + rest[0] + "]"
		}
	}
	if c.head == nil || (len(rest) > 0 && !c.more && c.tag == "") || len(rest) > 1 {
		return nil, fmt.Errorf("%s is none of {code N}, {ok}, {err}", s)
	}
	return c, nil
}

func (c *replyCheck) run(p *player) error {
	peer, err := p.peer(c.conn)
	if err != nil {
		return err
	}
	first, err := peer.line(true)
	if err != nil {
		return err
	}
	if !c.begins(first) {
		return &Got{Said: string(first)}
	}
	if c.pop {
		if !c.more {
			return nil
		}
		_, err := peer.lines()
		return err
	}
	_, err = peer.reply(first)
	return err
}

func (c *replyCheck) begins(line []byte) bool {
	for _, head := range c.head {
		if !likeDigits(head, line) {
			continue
		}
		rest := line[len(head):]
		if len(rest) > 0 && rest[0] != ' ' && rest[0] != '-' {
			return false
		}
		if c.tag == "" {
			return true
		}
		return len(rest) > len(c.tag) && strings.HasPrefix(string(rest[1:])+" ", c.tag+" ")
	}
	return false
}

func likeDigits(head string, line []byte) bool {
	if len(line) < len(head) {
		return false
	}
	for i := range len(head) {
		if head[i] != line[i] && (head[i] != '?' || line[i] < '0' || line[i] > '9') {
			return false
		}
	}
	return true
}

func (c *replyCheck) mutants() []check {
	m := *c
	m.head = nil
	for _, head := range c.head {
		m.head = append(m.head, string(head[0]^1)+head[1:])
	}
	out := []check{&m}
	if c.tag != "" {
		tagged := *c
		tagged.tag = "~" + c.tag
		out = append(out, &tagged)
	}
	return out
}

// setCheck is a run of "S*" and "S!" lines: the rest of one reply.
type setCheck struct {
	conn   string
	want   []text
	not    []text
	others bool // "S* ...": more lines than those named may come
}

func (c *setCheck) add(s Step) error {
	if s.Op == Any && s.Text == "..." {
		c.others = true
		return nil
	}
	t, err := parseText(s.Text, true)
	if s.Op == Any {
		c.want = append(c.want, t)
	} else {
		c.not = append(c.not, t)
		c.others = true
	}
	return err
}

func (c *setCheck) run(p *player) error {
	peer, err := p.peer(c.conn)
	if err != nil {
		return err
	}
	got, err := peer.whole()
	if err != nil {
		return err
	}
	used := make([]bool, len(got))
	for _, want := range c.want {
		at, err := find(want, got, used, peer, p.vars)
		if err != nil {
			return err
		}
		if at < 0 {
			return fmt.Errorf("no line as wanted in the server's %q", got)
		}
		used[at] = true
	}
	for i, line := range got {
		if !c.others && !used[i] {
			return fmt.Errorf("the server also said %q", line)
		}
	}
	for _, not := range c.not {
		at, err := find(not, got, make([]bool, len(got)), peer, p.vars)
		if err != nil {
			return err
		}
		if at >= 0 {
			return &Got{Said: string(got[at])}
		}
	}
	return nil
}

func find(want text, got [][]byte, used []bool, peer *peer, v vars) (int, error) {
	for i, line := range got {
		if used[i] {
			continue
		}
		if ok, err := want.fits(line, peer, v); ok || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func (c *setCheck) mutants() []check {
	var out []check
	for i := range c.want {
		m := *c
		m.want = append([]text(nil), c.want...)
		m.want[i] = c.want[i].mutant().(text)
		out = append(out, &m)
	}
	for i := range c.not {
		m := *c
		m.not = append([]text(nil), c.not...)
		m.not[i] = anything()
		out = append(out, &m)
	}
	return out
}

// bulkCheck is "S: @file" or "S: *N": exactly these octets.
type bulkCheck struct {
	conn string
	body payload
	flip bool
}

func (c *bulkCheck) run(p *player) error {
	peer, err := p.peer(c.conn)
	if err != nil {
		return err
	}
	want, err := c.body.octets(p.files)
	if err != nil {
		return err
	}
	if want = bytes.Clone(want); c.flip && len(want) > 0 {
		want[0] ^= 1
	}
	got, err := peer.octets(len(want))
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("the server sent other octets from octet %d on", differ(got, want))
	}
	return err
}

func (c *bulkCheck) mutants() []check { return []check{&bulkCheck{c.conn, c.body, true}} }

func differ(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// quiet is "silent" (nothing arrives) or "closed" (only the end arrives).
type quiet struct {
	conn  string
	ended bool
	brief bool // a mutant of silent: no longer wait than silent's
}

func (c *quiet) run(p *player) error {
	peer, err := p.peer(c.conn)
	if err != nil {
		return err
	}
	wait := p.Quiet
	if c.ended && !c.brief {
		wait = p.Patience
	}
	got, err := peer.peek(wait)
	switch {
	case len(got) > 0:
		return &Got{Said: string(got)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		if c.ended {
			return &Got{Open: true}
		}
		return nil
	case err != nil && !c.ended:
		return fmt.Errorf("the server ended the connection: %w", err)
	case c.ended && !errors.Is(err, io.EOF) && !isReset(err):
		return err
	}
	return nil
}

func (c *quiet) mutants() []check {
	return []check{&quiet{conn: c.conn, ended: !c.ended, brief: !c.ended}}
}

// flushed says that nothing came in the same write as the last line.
type flushed struct {
	conn string
	flip bool
}

func (c *flushed) run(p *player) error {
	peer, err := p.peer(c.conn)
	if err == nil && (len(peer.buf) == 0) == c.flip {
		err = fmt.Errorf("in the same write the server said %q", peer.buf)
	}
	return err
}

func (c *flushed) mutants() []check { return []check{&flushed{c.conn, !c.flip}} }

// defaults for a Runner's zero fields.
const (
	patience = 30 * time.Second
	hush     = 100 * time.Millisecond
	keyPause = 5 * time.Millisecond
)
