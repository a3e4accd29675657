package capture

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"time"
)

// Options of pcapng's blocks, draft-ietf-opsawg-pcapng §3.5; the names' codes
// are those of Interface Description Blocks.
const (
	optEnd         = 0
	optComment     = 1
	optName        = 2
	optDescription = 3
	optResolution  = 9
	optOffset      = 14

	optApplication = 4 // of a section

	optReceived = 4 // of an interface's statistics
	optDropped  = 5
)

// options walks through a block's. A list that is damaged ends early: the
// packet before it is worth more.
type options struct {
	order binary.ByteOrder
	rest  []byte
	code  uint16
	value []byte
}

func (f *pcapng) options(body []byte) options { return options{order: f.order, rest: body} }

func (o *options) next() bool {
	if len(o.rest) < 4 {
		return false
	}
	code, n := o.order.Uint16(o.rest), int(o.order.Uint16(o.rest[2:]))
	if code == optEnd || n > len(o.rest)-4 {
		o.rest = nil
		return false
	}
	o.code, o.value = code, o.rest[4:4+n]
	o.rest = o.rest[min(len(o.rest), 4+(n+3)&^3):]
	return true
}

// trimmed is an option's text; some writers end theirs with a NUL.
func trimmed(v []byte) string { return strings.TrimRight(string(v), "\x00") }

// clock reads the stamps of an interface.
type clock struct {
	units  uint64 // of a second
	offset int64  // seconds
}

var microseconds = clock{units: 1e6}

// resolution reads if_tsresol: a negative power of ten, or of two.
func resolution(v byte) (units uint64, ok bool) {
	n := v & 0x7f
	if v&0x80 != 0 {
		return 1 << n, n <= 63
	}
	units = 1
	for range n {
		hi, lo := bits.Mul64(units, 10)
		if hi != 0 {
			return 1, false
		}
		units = lo
	}
	return units, true
}

// maxSeconds is how far from 1970 a moment may be: nanoseconds in 64 bits reach
// from 1677 to 2262.
const maxSeconds = math.MaxInt64/1_000_000_000 - 1

// time is a stamp's. One that lies further away is damage, of the stamp alone:
// the packet has no time then.
func (c clock) time(ts uint64) time.Time {
	since := ts / c.units
	seconds := int64(since) + c.offset
	if since > math.MaxInt64 || c.offset > 0 && seconds < c.offset || seconds > maxSeconds || seconds < -maxSeconds {
		return time.Time{}
	}
	hi, lo := bits.Mul64(ts%c.units, 1e9)
	nanos, _ := bits.Div64(hi, lo, c.units) // the fraction is below one, so it fits
	return time.Unix(seconds, int64(nanos)).UTC()
}
