package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// A recorded event is
//
//	uvarint length of all that follows, then: version, kind, dir, layer, part
//	(one octet each; the part's high bit is Dot), conn, seq, packet, off, len, the time's seconds and
//	nanoseconds (varints), data, masks, fact.
//
// Data is nil (0) or its length + 1 and the octets; masks are their number and
// pairs; a fact is its tag and its fields, see codecfact.go. A reader skips a
// record whose version it does not know by the length in front.

// Version is the version of the records that Append writes.
const Version = 2

const dotBit = 0x80

// MaxRecord bounds one record, so that a damaged length cannot ask for all memory.
const MaxRecord = 16 << 20

var (
	ErrShort   = errors.New("event: the record is cut off")            // more octets may complete it
	ErrVersion = errors.New("event: the record is of another version") // n says how much to skip
	ErrDamaged = errors.New("event: the record is damaged")
)

// Append appends the event's record to dst. It fails for a fact that is none
// of this package's, and for a record larger than MaxRecord; dst is then
// returned as it was.
func Append(dst []byte, e *Event) ([]byte, error) {
	start := len(dst)
	// Room for the longest length; the body moves down once it is known.
	dst = append(dst, make([]byte, binary.MaxVarintLen32)...)
	body := len(dst)
	part := byte(e.Part)
	if e.Dot {
		part |= dotBit
	}
	dst = append(dst, Version, byte(e.Kind), byte(e.Dir), byte(e.Layer), part)
	dst = binary.AppendUvarint(dst, e.Conn)
	dst = binary.AppendUvarint(dst, e.Seq)
	dst = binary.AppendUvarint(dst, uint64(e.Packet))
	dst = binary.AppendVarint(dst, e.Off)
	dst = binary.AppendVarint(dst, e.Len)
	dst = binary.AppendVarint(dst, e.Time.Unix())
	dst = binary.AppendUvarint(dst, uint64(e.Time.Nanosecond()))
	if e.Data == nil {
		dst = append(dst, 0)
	} else {
		dst = binary.AppendUvarint(dst, uint64(len(e.Data))+1)
		dst = append(dst, e.Data...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.Mask)))
	for _, m := range e.Mask {
		dst = binary.AppendVarint(dst, int64(m.Off))
		dst = binary.AppendVarint(dst, int64(m.Len))
	}
	dst, err := appendFact(dst, e.Fact)
	if err != nil {
		return dst[:start], err
	}
	n := len(dst) - body
	if n > MaxRecord {
		return dst[:start], fmt.Errorf("event: a record of %d octets; at most %d are allowed", n, MaxRecord)
	}
	head := binary.AppendUvarint(dst[:start], uint64(n))
	return append(head, dst[body:]...), nil
}

// Decode reads one record off the front of src into e and gives its length.
// e.Data is lent: it lies in src. Strings of facts are copies. The time comes
// back in UTC.
func Decode(src []byte, e *Event) (n int, err error) {
	size, head := binary.Uvarint(src)
	switch {
	case head == 0:
		return 0, ErrShort
	case head < 0 || size > MaxRecord || size == 0:
		return 0, ErrDamaged
	case uint64(len(src)-head) < size:
		return 0, ErrShort
	}
	n = head + int(size)
	r := reader{rest: src[head:n:n]}
	if v := r.octet(); v != Version {
		return n, ErrVersion
	}
	*e = Event{}
	r.event(e)
	if r.bad || len(r.rest) > 0 {
		*e = Event{}
		return n, ErrDamaged
	}
	return n, nil
}

// Head reads of a record only what it is about, and its length. Of a damaged one
// the rest may still fail to decode.
func Head(src []byte) (n int, kind Kind, conn uint64, err error) {
	size, head := binary.Uvarint(src)
	switch {
	case head == 0:
		return 0, 0, 0, ErrShort
	case head < 0 || size > MaxRecord || size == 0:
		return 0, 0, 0, ErrDamaged
	case uint64(len(src)-head) < size:
		return 0, 0, 0, ErrShort
	}
	n = head + int(size)
	r := reader{rest: src[head:n:n]}
	if v := r.octet(); v != Version {
		return n, 0, 0, ErrVersion
	}
	kind = Kind(r.octet())
	r.take(3) // dir, layer, part
	if conn = r.uvarint(); r.bad {
		return n, 0, 0, ErrDamaged
	}
	return n, kind, conn, nil
}

func (r *reader) event(e *Event) {
	e.Kind, e.Dir = Kind(r.octet()), Dir(r.octet())
	e.Layer = Layer(r.octet())
	part := r.octet()
	e.Part, e.Dot = Part(part&^dotBit), part&dotBit != 0
	e.Conn, e.Seq = r.uvarint(), r.uvarint()
	packet := r.uvarint()
	e.Packet = uint32(packet)
	e.Off, e.Len = r.varint(), r.varint()
	seconds, nanos := r.varint(), r.uvarint()
	if packet > 1<<32-1 || nanos >= 1e9 {
		r.bad = true
		return
	}
	e.Time = time.Unix(seconds, int64(nanos)).UTC()
	if n := r.uvarint(); n > 0 {
		e.Data = r.take(n - 1)
	}
	e.Mask = r.spans()
	e.Fact = r.fact()
}

// reader takes a record apart; after the first fault it gives zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) octet() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// take gives the next n octets, never nil unless the record is damaged.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) spans() []Span {
	n := r.uvarint()
	if n == 0 || n > uint64(len(r.rest))/2 { // a span takes two octets at least
		r.bad = r.bad || n != 0
		return nil
	}
	spans := make([]Span, n)
	for i := range spans {
		spans[i] = Span{int(r.varint()), int(r.varint())}
	}
	return spans
}
