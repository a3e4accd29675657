package field

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"
)

// Value is a field's value: a number or a run of octets, as its Def's Type
// says. Octets are lent by whoever made the Value, and nothing is allocated.
type Value struct {
	num uint64
	oct []byte
}

// Uint is the Value of the unsigned types and FrameNum.
func Uint(n uint64) Value { return Value{num: n} }

// Int is the Value of the signed types.
func Int(n int64) Value { return Value{num: uint64(n)} }

// Truth is the Value of a Bool.
func Truth(b bool) Value {
	if b {
		return Value{num: 1}
	}
	return Value{}
}

// Octets is the Value of a String, Bytes, or an address, which are 4, 16 or 6
// octets in the network's order.
func Octets(b []byte) Value { return Value{oct: b} }

// Unit is the Value of a Protocol: all octets from where it begins, with what
// it carries, and how many of them are its own, as a header's are.
func Unit(b []byte, own int) Value { return Value{num: uint64(min(own, len(b))), oct: b} }

// Moment is the Value of a Time. It holds the years 1678 to 2261.
func Moment(t time.Time) Value { return Int(t.UnixNano()) }

// Span is the Value of a Duration.
func Span(d time.Duration) Value { return Int(int64(d)) }

// Uint gives the number of an unsigned type, and how many octets are a
// Protocol's own.
func (v Value) Uint() uint64 { return v.num }

// Int gives the number of a signed type, and the nanoseconds of a Duration or,
// since 1970, of a Time.
func (v Value) Int() int64 { return int64(v.num) }

// Truth gives a Bool.
func (v Value) Truth() bool { return v.num != 0 }

// Octets gives the octets of a type that has them.
func (v Value) Octets() []byte { return v.oct }

// Append writes the value of a type as text: numbers decimal, addresses as
// usual, octets in hexadecimal, moments in UTC, time spans in seconds.
func (t Type) Append(dst []byte, v Value) []byte {
	switch {
	case t == Bool:
		return strconv.AppendBool(dst, v.Truth())
	case t.Unsigned():
		return strconv.AppendUint(dst, v.num, 10)
	case t.Signed():
		return strconv.AppendInt(dst, v.Int(), 10)
	case t == String:
		return append(dst, v.oct...)
	case t == Protocol, t == Bytes:
		return hex.AppendEncode(dst, v.oct)
	case t == Ether:
		return appendEther(dst, v.oct)
	case t == Addr4, t == Addr6:
		if a, ok := netip.AddrFromSlice(v.oct); ok {
			return a.AppendTo(dst)
		}
		return hex.AppendEncode(dst, v.oct)
	case t == Time:
		return time.Unix(0, v.Int()).UTC().AppendFormat(dst, time.RFC3339Nano)
	case t == Duration:
		return appendSeconds(dst, v.Int())
	}
	return dst
}

func appendEther(dst, oct []byte) []byte {
	for i := range oct {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = hex.AppendEncode(dst, oct[i:i+1])
	}
	return dst
}

func appendSeconds(dst []byte, ns int64) []byte {
	n := uint64(ns)
	if ns < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendUint(dst, n/1e9, 10)
	dst = append(dst, '.')
	at := len(dst)
	dst = strconv.AppendUint(dst, 1e9+n%1e9, 10)
	return append(dst[:at], dst[at+1:]...)
}
