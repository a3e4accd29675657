package capture

import (
	"bytes"
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
	s.missing = d.missing
	if s.head <= len(b) {
		s.payload = b[s.head:]
	} else { // cut inside the options
		s.missing -= s.head - len(b)
		s.head = len(b)
	}
	s.key, s.side = key{d.src, d.dst, from, to}, 0
	if s.key.swapped() {
		s.key, s.side = key{d.dst, d.src, to, from}, 1
	}
	return true
}

// swapped says that b comes before a.
func (k *key) swapped() bool {
	if order := bytes.Compare(k.a[:], k.b[:]); order != 0 {
		return order > 0
	}
	return k.portB < k.portA
}
