package capture

import (
	"encoding/binary"

	"posta/event"
)

// quoted sees whether an ICMP error quotes a segment of a known stream, of
// which it tells then (RFC 792; RFC 4443 §2.4). Its octets are joined to none.
func (j *Joiner) quoted(d *datagram, b []byte, at int) {
	if len(b) < 8 || !isICMPError(d.proto, b[0]) {
		return
	}
	var inner datagram
	if !inner.parse(b, 8) || inner.proto != protoTCP || inner.fragment > 0 || inner.end-inner.off < 8 {
		return
	}
	h := b[inner.off:inner.end]
	var k key
	side := k.set(&inner.src, &inner.dst, binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:]))
	st := j.streams[k]
	if st == nil {
		return
	}
	j.about, j.aboutSide = st, side
	j.seg.Marks |= event.Quoted
	j.seg.Transport = int32(at + inner.off)
	j.seg.Seq = binary.BigEndian.Uint32(h[4:])
}

// isICMPError knows the messages that quote what they are about.
func isICMPError(proto, kind byte) bool {
	if proto == protoICMPv6 {
		return kind >= 1 && kind <= 4
	}
	return kind == 3 || kind == 4 || kind == 5 || kind == 11 || kind == 12
}
