// Package field holds named values over octets: the fields that a dissector
// finds in a frame and a display filter asks for. Names and types are those of
// Wireshark 4, so that who knows one knows the other.
//
// It knows no protocol's grammar and imports no other room. Start reading at
// Def, then Tree.
package field

import (
	"strings"
	"sync"
)

// Type is what kind of value a field has.
type Type uint8

const (
	None     Type = iota // it is there or it is not
	Protocol             // the octets of a whole protocol data unit
	Bool
	Uint8
	Uint16
	Uint24
	Uint32
	Uint64
	Int16
	Int32
	FrameNum // the number of a frame
	String
	Bytes
	Addr4 // an IPv4 address
	Addr6 // an IPv6 address
	Ether
	Time     // a moment
	Duration // a time span
)

// Unsigned says that values are numbers that cannot be below nothing.
func (t Type) Unsigned() bool { return t >= Uint8 && t <= Uint64 || t == FrameNum }

// Signed says that values are numbers that can be below nothing.
func (t Type) Signed() bool { return t == Int16 || t == Int32 }

// Octets says that a value is a run of octets, as Value.Octets gives it.
func (t Type) Octets() bool {
	switch t {
	case Protocol, String, Bytes, Addr4, Addr6, Ether:
		return true
	}
	return false
}

// Width is how many octets a value has on the network, 0 where that varies.
func (t Type) Width() int {
	switch t {
	case Uint8:
		return 1
	case Uint16, Int16:
		return 2
	case Uint24:
		return 3
	case Uint32, Int32, FrameNum, Addr4:
		return 4
	case Ether:
		return 6
	case Uint64:
		return 8
	case Addr6:
		return 16
	}
	return 0
}

// ID is a field's place in the table. The constants are named as the fields
// are, without the dots.
type ID uint16

// Def is what is known of a field before any frame is seen.
type Def struct {
	ID   ID
	Name string // Wireshark's
	Type Type
}

// Of gives the Def of an ID. There is one for each constant; of another it is
// the Def of nobody, which has no name.
func Of(id ID) *Def {
	switch {
	case id < linkEnd:
		return &linkDefs[id]
	case id < streamEnd:
		return &streamDefs[id-linkEnd]
	case id < end:
		return &mailDefs[id-streamEnd]
	}
	return &linkDefs[0]
}

// Protocol is the Def of the protocol that the field belongs to.
func (d *Def) Protocol() *Def {
	if d.Type == Protocol {
		return d
	}
	name, _, _ := strings.Cut(d.Name, ".")
	return ByName(name)
}

// names finds a Def by its name. It is filled once, and never changed.
var names = sync.OnceValue(func() map[string]*Def {
	m := make(map[string]*Def, end)
	for id := ID(1); id < end; id++ {
		m[Of(id).Name] = Of(id)
	}
	return m
})

// ByName finds the field of that name, or nil.
func ByName(name string) *Def { return names()[name] }
