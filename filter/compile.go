package filter

import (
	"time"
)

// compiler makes a Filter's program of its test.
type compiler struct {
	text  string
	zone  *time.Location
	f     *Filter
	sorts map[operand]sort
	empty []int // loads of the relation at hand, which jump to its end
}

func (c *compiler) put(in instr) int {
	c.f.code = append(c.f.code, in)
	return len(c.f.code) - 1
}

func (c *compiler) reg() int16 {
	c.f.regs++
	return int16(c.f.regs - 1)
}

func (c *compiler) here(at int) { c.f.code[at].jump = len(c.f.code) }

func (c *compiler) spans(s []span) int {
	c.f.spans = append(c.f.spans, s)
	return len(c.f.spans) - 1
}

// test leaves in the program what sets the result.
func (c *compiler) test(t test) *Error {
	switch t := t.(type) {
	case *both:
		return c.both(t)
	case *negated:
		if err := c.test(t.x); err != nil {
			return err
		}
		c.put(instr{op: opNot})
		return nil
	}
	defer func(outer []int) { c.empty = outer }(c.empty)
	c.empty = nil
	var err *Error
	not := false
	switch t := t.(type) {
	case *present:
		err = c.present(t)
	case *relation:
		err = c.relation(t)
	case *member:
		err, not = c.member(t), t.not
	}
	for _, at := range c.empty {
		c.here(at)
	}
	if not {
		c.put(instr{op: opNot})
	}
	return err
}

func (c *compiler) both(t *both) *Error {
	if err := c.test(t.l); err != nil {
		return err
	}
	if t.op == "^^" {
		slot := int16(c.f.slots)
		c.f.slots++
		c.put(instr{op: opSave, dst: slot})
		if err := c.test(t.r); err != nil {
			return err
		}
		c.put(instr{op: opXor, dst: slot})
		return nil
	}
	op := opJumpFalse
	if t.op == "||" {
		op = opJumpTrue
	}
	at := c.put(instr{op: op})
	err := c.test(t.r)
	c.here(at)
	return err
}

func (c *compiler) present(t *present) *Error {
	switch x := t.x.(type) {
	case *fieldRef:
		if x.layers == nil {
			c.f.needs.Add(x.def.ID)
			c.put(instr{op: opHas, id: x.def.ID})
			return nil
		}
		return c.some(x, opSome)
	case *cut:
		return c.some(x, opSome)
	case *arith:
		if x.op == "&" {
			return c.some(x, opNonzero)
		}
	}
	if s, err := c.sort(t.x); err != nil {
		return err
	} else if s.class == unknown {
		return t.x.where().at(c.text, constants())
	}
	return t.x.where().at(c.text, malformed("filter.alone", `{{.Name}} alone is no test; compare it with something, such as: {{.Name}} > 5`,
		map[string]any{"Name": shown(t.x)}))
}

func (c *compiler) some(x operand, op opcode) *Error {
	s, err := c.sort(x)
	if err != nil {
		return err
	}
	if s.class == unknown {
		return x.where().at(c.text, constants())
	}
	a, _, err := c.emit(x, s, nil)
	if err != nil {
		return err
	}
	c.put(instr{op: op, a: a, order: s.order()})
	return nil
}

func constants() error {
	return malformed("filter.constants", `this holds no field, and would be the same for each frame`, nil)
}

// meet gives what two operands are compared as.
func (c *compiler) meet(at place, l, r operand) (sort, *Error) {
	ls, err := c.sort(l)
	if err != nil {
		return ls, err
	}
	rs, err := c.sort(r)
	if err != nil {
		return rs, err
	}
	for s, x := range map[*sort]operand{&ls: l, &rs: r} {
		if s.class == nothing {
			return *s, x.where().at(c.text, malformed("filter.only_there", `{{.Name}} has no value: it is there or it is not; write {{.Name}} or not {{.Name}}`,
				map[string]any{"Name": shown(x)}))
		}
	}
	_, plain := r.(*literal)
	if ls.class == unknown {
		ls, rs = rs, ls
		_, plain = l.(*literal)
	}
	switch {
	case ls.class == unknown:
		return ls, at.at(c.text, constants())
	case rs.class == unknown && plain:
		return ls, nil
	case rs.class == unknown:
		return reckoned(ls), nil
	}
	both := common(ls.class, rs.class)
	if both == unknown {
		return ls, c.incompatible(at, l, r)
	}
	return sort{class: both}, nil
}

