package capture

import (
	"cmp"
	"encoding/binary"
)

// The flags of TCP (RFC 9293 §3.1).
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// segment is a TCP segment taken apart.
type segment struct {
	key     key
	side    uint8 // who sent it: 0 is the key's a, 1 its b
	seq     uint32
	ack     uint32
	flags   uint16
	payload []byte
	missing int // octets behind payload that were not captured
	head    int // octets of the header
}

// size is the payload's on the network.
func (s *segment) size() int { return len(s.payload) + s.missing }

// key names the two ends of a connection, the smaller one first.
type key struct {
	a, b         [16]byte
	portA, portB uint16
}

// parse takes apart what lies in a datagram; b is its payload.
func (s *segment) parse(d *datagram, b []byte) (ok bool) {
	if len(b) < 20 {
		return false
	}
	s.head = int(b[12]>>4) * 4
	if s.head < 20 || s.head > len(b)+d.missing {
		return false
	}
	from, to := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	s.seq, s.ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	s.flags = binary.BigEndian.Uint16(b[12:]) & 0x0fff
	s.payload, s.missing = b[min(s.head, len(b)):], d.missing
	if s.head > len(b) { // cut inside the options
		s.missing -= s.head - len(b)
		s.head = len(b)
	}
	s.side = s.key.set(&d.src, &d.dst, from, to)
	return true
}

// set makes the key of two ends, and says which of its sides the first one is.
func (k *key) set(src, dst *[16]byte, from, to uint16) (side uint8) {
	order := cmp.Compare(binary.BigEndian.Uint64(src[:]), binary.BigEndian.Uint64(dst[:]))
	if order == 0 {
		order = cmp.Compare(binary.BigEndian.Uint64(src[8:]), binary.BigEndian.Uint64(dst[8:]))
	}
	if order > 0 || order == 0 && to < from {
		k.a, k.b, k.portA, k.portB = *dst, *src, to, from
		return 1
	}
	k.a, k.b, k.portA, k.portB = *src, *dst, from, to
	return 0
}
