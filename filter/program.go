package filter

import "posta/field"

// opcode is what one instruction does.
type opcode uint8

const (
	opHas    opcode = iota // result: the field is there
	opLoad                 // dst: the field's values; none: result false, jump
	opLayers               // the same, of the layers in spans[x]
	opCut                  // dst: the octets in spans[x] of each of a
	opLen                  // dst: each one's octets; all are typ wide where that is known
	opCount                // dst: how many there are
	opLower                // dst: each of a in small letters
	opUpper
	opText // dst: each of a, of type typ, as text
	opAbs
	opNegate
	opLeast // dst: the least of dst's and a's
	opMost
	opAdd // dst: of all pairs of a and b
	opSub
	opMul
	opDiv
	opRem
	opAnd
	opAndOctets
	opCompare  // result: each pair of a and b holds, or any
	opContains // the same: b lies within a
	opMatches  // patterns[x] is found in each of a, or any
	opMember   // each of a lies in sets[x], or any
	opSome     // result: there are any in a
	opNonzero  // result: any of a is not nothing
	opNot
	opJumpFalse
	opJumpTrue
	opSave // slot dst: the result
	opXor  // result: differs from slot dst
)

// order is how two values are compared.
type order uint8

const (
	byUnsigned order = iota
	bySigned
	byOctets
)

// instr is one instruction. a and b are registers, or constants where they are
// below nothing.
type instr struct {
	op    opcode
	cmp   relop
	order order
	each  bool
	typ   field.Type
	id    field.ID
	proto field.ID
	a, b  int16
	dst   int16
	bits  int16 // of an address's prefix, or -1
	x     int   // in the table that op says
	jump  int
}

// relop is a comparison; != is == and opNot.
type relop uint8

const (
	equal relop = iota
	less
	lessEqual
	greater
	greaterEqual
)

func relopOf(op string) relop {
	switch op {
	case "<":
		return less
	case "<=":
		return lessEqual
	case ">":
		return greater
	case ">=":
		return greaterEqual
	}
	return equal
}

// holds says whether the comparison holds of values that stand so to each
// other: below nothing, nothing, or above as the first is less, the same, more.
func (c relop) holds(stand int) bool {
	switch c {
	case equal:
		return stand == 0
	case less:
		return stand < 0
	case lessEqual:
		return stand <= 0
	case greater:
		return stand > 0
	}
	return stand >= 0
}

// element is one of a set: registers of its ends, the same for a single value,
// and its prefix's length or -1.
type element struct{ lo, hi, bits int16 }
