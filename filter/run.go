package filter

import (
	"bytes"
	"cmp"

	"posta/field"
)

// maxValues is how many values a register holds: what arithmetic makes of two
// fields that stand in a frame a thousand times each is cut off there.
const maxValues = 1 << 16

// A peer says how often a field stands in a frame. Where the values of two
// operands make more than maxPairs, the first maxPaired of each are paired.
const (
	maxPairs  = 1 << 20
	maxPaired = 1000
)

// few gives those of two operands' values that are paired.
func few(as, bs []field.Value) (a, b []field.Value) {
	if len(as)*len(bs) <= maxPairs {
		return as, bs
	}
	return as[:min(len(as), maxPaired)], bs[:min(len(bs), maxPaired)]
}

// Matcher matches Trees with a Filter. It belongs to one goroutine.
type Matcher struct {
	f     *Filter
	regs  [][]field.Value
	slots []bool
	arena []byte // octets that were made, as by lower()
}

// Match says whether the filter holds of what was found in a frame.
func (m *Matcher) Match(t *field.Tree) bool {
	m.arena = m.arena[:0]
	result := true
	code := m.f.code
	for pc := 0; pc < len(code); pc++ {
		in := &code[pc]
		switch in.op {
		case opHas:
			result = t.Has(in.id)
		case opLoad, opLayers:
			if result = m.load(t, in); !result {
				pc = in.jump - 1
			}
		case opCompare:
			result = m.compare(in)
		case opContains, opMatches:
			result = m.search(in)
		case opMember:
			result = m.member(in)
		case opSome:
			result = len(m.list(in.a)) > 0
		case opNonzero:
			result = m.nonzero(in)
		case opNot:
			result = !result
		case opJumpFalse:
			if !result {
				pc = in.jump - 1
			}
		case opJumpTrue:
			if result {
				pc = in.jump - 1
			}
		case opSave:
			m.slots[in.dst] = result
		case opXor:
			result = result != m.slots[in.dst]
		case opLeast, opMost:
			m.best(in)
		case opAdd, opSub, opMul, opDiv, opRem, opAnd, opAndOctets:
			m.pairs(in)
		default:
			m.each(in)
		}
	}
	return result
}

// list gives the values of a register or a constant.
func (m *Matcher) list(at int16) []field.Value {
	if at < 0 {
		return m.f.consts[-at-1 : -at]
	}
	return m.regs[at]
}

// load puts a field's values into a register, and says whether there are any.
func (m *Matcher) load(t *field.Tree, in *instr) bool {
	out := m.regs[in.dst][:0]
	if t.Has(in.id) {
		if in.op == opLayers {
			out = m.layers(t, in, out)
		} else {
			for i := range t.Nodes {
				if t.Nodes[i].Def.ID == in.id {
					out = append(out, t.Nodes[i].Val)
				}
			}
		}
	}
	m.regs[in.dst] = out
	return len(out) > 0
}

// layers loads a field from some of its protocol's layers. A layer begins with
// the protocol's own node.
func (m *Matcher) layers(t *field.Tree, in *instr, out []field.Value) []field.Value {
	count := 0
	for i := range t.Nodes {
		if t.Nodes[i].Def.ID == in.proto {
			count++
		}
	}
	layer := 0
	for i := range t.Nodes {
		id := t.Nodes[i].Def.ID
		if id == in.proto {
			layer++
		}
		if id != in.id {
			continue
		}
		for _, s := range m.f.spans[in.x] {
			if s.holds(layer, count) {
				out = append(out, t.Nodes[i].Val)
				break
			}
		}
	}
	return out
}

// stand says how two values stand to each other: below nothing where the first
// is less. bits is how many of an address count, or -1.
func stand(by order, bits int16, a, b field.Value) int {
	switch by {
	case byUnsigned:
		return cmp.Compare(a.Uint(), b.Uint())
	case bySigned:
		return cmp.Compare(a.Int(), b.Int())
	}
	if bits < 0 {
		return bytes.Compare(a.Octets(), b.Octets())
	}
	return standPrefix(int(bits), a.Octets(), b.Octets())
}

func standPrefix(bits int, a, b []byte) int {
	whole := bits / 8
	if len(a) != len(b) || len(a) < (bits+7)/8 {
		return bytes.Compare(a, b)
	}
	if c := bytes.Compare(a[:whole], b[:whole]); c != 0 || bits%8 == 0 {
		return c
	}
	shift := 8 - bits%8
	return cmp.Compare(a[whole]>>shift, b[whole]>>shift)
}

func (m *Matcher) compare(in *instr) bool {
	as, bs := few(m.list(in.a), m.list(in.b))
	for _, a := range as {
		for _, b := range bs {
			if in.cmp.holds(stand(in.order, in.bits, a, b)) != in.each {
				return !in.each
			}
		}
	}
	return in.each && len(as) > 0 && len(bs) > 0
}

// search is contains and matches.
func (m *Matcher) search(in *instr) bool {
	if in.op == opMatches {
		as := m.list(in.a)
		for _, a := range as {
			if m.f.patterns[in.x].Match(a.Octets()) != in.each {
				return !in.each
			}
		}
		return in.each && len(as) > 0
	}
	as, bs := few(m.list(in.a), m.list(in.b))
	for _, a := range as {
		for _, b := range bs {
			if bytes.Contains(a.Octets(), b.Octets()) != in.each {
				return !in.each
			}
		}
	}
	return in.each && len(as) > 0 && len(bs) > 0
}

func (m *Matcher) member(in *instr) bool {
	as := m.list(in.a)
	for _, e := range m.f.sets[in.x] {
		as, _ = few(as, m.list(e.lo))
		as, _ = few(as, m.list(e.hi))
	}
	for _, a := range as {
		if m.within(in, a, as) != in.each {
			return !in.each
		}
	}
	return in.each && len(as) > 0
}

// within says that a value, one of all, lies in a set.
func (m *Matcher) within(in *instr, a field.Value, all []field.Value) bool {
	for _, e := range m.f.sets[in.x] {
		_, ends := few(all, m.list(e.lo))
		above := false
		for _, lo := range ends {
			low := stand(in.order, e.bits, a, lo)
			if low == 0 {
				return true
			}
			above = above || low > 0
		}
		if !above || e.lo == e.hi { // a single operand is no range, however many values it has
			continue
		}
		_, ends = few(all, m.list(e.hi))
		for _, hi := range ends {
			if stand(in.order, -1, a, hi) <= 0 {
				return true
			}
		}
	}
	return false
}

func (m *Matcher) nonzero(in *instr) bool {
	for _, a := range m.list(in.a) {
		if a.Uint() != 0 {
			return true
		}
		for _, o := range a.Octets() {
			if o != 0 {
				return true
			}
		}
	}
	return false
}

// best holds each of a against the best yet in dst; the first call empties it.
func (m *Matcher) best(in *instr) {
	out := m.regs[in.dst]
	if in.each {
		out = out[:0]
	}
	for _, a := range m.list(in.a) {
		switch {
		case len(out) == 0:
			out = append(out, a)
		case (stand(in.order, -1, a, out[0]) < 0) == (in.op == opLeast):
			out[0] = a
		}
	}
	m.regs[in.dst] = out
}
