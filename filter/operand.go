package filter

import (
	"slices"
	"strings"

	"posta/field"
)

// operand reads an operand with all its operators.
func (p *parser) operand() (operand, *Error) { return p.ranked(1) }

// ranked reads an operand whose operators bind at least as tightly as rank.
func (p *parser) ranked(rank int) (operand, *Error) {
	if rank > 3 {
		return p.negative()
	}
	l, err := p.ranked(rank + 1)
	for err == nil && p.tok.kind == mark && arithRank(p.tok.text) == rank {
		op := p.tok.text
		if err = p.advance(); err != nil {
			break
		}
		var r operand
		if r, err = p.ranked(rank + 1); err == nil {
			l = &arith{op: op, l: l, r: r, place: l.where().until(r.where())}
		}
	}
	return l, err
}

// negative reads a sign and what follows it. Before a number it belongs to the
// number.
func (p *parser) negative() (operand, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	at := p.tok.place
	if plus, err := p.take("+"); err != nil || plus {
		if err != nil {
			return nil, err
		}
		return p.negative()
	}
	ok, err := p.take("-")
	if err != nil || !ok {
		if err == nil {
			return p.sliced()
		}
		return nil, err
	}
	x, err := p.negative()
	if err != nil {
		return nil, err
	}
	if lit, ok := x.(*literal); ok && lit.kind == word && digit(lit.text[0]) {
		return &literal{kind: word, text: "-" + lit.text, place: at.until(lit.place)}, nil
	}
	return &minus{x, at.until(x.where())}, nil
}

// sliced reads an operand and the slices behind it.
func (p *parser) sliced() (operand, *Error) {
	x, err := p.primary()
	for err == nil && p.tok.kind == ranges {
		t := p.tok
		spans, bad := p.spans(t)
		if bad != nil {
			return nil, bad
		}
		x = &cut{x: x, ranges: spans, place: x.where().until(t.place)}
		err = p.advance()
	}
	return x, err
}

// primary reads a field, a constant, a function's call, or an operand in braces.
func (p *parser) primary() (operand, *Error) {
	t := p.tok
	switch {
	case t.kind == word:
		return p.named()
	case t.kind == quoted || t.kind == char:
		return &literal{kind: t.kind, text: t.text, oct: t.oct, place: t.place}, p.advance()
	case p.is("{"):
		return p.grouped()
	case t.kind == atEnd:
		return nil, t.at(p.text, malformed("filter.ends", `the filter ends where a field or a value should follow`, nil))
	case p.is("("):
		return nil, t.at(p.text, malformed("filter.braces", `parentheses group tests; values are grouped with braces: 4 * {tcp.srcport + 3}`, nil))
	}
	return nil, t.at(p.text, malformed("filter.want_operand", `{{.Text}} stands where a field or a value should`,
		map[string]any{"Text": p.text[t.from:t.to]}))
}

func (p *parser) grouped() (operand, *Error) {
	open := p.tok.place
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	if ok, err := p.take("}"); err != nil || !ok {
		if err == nil {
			err = open.at(p.text, malformed("filter.open_brace", `this brace is never closed; braces group arithmetic, such as {tcp.srcport + 1} * 2`, nil))
		}
		return nil, err
	}
	return x, nil
}

// named reads what begins with a word.
func (p *parser) named() (operand, *Error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is("(") && p.tok.from == t.to {
		return p.call(t)
	}
	def := field.ByName(strings.TrimPrefix(t.text, "."))
	if def == nil {
		return &literal{kind: word, text: t.text, place: t.place}, nil
	}
	ref := &fieldRef{def: def, place: t.place}
	if ok, err := p.take("#"); err != nil || !ok {
		return ref, err
	}
	layers, err := p.layers()
	ref.layers, ref.place = layers, t.place.until(p.last)
	return ref, err
}

// layers reads what follows a #: a number, or ranges in brackets.
func (p *parser) layers() ([]span, *Error) {
	t := p.tok
	bad := malformed("filter.layer", `after # stands the number of a layer from 1, or [-1] for the innermost`, nil)
	var spans []span
	switch t.kind {
	case word:
		n, rest, ok := leading(t.text)
		if !ok || rest != "" || n < 1 {
			return nil, t.at(p.text, bad)
		}
		spans = []span{{n, 1}}
	case ranges:
		var err *Error
		if spans, err = p.spans(t); err != nil {
			return nil, err
		}
	default:
		return nil, t.at(p.text, bad)
	}
	return spans, p.advance()
}

// functions are those that there are.
func functions() []string {
	return []string{"abs", "count", "len", "lower", "max", "min", "string", "upper"}
}

// call reads a function's arguments; the name has been read.
func (p *parser) call(name token) (operand, *Error) {
	if !slices.Contains(functions(), name.text) {
		return nil, name.at(p.text, malformed("filter.function", `there is no function "{{.Name}}"; there are: {{.Known}}`,
			map[string]any{"Name": name.text, "Known": strings.Join(functions(), ", ")}))
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	open := p.tok.place
	if err := p.advance(); err != nil {
		return nil, err
	}
	c := &call{fn: name.text}
	for !p.is(")") {
		if p.tok.kind == atEnd {
			return nil, open.at(p.text, malformed("filter.open_paren", `this parenthesis is never closed`, nil))
		}
		if len(c.args) > 0 {
			if ok, err := p.take(","); err != nil || !ok {
				if err == nil {
					err = p.tok.at(p.text, malformed("filter.arguments", `between the values of a function stands a comma`, nil))
				}
				return nil, err
			}
		}
		x, err := p.operand()
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, x)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	c.place = name.place.until(p.last)
	switch n := len(c.args); {
	case n == 0:
		return nil, c.at(p.text, malformed("filter.no_argument", `{{.Name}}() needs a field between its parentheses`, map[string]any{"Name": c.fn}))
	case n > 1 && c.fn != "max" && c.fn != "min":
		return nil, c.at(p.text, malformed("filter.one_argument", `{{.Name}}() takes one field, not {{.Given}}`, map[string]any{"Name": c.fn, "Given": n}))
	}
	return c, nil
}
