package filter

import "posta/field"

// class is what can be compared with what.
type class uint8

const (
	unknown  class = iota // a constant, which becomes what it is compared with
	nothing               // a field that is only there or not
	truth                 // Bool
	unsigned              // Uint8 …, FrameNum
	signed                // Int16 …, and what was reckoned
	text                  // String
	octets                // Bytes, Protocol, slices
	addr4
	addr6
	ether
	moment
	span64 // Duration
)

// sort is what values an operand has.
type sort struct {
	class
	typ field.Type // the field's, so that its Width and its text are known
}

func sortOf(t field.Type) sort {
	switch t {
	case field.None:
		return sort{nothing, t}
	case field.Bool:
		return sort{truth, t}
	case field.String:
		return sort{text, t}
	case field.Bytes, field.Protocol:
		return sort{octets, t}
	case field.Addr4:
		return sort{addr4, t}
	case field.Addr6:
		return sort{addr6, t}
	case field.Ether:
		return sort{ether, t}
	case field.Time:
		return sort{moment, t}
	case field.Duration:
		return sort{span64, t}
	}
	if t.Signed() {
		return sort{signed, t}
	}
	return sort{unsigned, t}
}

// number says that values are whole numbers.
func (c class) number() bool { return c == unsigned || c == signed }

// runs says that values are runs of octets.
func (c class) runs() bool { return c >= text && c <= ether }

// order is how the machine compares two values of the class.
func (c class) order() order {
	switch {
	case c.runs():
		return byOctets
	case c == unsigned || c == truth:
		return byUnsigned
	}
	return bySigned
}

// common is the class that values of two classes are compared in, unknown
// where they cannot be.
func common(a, b class) class {
	switch {
	case a == b:
		return a
	case a.number() && b.number():
		return signed
	case a == octets && b == text || a == text && b == octets:
		return octets
	}
	return unknown
}

// reckoned is what comes out of arithmetic: it may be larger than its field,
// or below nothing.
func reckoned(s sort) sort {
	if s.class == unsigned {
		return sort{signed, field.None}
	}
	return sort{s.class, field.None}
}

// sort says what values an operand has, class unknown for constants. It is
// asked of each part of an operand again, so it remembers.
func (c *compiler) sort(x operand) (sort, *Error) {
	if s, ok := c.sorts[x]; ok {
		return s, nil
	}
	s, err := c.newSort(x)
	if err == nil {
		c.sorts[x] = s
	}
	return s, err
}

func (c *compiler) newSort(x operand) (sort, *Error) {
	switch x := x.(type) {
	case *fieldRef:
		return sortOf(x.def.Type), nil
	case *cut:
		return sort{octets, field.Bytes}, c.cuttable(x)
	case *minus:
		return c.sortOfMinus(x)
	case *call:
		return c.result(x)
	case *arith:
		l, err := c.sort(x.l)
		if err != nil {
			return l, err
		}
		r, err := c.sort(x.r)
		if err != nil {
			return r, err
		}
		return c.sortOfArith(x, l, r)
	}
	return sort{}, nil
}

func (c *compiler) cuttable(x *cut) *Error {
	s, err := c.sort(x.x)
	if err != nil || s.class.runs() {
		return err
	}
	if s.class == unknown {
		return x.at(c.text, constants())
	}
	return x.at(c.text, malformed("filter.no_slice", `{{.Name}} is no text and no octets, of which [ ] could take a part`,
		map[string]any{"Name": shown(x.x)}))
}

func (c *compiler) sortOfMinus(x *minus) (sort, *Error) {
	s, err := c.sort(x.x)
	if err == nil && s.class != unknown && !s.class.number() && s.class != span64 {
		err = c.noArithmetic(x.place, x.x, "-")
	}
	return reckoned(s), err
}

func (c *compiler) noArithmetic(at place, x operand, op string) *Error {
	return at.at(c.text, malformed("filter.no_arithmetic", `{{.Operator}} does not work on {{.Name}}`,
		map[string]any{"Name": shown(x), "Operator": op}))
}

func (c *compiler) sortOfArith(x *arith, l, r sort) (sort, *Error) {
	if l.class == unknown && r.class == unknown {
		return sort{}, nil
	}
	both := l.class
	switch {
	case l.class == unknown:
		both = r.class
	case r.class != unknown:
		if both = common(l.class, r.class); both == unknown {
			return sort{}, c.incompatible(x.place, x.l, x.r)
		}
	}
	fits := both.number()
	switch x.op {
	case "&":
		fits = fits || both.runs() && both != text
	case "+", "-":
		fits = fits || both == span64
	}
	if !fits {
		side := x.l
		if l.class == unknown {
			side = x.r
		}
		return sort{}, c.noArithmetic(x.place, side, x.op)
	}
	return reckoned(sort{both, field.None}), nil
}

// result is what a function gives.
func (c *compiler) result(x *call) (sort, *Error) {
	arg, err := c.sort(x.args[0])
	if err == nil && x.fn != "max" && x.fn != "min" {
		err = c.argument(x, arg)
	}
	if err != nil {
		return arg, err
	}
	switch x.fn {
	case "count", "len":
		return sort{unsigned, field.Uint64}, nil
	case "lower", "upper", "string":
		return sort{text, field.String}, nil
	case "abs":
		return reckoned(arg), nil
	}
	for _, a := range x.args[1:] {
		s, err := c.sort(a)
		switch {
		case err != nil:
			return s, err
		case arg.class == unknown:
			arg = s
		case s.class != unknown:
			if arg.class = common(arg.class, s.class); arg.class == unknown {
				return s, c.incompatible(x.place, x.args[0], a)
			}
		}
	}
	switch arg.class {
	case unknown:
		return arg, x.at(c.text, constants())
	case signed:
		arg.typ = field.None
	}
	return arg, nil
}

// argument says what is wrong with what a function of one value was given.
func (c *compiler) argument(x *call, arg sort) *Error {
	var what error
	args := map[string]any{"Function": x.fn, "Name": shown(x.args[0])}
	switch {
	case arg.class == unknown:
		what = constants()
	case x.fn == "len" && !arg.class.runs() && arg.typ.Width() == 0:
		what = malformed("filter.len", `{{.Function}}() counts octets, and {{.Name}} has none`, args)
	case (x.fn == "lower" || x.fn == "upper") && arg.class != text:
		what = malformed("filter.letters", `{{.Function}}() takes a text, and {{.Name}} is none`, args)
	case x.fn == "string" && !printable(arg.class):
		what = malformed("filter.string", `{{.Function}}() takes a number or an address, and {{.Name}} is neither`, args)
	case x.fn == "abs" && !arg.class.number() && arg.class != span64:
		what = malformed("filter.abs", `{{.Function}}() takes a number, and {{.Name}} is none`, args)
	}
	if what == nil {
		return nil
	}
	return x.at(c.text, what)
}

func (c *compiler) incompatible(at place, l, r operand) *Error {
	return at.at(c.text, malformed("filter.incompatible", `{{.Left}} and {{.Right}} are of different kinds and cannot be compared`,
		map[string]any{"Left": shown(l), "Right": shown(r)}))
}
