package field

import (
	"iter"
	"math/bits"
)

// Set is a set of fields. Its zero value is empty.
type Set [(end + 63) / 64]uint64

// Add puts fields in.
func (s *Set) Add(ids ...ID) {
	for _, id := range ids {
		s[id/64] |= 1 << (id % 64)
	}
}

// Has says whether the field is in.
func (s *Set) Has(id ID) bool { return s[id/64]&(1<<(id%64)) != 0 }

// All gives the fields in the order of their IDs.
func (s *Set) All() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				if !yield(ID(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}
