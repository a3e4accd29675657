package talk

import (
	"fmt"
	"strings"
)

// An op is a compiled step.
type op interface {
	run(p *player) error
}

// A check is an op that expects something. Its mutants expect something else,
// and must fail wherever it passes.
type check interface {
	op
	mutants() []check
}

// entry is an op with its place in the file.
type entry struct {
	line int
	op   op
}

// compile turns the steps into ops.
func compile(f *File) ([]entry, error) {
	var out []entry
	for _, s := range f.Steps {
		if s.Op == Blank || s.Op == Comment {
			continue
		}
		if merged, err := merge(out, s); merged || err != nil {
			if err != nil {
				return nil, complain(s.Line, "%v", err)
			}
			continue
		}
		o, err := compileStep(s)
		if err != nil {
			return nil, complain(s.Line, "%v", err)
		}
		out = append(out, entry{s.Line, o})
	}
	return out, nil
}

// merge puts a step into the one before it, where both are one op: the lines of
// one write, the lines of one set.
func merge(out []entry, s Step) (bool, error) {
	var last op
	if len(out) > 0 {
		last = out[len(out)-1].op
	}
	switch s.Op {
	case With:
		send, ok := last.(*sendOp)
		if !ok || send.conn != s.Conn {
			return false, fmt.Errorf("a C| goes on with the write of a C: of the same connection just before it")
		}
		b, err := parsePayload(s.Text)
		send.parts = append(send.parts, b)
		return true, err
	case Any, Not:
		set, ok := last.(*setCheck)
		if !ok || set.conn != s.Conn {
			return false, nil
		}
		return true, set.add(s)
	}
	return false, nil
}

func compileStep(s Step) (op, error) {
	switch s.Op {
	case Send, Keys:
		b, err := parsePayload(s.Text)
		return &sendOp{conn: s.Conn, parts: []payload{b}, keys: s.Op == Keys}, err
	case Expect:
		return compileExpect(s)
	case Joined:
		t, err := parseText(s.Text, true)
		return &lineCheck{conn: s.Conn, want: t, joined: true}, err
	case Any, Not:
		set := &setCheck{conn: s.Conn}
		return set, set.add(s)
	case Line, Later, Never:
		return compileMail(s)
	case Do:
		return compileAction(s.Text)
	}
	return nil, fmt.Errorf("a line of this kind cannot stand here")
}

func compileExpect(s Step) (op, error) {
	if b, ok, err := parseBulk(s.Text); ok || err != nil {
		return &bulkCheck{conn: s.Conn, body: b}, err
	}
	switch {
	case strings.HasPrefix(s.Text, "{"):
		return compileReply(s.Conn, s.Text)
	case len(s.Text) > 1 && s.Text[0] == '/' && s.Text[len(s.Text)-1] == '/':
		re, err := parseRegex(s.Text)
		return &lineCheck{conn: s.Conn, want: re}, err
	}
	t, err := parseText(s.Text, true)
	return &lineCheck{conn: s.Conn, want: t}, err
}

func compileMail(s Step) (op, error) {
	if b, ok, err := parseBulk(s.Text); s.Op == Line && (ok || err != nil) {
		return &mailBulk{body: b}, err
	}
	if s.Text == "{end}" {
		if s.Op != Line {
			return nil, fmt.Errorf("the mark {end} stands behind M: and nothing else")
		}
		return &mailEnd{}, nil
	}
	var want pattern
	var err error
	if len(s.Text) > 1 && s.Text[0] == '/' && s.Text[len(s.Text)-1] == '/' {
		want, err = parseRegex(s.Text)
	} else {
		want, err = parseText(s.Text, true)
	}
	return &mailLine{want: want, op: s.Op}, err
}

func compileAction(s string) (op, error) {
	a, err := parseAction(s)
	if err != nil {
		return nil, err
	}
	switch a.verb {
	case "closed":
		return &quiet{conn: a.conn, ended: true}, nil
	case "silent":
		return &quiet{conn: a.conn}, nil
	case "flushed":
		return &flushed{conn: a.conn}, nil
	case "mailbox":
		return &mailboxCheck{address: a.arg, want: a.n}, nil
	}
	return a, nil
}

// inWay gives the ops of one way of playing.
func inWay(es []entry, way Way) []entry {
	out := make([]entry, 0, len(es))
	first := map[string]*sendOp{} // each connection's first write since the last action
	for _, e := range es {
		send, ok := e.op.(*sendOp)
		if !ok {
			if _, talks := e.op.(check); !talks {
				clear(first)
			}
			out = append(out, e)
			continue
		}
		copied := *send
		copied.keys = copied.keys || way == Typed
		if begun := first[send.conn]; way == Paste && begun != nil {
			begun.parts = append(begun.parts[:len(begun.parts):len(begun.parts)], send.parts...)
			continue
		}
		first[send.conn] = &copied
		out = append(out, entry{e.line, &copied})
	}
	return out
}
