package pop3

import (
	"bytes"
	"math"
	"strconv"
)

// Drop is a drop listing, the answer to STAT (RFC 1939 §5).
type Drop struct {
	Messages int
	Octets   int64
}

// ParseDrop reads "2 320"; what follows the size is ignored, as RFC 1939
// leaves it open.
func ParseDrop(text []byte) (Drop, *Fault) {
	n, size, ok := pair(text)
	if !ok {
		return Drop{}, &Fault{NoListed, 0, "A drop listing is two numbers"}
	}
	return Drop{int(n), size}, nil
}

// Append writes the drop listing.
func (d Drop) Append(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(d.Messages), 10)
	return strconv.AppendInt(append(dst, ' '), d.Octets, 10)
}

// Scan is a scan listing, a line of LIST (RFC 1939 §5).
type Scan struct {
	Message int
	Octets  int64
}

// ParseScan reads "1 120"; what follows the size is ignored.
func ParseScan(text []byte) (Scan, *Fault) {
	n, size, ok := pair(text)
	if !ok || n == 0 {
		return Scan{}, &Fault{NoListed, 0, "A scan listing is a message-number and a size"}
	}
	return Scan{int(n), size}, nil
}

// Append writes the scan listing.
func (s Scan) Append(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(s.Message), 10)
	return strconv.AppendInt(append(dst, ' '), s.Octets, 10)
}

// Unique is a unique-id listing, a line of UIDL (RFC 1939 §7).
type Unique struct {
	Message int
	ID      string
}

// ParseUnique reads "1 whqtswO00WBw418f9t5JxYwZ". The id is one to 70 octets
// from 0x21 to 0x7E, and nothing follows it.
func ParseUnique(text []byte) (Unique, *Fault) {
	first, id, _ := bytes.Cut(text, []byte{' '})
	n, ok := parseNumber(first, math.MaxInt32)
	if !ok || n == 0 || !isVisible(id) || len(id) > MaxUIDL {
		return Unique{}, &Fault{NoListed, 0, "A unique-id listing is a message-number and an id of 1 to 70 characters"}
	}
	return Unique{int(n), string(id)}, nil
}

// Append writes the unique-id listing.
func (u Unique) Append(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(u.Message), 10)
	return append(append(dst, ' '), u.ID...)
}

// pair reads two numbers with one space between, then the end or a space.
func pair(text []byte) (n, size int64, ok bool) {
	first, rest, _ := bytes.Cut(text, []byte{' '})
	second, _, _ := bytes.Cut(rest, []byte{' '})
	if n, ok = parseNumber(first, math.MaxInt32); !ok {
		return 0, 0, false
	}
	size, ok = parseNumber(second, math.MaxInt64)
	return n, size, ok
}

// isVisible says that b is one or more printable ASCII characters, no space.
func isVisible(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
