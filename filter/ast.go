package filter

import (
	"strings"

	"posta/field"
)

// test is what holds of a frame or not.
type test interface {
	// print writes it so that it reads as the same test.
	print(b *strings.Builder)
	// rank is how tightly it binds; a test of a lower one needs parentheses.
	rank() int
}

type (
	// both is two tests joined by "or", "xor" or "and".
	both struct {
		op   string // "||", "^^", "&&"
		l, r test
	}
	negated struct{ x test }
	// present holds where a field is, or where x is not nothing.
	present struct {
		x operand
		place
	}
	relation struct {
		each bool // "all": each value must hold; else one is enough
		op   string
		l, r operand
		place
	}
	member struct {
		each, not bool
		x         operand
		set       []interval
		place
	}
)

// interval is one element of a set; hi is nil where it is a single value.
type interval struct{ lo, hi operand }

// operand is what has values.
type operand interface {
	print(b *strings.Builder)
	where() place
	rank() int
}

type (
	fieldRef struct {
		def    *field.Def
		layers []span
		place
	}
	literal struct {
		kind kind   // word, quoted or char
		text string // as it was written
		oct  []byte // what a quoted text or a char stands for
		place
	}
	cut struct {
		x      operand
		ranges []span
		place
	}
	call struct {
		fn   string
		args []operand
		place
	}
	arith struct {
		op   string
		l, r operand
		place
	}
	minus struct {
		x operand
		place
	}
)

func (p place) where() place { return p }

func (t *both) rank() int {
	switch t.op {
	case "||":
		return 1
	case "^^":
		return 2
	}
	return 3
}
func (*negated) rank() int  { return 4 }
func (*present) rank() int  { return 5 }
func (*relation) rank() int { return 5 }
func (*member) rank() int   { return 5 }

func (*fieldRef) rank() int { return 5 }
func (*literal) rank() int  { return 5 }
func (*cut) rank() int      { return 5 }
func (*call) rank() int     { return 5 }
func (*minus) rank() int    { return 4 }
func (a *arith) rank() int  { return arithRank(a.op) }

// arithRank is how tightly an operator of operands binds, 0 for what is none.
func arithRank(op string) int {
	switch op {
	case "&":
		return 1
	case "+", "-":
		return 2
	case "*", "/", "%":
		return 3
	}
	return 0
}

// bracketed writes x, in brackets where it binds less than least.
func bracketed(b *strings.Builder, x interface {
	print(*strings.Builder)
	rank() int
}, least int, brackets string) {
	if x.rank() >= least {
		x.print(b)
		return
	}
	b.WriteByte(brackets[0])
	x.print(b)
	b.WriteByte(brackets[1])
}

func (t *both) print(b *strings.Builder) {
	bracketed(b, t.l, t.rank(), "()")
	b.WriteString(map[string]string{"||": " or ", "^^": " xor ", "&&": " and "}[t.op])
	bracketed(b, t.r, t.rank()+1, "()")
}

func (t *negated) print(b *strings.Builder) {
	b.WriteString("not ")
	bracketed(b, t.x, t.rank(), "()")
}

func (t *present) print(b *strings.Builder) { t.x.print(b) }

func (t *relation) print(b *strings.Builder) {
	if t.each {
		b.WriteString("all ")
	}
	t.l.print(b)
	op := t.op
	if op == "~" {
		op = "matches"
	}
	b.WriteString(" " + op + " ")
	t.r.print(b)
}

func (t *member) print(b *strings.Builder) {
	if t.each {
		b.WriteString("all ")
	}
	t.x.print(b)
	if t.not {
		b.WriteString(" not")
	}
	b.WriteString(" in {")
	for i, e := range t.set {
		if i > 0 {
			b.WriteString(", ")
		}
		e.lo.print(b)
		if e.hi != nil {
			b.WriteString(" .. ")
			e.hi.print(b)
		}
	}
	b.WriteByte('}')
}

func (x *fieldRef) print(b *strings.Builder) {
	b.WriteString(x.def.Name)
	if x.layers != nil {
		b.WriteByte('#')
		printSpans(b, x.layers)
	}
}

func (x *literal) print(b *strings.Builder) {
	if x.kind == quoted {
		b.WriteString(quote(x.oct))
		return
	}
	b.WriteString(x.text)
}

func (x *cut) print(b *strings.Builder) {
	bracketed(b, x.x, 5, "{}")
	printSpans(b, x.ranges)
}

func (x *call) print(b *strings.Builder) {
	b.WriteString(x.fn)
	b.WriteByte('(')
	for i, a := range x.args {
		if i > 0 {
			b.WriteString(", ")
		}
		a.print(b)
	}
	b.WriteByte(')')
}

func (x *arith) print(b *strings.Builder) {
	bracketed(b, x.l, x.rank(), "{}")
	b.WriteString(" " + x.op + " ")
	bracketed(b, x.r, x.rank()+1, "{}")
}

func (x *minus) print(b *strings.Builder) {
	b.WriteByte('-')
	bracketed(b, x.x, 4, "{}")
}

// shown is an operand as a person reads it in an error.
func shown(x operand) string {
	var b strings.Builder
	x.print(&b)
	return b.String()
}
