package mailroom

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"
)

// idDigits are the 32 digits of an id in their ASCII order, without the
// letters that are mistaken for others.
const idDigits = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	idLength  = 13
	tagBits   = 14                    // of 65: they tell processes apart that share a store
	idEpochUS = 1_577_836_800_000_000 // 2020-01-01 in microseconds
)

// ids makes queue ids: 13 digits that sort by time and never repeat. 51 bits
// count microseconds and 14 bits are the process's own.
type ids struct {
	last atomic.Int64
	tag  uint64
	now  func() time.Time
}

func newIDs(now func() time.Time) *ids {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return &ids{tag: binary.LittleEndian.Uint64(b[:]) % (1 << tagBits), now: now}
}

// next gives an id that is greater than all before.
func (g *ids) next() string {
	at := g.now().UnixMicro() - idEpochUS
	for {
		last := g.last.Load()
		n := max(at, last+1)
		if g.last.CompareAndSwap(last, n) {
			return idText(uint64(n), g.tag)
		}
	}
}

func idText(micros, tag uint64) string {
	var b [idLength]byte
	low := micros<<tagBits | tag // 64 bits; the 65th is micros>>50
	for i := idLength - 1; i > 0; i-- {
		b[i] = idDigits[low%32]
		low /= 32
	}
	b[0] = idDigits[low%16+micros>>50%2*16]
	return string(b[:])
}
