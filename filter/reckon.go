package filter

import (
	"math"
	"math/bits"

	"posta/field"
)

// each makes a value of each value of a register.
func (m *Matcher) each(in *instr) {
	out := m.regs[in.dst][:0]
	as := m.list(in.a)
	if in.op == opCount {
		m.regs[in.dst] = append(out, field.Uint(uint64(len(as))))
		return
	}
	for _, a := range as {
		switch in.op {
		case opCut:
			if oct := m.cut(a.Octets()[:length(in.typ, a)], m.f.spans[in.x]); len(oct) > 0 {
				out = append(out, field.Octets(oct))
			}
		case opLen:
			out = append(out, field.Uint(uint64(length(in.typ, a))))
		case opLower, opUpper:
			out = append(out, field.Octets(m.fold(a.Octets(), in.op)))
		case opText:
			from := len(m.arena)
			m.arena = in.typ.Append(m.arena, a)
			out = append(out, field.Octets(m.arena[from:len(m.arena):len(m.arena)]))
		case opAbs:
			if n := a.Int(); n < 0 {
				a = field.Int(-n)
			}
			out = append(out, a)
		case opNegate:
			out = append(out, field.Int(-a.Int()))
		}
	}
	m.regs[in.dst] = out
}

// length counts a value's octets; a protocol's are its own only.
func length(typ field.Type, v field.Value) int {
	switch n := typ.Width(); {
	case typ == field.Protocol:
		return int(v.Uint())
	case typ.Octets() || n == 0:
		return len(v.Octets())
	default:
		return n
	}
}

// cut gives the octets of ranges, up to the first that is not all there.
func (m *Matcher) cut(oct []byte, spans []span) []byte {
	if len(spans) == 1 {
		if from, to, ok := spans[0].within(len(oct)); ok {
			return oct[from:to]
		}
		return nil
	}
	begin := len(m.arena)
	for _, s := range spans {
		from, to, ok := s.within(len(oct))
		if !ok {
			break
		}
		m.arena = append(m.arena, oct[from:to]...)
	}
	return m.arena[begin:len(m.arena):len(m.arena)]
}

// fold writes a text in small or capital letters; only ASCII has them.
func (m *Matcher) fold(oct []byte, op opcode) []byte {
	from := len(m.arena)
	m.arena = append(m.arena, oct...)
	out := m.arena[from:len(m.arena):len(m.arena)]
	for i, c := range out {
		switch {
		case op == opLower && c >= 'A' && c <= 'Z', op == opUpper && c >= 'a' && c <= 'z':
			out[i] = c ^ 0x20
		}
	}
	return out
}

// pairs makes a value of each pair of values. What does not fit into 64 bits,
// and a division by nothing, has none.
func (m *Matcher) pairs(in *instr) {
	out := m.regs[in.dst][:0]
	as, bs := few(m.list(in.a), m.list(in.b))
	for _, a := range as {
		for _, b := range bs {
			if len(out) == maxValues {
				break
			}
			if in.op == opAndOctets {
				out = append(out, field.Octets(m.and(a.Octets(), b.Octets())))
			} else if n, ok := reckon(in.op, a.Int(), b.Int()); ok {
				out = append(out, field.Int(n))
			}
		}
	}
	m.regs[in.dst] = out
}

// and masks octets, as many as both have.
func (m *Matcher) and(a, b []byte) []byte {
	from := len(m.arena)
	for i := range min(len(a), len(b)) {
		m.arena = append(m.arena, a[i]&b[i])
	}
	return m.arena[from:len(m.arena):len(m.arena)]
}

func reckon(op opcode, a, b int64) (n int64, ok bool) {
	switch op {
	case opAdd:
		n = a + b
		return n, (n > a) == (b > 0)
	case opSub:
		n = a - b
		return n, (n < a) == (b > 0)
	case opMul:
		hi, lo := bits.Mul64(magnitude(a), magnitude(b))
		return a * b, hi == 0 && lo <= math.MaxInt64
	case opDiv:
		return divide(a, b, false)
	case opRem:
		return divide(a, b, true)
	}
	return a & b, true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func divide(a, b int64, rest bool) (int64, bool) {
	switch {
	case b == 0 || b == -1 && a == math.MinInt64:
		return 0, false
	case rest:
		return a % b, true
	}
	return a / b, true
}
