package filter

import "posta/field"

// emit leaves in the program what gives an operand's values, and says where
// they are. want is what a constant becomes, of what it is compared with.
func (c *compiler) emit(x operand, want sort, of operand) (at int16, bits int, err *Error) {
	switch x := x.(type) {
	case *literal:
		v, bits, err := c.constant(x, want, of)
		c.f.consts = append(c.f.consts, v)
		return int16(-len(c.f.consts)), bits, err
	case *fieldRef:
		return c.load(x), -1, nil
	case *cut:
		s, err := c.sort(x.x)
		if err != nil {
			return 0, -1, err
		}
		a, err := c.part(x.x, s, nil)
		dst := c.reg()
		c.put(instr{op: opCut, a: a, dst: dst, typ: s.typ, x: c.spans(x.ranges)})
		return dst, -1, err
	case *minus:
		if !want.class.number() && want.class != span64 {
			return 0, -1, c.noArithmetic(x.place, of, "-")
		}
		a, err := c.part(x.x, reckoned(want), of)
		dst := c.reg()
		c.put(instr{op: opNegate, a: a, dst: dst})
		return dst, -1, err
	case *arith:
		at, err = c.arith(x, want, of)
	case *call:
		at, err = c.call(x)
	}
	return at, -1, err
}

// part emits an operand within another, where no prefix may stand.
func (c *compiler) part(x operand, want sort, of operand) (int16, *Error) {
	at, bits, err := c.emit(x, want, of)
	if err == nil && bits >= 0 {
		err = x.where().at(c.text, noPrefix())
	}
	return at, err
}

func (c *compiler) load(x *fieldRef) int16 {
	c.f.needs.Add(x.def.ID)
	in := instr{op: opLoad, id: x.def.ID, dst: c.reg()}
	if x.layers != nil {
		in.op, in.proto, in.x = opLayers, x.def.Protocol().ID, c.spans(x.layers)
		c.f.needs.Add(in.proto)
	}
	c.empty = append(c.empty, c.put(in))
	return in.dst
}

func (c *compiler) arith(x *arith, want sort, of operand) (int16, *Error) {
	s, err := c.sort(x)
	if err != nil {
		return 0, err
	}
	if s.class == unknown {
		s = reckoned(want)
		if s, err = c.sortOfArith(x, s, s); err != nil {
			return 0, err
		}
	} else {
		of = x
	}
	a, err := c.part(x.l, s, of)
	if err != nil {
		return 0, err
	}
	b, err := c.part(x.r, s, of)
	if err != nil {
		return 0, err
	}
	in := instr{a: a, b: b, dst: c.reg()}
	switch x.op {
	case "+":
		in.op = opAdd
	case "-":
		in.op = opSub
	case "*":
		in.op = opMul
	case "/":
		in.op = opDiv
	case "%":
		in.op = opRem
	case "&":
		in.op = opAnd
		if s.class.runs() {
			in.op = opAndOctets
		}
	}
	c.put(in)
	return in.dst, nil
}

func (c *compiler) call(x *call) (int16, *Error) {
	s, err := c.sort(x)
	if err != nil {
		return 0, err
	}
	if x.fn == "max" || x.fn == "min" {
		return c.best(x, s)
	}
	arg, err := c.sort(x.args[0])
	if err != nil {
		return 0, err
	}
	a, err := c.part(x.args[0], arg, nil)
	in := instr{a: a, dst: c.reg(), typ: arg.typ}
	switch x.fn {
	case "count":
		in.op = opCount
	case "len":
		in.op = opLen
	case "lower":
		in.op = opLower
	case "upper":
		in.op = opUpper
	case "abs":
		in.op = opAbs
	case "string":
		in.op = opText
		if arg.class == signed {
			in.typ = field.Int32 // whatever its width, it is written so
		}
	}
	c.put(in)
	return in.dst, err
}

// best is max and min: one value after the other is held against the best yet.
func (c *compiler) best(x *call, s sort) (int16, *Error) {
	op := opMost
	if x.fn == "min" {
		op = opLeast
	}
	dst := c.reg()
	for i, arg := range x.args {
		a, err := c.part(arg, s, x)
		if err != nil {
			return dst, err
		}
		c.put(instr{op: op, a: a, dst: dst, order: s.order(), each: i == 0})
	}
	return dst, nil
}
