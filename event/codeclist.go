package event

import (
	"encoding/binary"
	"math"
	"time"
)

func appendDeliveries(dst []byte, to []Delivery) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(to)))
	for i := range to {
		d := &to[i]
		dst = appendStrings(dst, d.Recipient, d.Mailbox)
		dst = binary.AppendUvarint(binary.AppendVarint(dst, d.Account), uint64(d.UID))
	}
	return dst
}

func (r *reader) deliveries() []Delivery {
	n := r.count(4) // two empty texts and two numbers
	if n == 0 {
		return nil
	}
	to := make([]Delivery, n)
	for i := range to {
		to[i] = Delivery{Recipient: r.text(), Mailbox: r.text(), Account: r.varint(), UID: r.uid()}
	}
	return to
}

func appendUIDs(dst []byte, uids []uint32) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(uids)))
	for _, uid := range uids {
		dst = binary.AppendUvarint(dst, uint64(uid))
	}
	return dst
}

func (r *reader) uids() []uint32 {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	uids := make([]uint32, n)
	for i := range uids {
		uids[i] = r.uid()
	}
	return uids
}

// count reads how many follow, each of at least so many octets.
func (r *reader) count(least int) uint64 {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) uid() uint32 {
	n := r.uvarint()
	r.bad = r.bad || n > math.MaxUint32
	return uint32(n)
}

func appendOnward(dst []byte, to []Onward) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(to)))
	for i := range to {
		dst = appendStrings(dst, to[i].Recipient, to[i].To)
	}
	return dst
}

func (r *reader) onward() []Onward {
	n := r.count(2) // two empty texts
	if n == 0 {
		return nil
	}
	to := make([]Onward, n)
	for i := range to {
		to[i] = Onward{Recipient: r.text(), To: r.text()}
	}
	return to
}

func (r *reader) texts() []string {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	all := make([]string, n)
	for i := range all {
		all[i] = r.text()
	}
	return all
}

func appendMoment(dst []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(dst, t.Unix()), uint64(t.Nanosecond()))
}

func (r *reader) moment() time.Time {
	seconds, nanos := r.varint(), r.uvarint()
	if nanos >= 1e9 {
		r.bad = true
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}