func (c *compiler) relation(t *relation) *Error {
	if t.op == "~" {
		return c.matches(t)
	}
	s, err := c.meet(t.place, t.l, t.r)
	if err != nil {
		return err
	}
	op := opCompare
	if t.op == "contains" {
		op = opContains
		if s.class != text && s.class != octets {
			return c.noText(t.l, t.op)
		}
	}
	a, abits, err := c.emit(t.l, s, t.r)
	if err != nil {
		return err
	}
	b, bbits, err := c.emit(t.r, s, t.l)
	if err != nil {
		return err
	}
	in := instr{op: op, cmp: relopOf(t.op), order: s.order(), each: t.each, a: a, b: b, bits: int16(max(abits, bbits))}
	if t.op != "!=" {
		c.put(in)
		return nil
	}
	in.each = !t.each // none is equal, or not all are; so it holds where a slice took nothing
	c.put(in)
	c.put(instr{op: opNot})
	return nil
}

func (c *compiler) noText(x operand, op string) *Error {
	if s, err := c.sort(x); err == nil && printable(s.class) {
		return x.where().at(c.text, malformed("filter.make_text", `{{.Operator}} looks into texts and octets; write string({{.Name}}) for {{.Name}} as text`,
			map[string]any{"Operator": op, "Name": shown(x)}))
	}
	return x.where().at(c.text, malformed("filter.no_text", `{{.Operator}} looks into texts and octets, and {{.Name}} is neither`,
		map[string]any{"Operator": op, "Name": shown(x)}))
}

// printable says that string() takes values of the class.
func printable(c class) bool {
	return c.number() || c == addr4 || c == addr6 || c == ether
}

func (c *compiler) matches(t *relation) *Error {
	s, err := c.sort(t.l)
	if err != nil {
		return err
	}
	if s.class != text && s.class != octets {
		return c.noText(t.l, "matches")
	}
	lit, ok := t.r.(*literal)
	if !ok || lit.kind != quoted {
		return t.r.where().at(c.text, malformed("filter.want_pattern", `after matches stands a regular expression in quotes, such as "^(MAIL|RCPT)$"`, nil))
	}
	re, what := pattern(string(lit.oct))
	if what != nil {
		return lit.at(c.text, what)
	}
	a, _, err := c.emit(t.l, s, nil)
	if err != nil {
		return err
	}
	c.f.patterns = append(c.f.patterns, re)
	c.put(instr{op: opMatches, each: t.each, a: a, x: len(c.f.patterns) - 1})
	return nil
}

func (c *compiler) member(t *member) *Error {
	s, err := c.sort(t.x)
	if err != nil {
		return err
	}
	if s.class == unknown {
		return t.x.where().at(c.text, constants())
	}
	a, _, err := c.emit(t.x, s, nil)
	if err != nil {
		return err
	}
	var set []element
	for _, e := range t.set {
		el, err := c.element(t, e)
		if err != nil {
			return err
		}
		set = append(set, el)
	}
	c.f.sets = append(c.f.sets, set)
	by := s.order()
	for _, e := range t.set {
		if m, _ := c.meet(t.place, t.x, e.lo); m.class == signed {
			by = bySigned
		}
	}
	c.put(instr{op: opMember, order: by, each: t.each, a: a, x: len(c.f.sets) - 1})
	return nil
}

func (c *compiler) element(t *member, e interval) (element, *Error) {
	s, err := c.meet(t.x.where().until(e.lo.where()), t.x, e.lo)
	if err != nil {
		return element{}, err
	}
	lo, bits, err := c.emit(e.lo, s, t.x)
	if err != nil || e.hi == nil {
		return element{lo, lo, int16(bits)}, err
	}
	s, err = c.meet(t.x.where().until(e.hi.where()), t.x, e.hi)
	if err != nil {
		return element{}, err
	}
	hi, hibits, err := c.emit(e.hi, s, t.x)
	if err == nil && max(bits, hibits) >= 0 {
		err = e.lo.where().until(e.hi.where()).at(c.text, noPrefix())
	}
	return element{lo, hi, -1}, err
}

func noPrefix() error {
	return malformed("filter.prefix", `a prefix, such as /24, stands only where a field is compared with it or in a set by itself`, nil)
}
