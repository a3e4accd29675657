package filter

import (
	"strings"

	"posta/field"
)

const (
	// MaxLength is how many octets a filter may have.
	MaxLength = 16 << 10
	// maxDepth is how deep parentheses, braces and "not" may lie in each other.
	maxDepth = 100
)

// parser makes a test of a filter's text.
type parser struct {
	text  string
	lex   lexer
	tok   token // the next one
	last  place // of the one before
	depth int
}

// parse reads a whole filter; one without any test gives nil.
func parse(text string) (test, *Error) {
	if len(text) > MaxLength {
		return nil, place{}.at(text, malformed("filter.long", "the filter has {{.Octets}} octets; at most {{.Most}} are allowed",
			map[string]any{"Octets": len(text), "Most": MaxLength}))
	}
	p := &parser{text: text, lex: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == atEnd {
		return nil, nil
	}
	t, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != atEnd {
		return nil, p.misplaced()
	}
	return t, nil
}

func (p *parser) advance() *Error {
	p.last = p.tok.place
	t, err := p.lex.next()
	p.tok = t
	return err
}

func (p *parser) is(sign string) bool { return p.tok.kind == mark && p.tok.text == sign }

// take passes over a sign, if it comes next.
func (p *parser) take(sign string) (bool, *Error) {
	if !p.is(sign) {
		return false, nil
	}
	return true, p.advance()
}

// deeper counts a level; the caller leaves it with p.depth--.
func (p *parser) deeper() *Error {
	if p.depth++; p.depth > maxDepth {
		return p.tok.at(p.text, malformed("filter.deep", "this lies too deep: at most {{.Most}} parentheses, braces and nots may lie in each other",
			map[string]any{"Most": maxDepth}))
	}
	return nil
}

// misplaced says that what comes next does not fit where an operator should.
func (p *parser) misplaced() *Error {
	text := p.text[p.tok.from:p.tok.to]
	switch {
	case p.is(")"):
		return p.tok.at(p.text, malformed("filter.close_paren", `there is no open parenthesis for this one`, nil))
	case p.tok.kind == word && sign(strings.ToLower(text)) != "":
		return p.tok.at(p.text, malformed("filter.small", `"{{.Text}}" must be written in small letters: {{.Near}}`,
			map[string]any{"Text": text, "Near": strings.ToLower(text)}))
	}
	return p.tok.at(p.text, malformed("filter.want_operator", `before {{.Text}} an operator is missing, such as and, or, ==, contains`,
		map[string]any{"Text": text}))
}

// either is: one or one …
func (p *parser) either() (test, *Error) { return p.joined("||", p.oneOf) }

// oneOf is: every xor every …
func (p *parser) oneOf() (test, *Error) { return p.joined("^^", p.every) }

// every is: one and one …
func (p *parser) every() (test, *Error) { return p.joined("&&", p.unary) }

func (p *parser) joined(op string, part func() (test, *Error)) (test, *Error) {
	l, err := part()
	for err == nil && p.is(op) {
		if err = p.advance(); err != nil {
			break
		}
		var r test
		r, err = part()
		l = &both{op: op, l: l, r: r}
	}
	return l, err
}

// unary is: not …, ( … ), or a relation.
func (p *parser) unary() (test, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	open := p.tok.place
	switch ok, err := p.take("!"); {
	case err != nil:
		return nil, err
	case ok:
		x, err := p.unary()
		return &negated{x}, err
	}
	ok, err := p.take("(")
	if err != nil || !ok {
		if err == nil {
			return p.relation()
		}
		return nil, err
	}
	t, err := p.either()
	if err != nil {
		return nil, err
	}
	switch ok, err := p.take(")"); {
	case err != nil:
		return nil, err
	case !ok && p.tok.kind == atEnd:
		return nil, open.at(p.text, malformed("filter.open_paren", `this parenthesis is never closed`, nil))
	case !ok:
		return nil, p.misplaced()
	}
	return t, nil
}

// comparison says that a sign compares two operands.
func comparison(s string) bool {
	switch s {
	case "==", "!=", "===", "!==", ">", "<", ">=", "<=", "contains", "~":
		return true
	}
	return false
}

// relation is an operand that is there, is compared, or is in a set.
func (p *parser) relation() (test, *Error) {
	from := p.tok.place
	each, quantified := p.is("all"), p.is("all") || p.is("any")
	if quantified {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	l, err := p.operand()
	if err != nil {
		return nil, err
	}
	if err := p.known(l); err != nil {
		return nil, err
	}
	switch {
	case p.tok.kind == mark && comparison(p.tok.text):
		return p.chain(from, l, each, quantified)
	case p.is("in") || p.is("!"):
		return p.membership(from, l, each)
	case quantified:
		return nil, from.until(p.last).at(p.text, malformed("filter.quantifier", `after any and all stands a comparison, such as: all tcp.port > 1024`, nil))
	}
	return &present{l, l.where()}, nil
}

// known refuses a word that begins a relation as a field would, and is none.
func (p *parser) known(x operand) *Error {
	lit, ok := x.(*literal)
	if !ok || lit.kind != word || !letter(lit.text[0]) || addressLike(lit.text) {
		return nil
	}
	if lower := strings.ToLower(lit.text); sign(lower) != "" {
		return lit.at(p.text, malformed("filter.small", `"{{.Text}}" must be written in small letters: {{.Near}}`,
			map[string]any{"Text": lit.text, "Near": lower}))
	}
	return lit.at(p.text, unknownField(lit.text))
}

func unknownField(name string) error {
	if near := field.Nearest(name); near != "" {
		return malformed("filter.unknown_near", `posta knows no field "{{.Name}}"; did you mean {{.Near}}?`,
			map[string]any{"Name": name, "Near": near})
	}
	return malformed("filter.unknown", `posta knows no field "{{.Name}}"`, map[string]any{"Name": name})
}

// chain is l OP r, or l OP r OP r, which is both.
func (p *parser) chain(from place, l operand, each, quantified bool) (test, *Error) {
	var all test
	for p.tok.kind == mark && comparison(p.tok.text) {
		op := p.tok.text
		if err := p.advance(); err != nil {
			return nil, err
		}
		r, err := p.operand()
		if err != nil {
			return nil, err
		}
		one := &relation{each: each, op: op, l: l, r: r, place: from.until(r.where())}
		if !quantified {
			one.each = op == "===" || op == "!="
		}
		switch op {
		case "===":
			one.op = "=="
		case "!==":
			one.op = "!="
		}
		if all == nil {
			all = one
		} else {
			all = &both{op: "&&", l: all, r: one}
		}
		l, from = r, r.where()
	}
	return all, nil
}

// membership is: x in { … }, or x not in { … }.
func (p *parser) membership(from place, x operand, each bool) (test, *Error) {
	not, err := p.take("!")
	if err != nil {
		return nil, err
	}
	if !p.is("in") {
		return nil, p.misplaced()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	open := p.tok.place
	if ok, err := p.take("{"); err != nil || !ok {
		if err == nil {
			err = p.tok.at(p.text, malformed("filter.set", `after in stands a set in braces, such as {25, 587, 8000..8999}`, nil))
		}
		return nil, err
	}
	m := &member{each: each, not: not, x: x}
	for {
		e, err := p.interval()
		if err != nil {
			return nil, err
		}
		m.set = append(m.set, e)
		if p.is("}") {
			break
		}
		if p.tok.kind == atEnd {
			return nil, open.at(p.text, malformed("filter.open_set", `this set is never closed; write } after its last value`, nil))
		}
		if ok, err := p.take(","); err != nil || !ok {
			if err == nil {
				err = p.tok.at(p.text, malformed("filter.set_comma", `between the values of a set stands a comma`, nil))
			}
			return nil, err
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	m.place = from.until(p.last)
	return m, nil
}

func (p *parser) interval() (interval, *Error) {
	lo, err := p.operand()
	if err != nil {
		return interval{}, err
	}
	ok, err := p.take("..")
	if err != nil || !ok {
		return interval{lo: lo}, err
	}
	hi, err := p.operand()
	return interval{lo, hi}, err
}
