package talk

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A text is what a spoken line says, cut into pieces: octets, "*", "$id",
// "$plain(pepe,secret)".
type text struct {
	pieces []piece
	noEOL  bool // ends in a lone backslash: no CRLF follows
}

type pieceKind uint8

const (
	literal pieceKind = iota
	star              // any octets, in patterns only
	variable
	call
)

type piece struct {
	kind pieceKind
	lit  []byte
	name string
	args []text
}

// reader reads a text; it keeps its place.
type reader struct {
	s       string
	pattern bool // "*" stands for any octets
	out     text
}

// parseText reads a line's text.
func parseText(s string, pattern bool) (text, error) {
	if s == `\` {
		return text{noEOL: true}, nil
	}
	r := &reader{s: s, pattern: pattern}
	if err := r.read(""); err != nil {
		return text{}, err
	}
	return r.out, nil
}

// read goes on to the end, or to one of the octets of stop.
func (r *reader) read(stop string) error {
	for r.s != "" {
		c := r.s[0]
		switch {
		case strings.IndexByte(stop, c) >= 0:
			return nil
		case c == '\\':
			if err := r.escape(); err != nil {
				return err
			}
		case c == '*' && r.pattern:
			r.s = r.s[1:]
			r.out.pieces = append(r.out.pieces, piece{kind: star})
		case c == '$' && len(r.s) > 1 && isLetter(r.s[1]):
			if err := r.dollar(); err != nil {
				return err
			}
		default:
			r.octet(c)
			r.s = r.s[1:]
		}
	}
	if stop != "" {
		return errors.New("a closing parenthesis is missing")
	}
	return nil
}

func (r *reader) octet(c byte) {
	if n := len(r.out.pieces); n == 0 || r.out.pieces[n-1].kind != literal {
		r.out.pieces = append(r.out.pieces, piece{})
	}
	last := &r.out.pieces[len(r.out.pieces)-1]
	last.lit = append(last.lit, c)
}

// escapes are the letters behind a backslash.
func escaped(c byte) (byte, bool) {
	switch c {
	case 'r':
		return '\r', true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case '0':
		return 0, true
	case 's':
		return ' ', true
	case 'b':
		return '\b', true
	}
	return c, c > ' ' && c < 0x7f && !isAlnum(c)
}

func (r *reader) escape() error {
	if len(r.s) == 1 {
		r.s, r.out.noEOL = "", true
		return nil
	}
	if r.s[1] == 'x' {
		if len(r.s) < 4 {
			return errors.New(`\x needs two hexadecimal digits`)
		}
		n, err := strconv.ParseUint(r.s[2:4], 16, 8)
		if err != nil {
			return errors.New(`\x needs two hexadecimal digits`)
		}
		r.octet(byte(n))
		r.s = r.s[4:]
		return nil
	}
	c, ok := escaped(r.s[1])
	if !ok {
		return fmt.Errorf("unknown escape %q", r.s[:2])
	}
	r.octet(c)
	r.s = r.s[2:]
	return nil
}

func (r *reader) dollar() error {
	end := 1
	for end < len(r.s) && isAlnum(r.s[end]) {
		end++
	}
	p := piece{kind: variable, name: r.s[1:end]}
	r.s = r.s[end:]
	if strings.HasPrefix(r.s, "(") {
		p.kind = call
		if _, ok := functions(p.name); !ok {
			return fmt.Errorf("unknown function $%s", p.name)
		}
		if err := r.arguments(&p); err != nil {
			return err
		}
	}
	r.out.pieces = append(r.out.pieces, p)
	return nil
}

func (r *reader) arguments(p *piece) error {
	for {
		in := &reader{s: r.s[1:]}
		if err := in.read(",)"); err != nil {
			return err
		}
		if in.out.noEOL || in.s == "" {
			return errors.New("a closing parenthesis is missing")
		}
		p.args = append(p.args, in.out)
		r.s = in.s
		if r.s[0] == ')' {
			r.s = r.s[1:]
			return nil
		}
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// vars are the captured variables, and the SCRAM exchange under way.
type vars map[string][]byte

// expand gives the octets of a text without stars; call asks for a function.
func (t text) expand(v vars, do func(name string, args []string) ([]byte, error)) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range t.pieces {
		switch p.kind {
		case literal:
			b.Write(p.lit)
		case variable:
			val, ok := v[p.name]
			if !ok {
				return nil, fmt.Errorf("the variable $%s has no value yet", p.name)
			}
			b.Write(val)
		case call:
			out, err := p.call(v, do)
			if err != nil {
				return nil, err
			}
			b.Write(out)
		}
	}
	return b.Bytes(), nil
}

func (p piece) call(v vars, do func(string, []string) ([]byte, error)) ([]byte, error) {
	args := make([]string, len(p.args))
	for i, a := range p.args {
		val, err := a.expand(v, do)
		if err != nil {
			return nil, err
		}
		args[i] = string(val)
	}
	out, err := do(p.name, args)
	if err != nil {
		return nil, fmt.Errorf("$%s: %w", p.name, err)
	}
	return out, nil
}

// match holds a line against a pattern; variables without value are captured
// into v when it fits.
func (t text) match(in []byte, v vars, do func(string, []string) ([]byte, error)) (bool, error) {
	ps := make([]piece, 0, len(t.pieces))
	for _, p := range t.pieces {
		if p.kind == call {
			out, err := p.call(v, do)
			if err != nil {
				return false, err
			}
			p = piece{lit: out}
		}
		if val, ok := v[p.name]; ok && p.kind == variable {
			p = piece{lit: val}
		}
		ps = append(ps, p)
	}
	got := vars{}
	if !fits(ps, in, got) {
		return false, nil
	}
	for name, val := range got {
		v[name] = val
	}
	return true, nil
}

// fits tries the pieces one after another, the longest way first.
func fits(ps []piece, in []byte, got vars) bool {
	if len(ps) == 0 {
		return len(in) == 0
	}
	p, rest := ps[0], ps[1:]
	if p.kind == literal {
		return bytes.HasPrefix(in, p.lit) && fits(rest, in[len(p.lit):], got)
	}
	most, least := len(in), 0
	if p.kind == variable {
		least = 1
		if most = bytes.IndexByte(in, ' '); most < 0 {
			most = len(in)
		}
	}
	if val, ok := got[p.name]; ok && p.kind == variable {
		return bytes.HasPrefix(in, val) && fits(rest, in[len(val):], got)
	}
	for n := most; n >= least; n-- {
		if p.kind == variable {
			got[p.name] = in[:n]
		}
		if fits(rest, in[n:], got) {
			if p.kind == variable {
				got[p.name] = bytes.Clone(in[:n])
			}
			return true
		}
	}
	delete(got, p.name)
	return false
}
