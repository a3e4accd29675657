package capture

import "encoding/binary"

// The numbers of IP's payloads that are looked into.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoAuth     = 51
	protoICMPv6   = 58
	protoDestOpts = 60
	protoMobility = 135
)

// maxHeaders bounds IPv6's extension headers, and packets inside packets.
const maxHeaders = 16

// datagram is an IP packet, or a fragment of one, taken apart.
type datagram struct {
	src, dst [16]byte // IPv4 as ::ffff:a.b.c.d
	proto    byte
	off, end int // the payload's place in the octets
	inner    int // where its header lies, inside of another's; 0: it is in none
	missing  int // payload octets on the network behind end that were not captured

	id         uint32
	fragment   int  // the payload's place in the whole
	fragmented bool // it is not the whole
	more       bool // further fragments follow
}

// parse takes apart the IP packet that begins at off, and those inside it.
func (d *datagram) parse(b []byte, off int) (ok bool) {
	if !d.parseOne(b, off) {
		return false
	}
	for range maxHeaders {
		if d.fragmented {
			break
		}
		at := d.within(b)
		if at < 0 {
			break
		}
		outer := *d
		if b = b[:d.end]; !d.parseOne(b, at) {
			*d = outer
			break
		}
		d.inner = at
	}
	return true
}

func (d *datagram) parseOne(b []byte, off int) (ok bool) {
	*d = datagram{}
	if off >= len(b) {
		return false
	}
	switch b[off] >> 4 {
	case 4:
		return d.parseIPv4(b, off)
	case 6:
		return d.parseIPv6(b, off)
	}
	return false
}

func (d *datagram) parseIPv4(b []byte, off int) (ok bool) {
	if len(b) < off+20 {
		return false
	}
	h := b[off:]
	head, total := int(h[0]&15)*4, int(binary.BigEndian.Uint16(h[2:]))
	if total == 0 {
		total = len(h) // segmentation was left to the interface
	}
	if head < 20 || total < head || len(h) < head {
		return false
	}
	mapped(&d.src, h[12:16])
	mapped(&d.dst, h[16:20])
	d.proto, d.id = h[9], uint32(binary.BigEndian.Uint16(h[4:]))
	flags := binary.BigEndian.Uint16(h[6:])
	d.more, d.fragment = flags&0x2000 != 0, int(flags&0x1fff)*8
	d.fragmented = d.more || d.fragment > 0
	d.span(b, off+head, total-head)
	if rest := b[d.off:d.end]; d.proto == protoAuth && !d.fragmented { // RFC 4302 §2
		if len(rest) < 8 || len(rest) < 8+int(rest[1])*4 {
			return false
		}
		d.proto = rest[0]
		size := 8 + int(rest[1])*4
		d.span(b, d.off+size, total-head-size)
	}
	return true
}

func mapped(dst *[16]byte, four []byte) {
	dst[10], dst[11] = 0xff, 0xff
	copy(dst[12:], four)
}

// span notes where the payload lies: n octets from off, or what there is of them.
func (d *datagram) span(b []byte, off, n int) {
	d.off, d.end = off, min(len(b), off+n)
	d.missing = off + n - d.end
}

// parseIPv6 walks through the extension headers (RFC 8200 §4).
func (d *datagram) parseIPv6(b []byte, off int) (ok bool) {
	if len(b) < off+40 {
		return false
	}
	h := b[off:]
	copy(d.src[:], h[8:24])
	copy(d.dst[:], h[24:40])
	n := int(binary.BigEndian.Uint16(h[4:]))
	if n == 0 {
		n = len(h) - 40
	}
	d.proto = h[6]
	d.span(b, off+40, n)
	whole := d.end + d.missing
	for range maxHeaders {
		rest := b[d.off:d.end]
		size := 0
		switch d.proto {
		default:
			return true
		case protoHopByHop, protoRouting, protoDestOpts, protoMobility:
			if len(rest) >= 8 {
				size = 8 + int(rest[1])*8
			}
		case protoAuth:
			if len(rest) >= 8 {
				size = 8 + int(rest[1])*4
			}
		case protoFragment:
			if len(rest) >= 8 {
				size = 8
				place := binary.BigEndian.Uint16(rest[2:])
				d.more, d.fragment = place&1 != 0, int(place&^7)
				d.id = binary.BigEndian.Uint32(rest[4:])
				d.fragmented = d.more || d.fragment > 0
			}
		}
		if size == 0 || size > len(rest) {
			return false
		}
		d.proto = rest[0]
		d.span(b[:d.end], d.off+size, whole-d.off-size)
		if d.fragmented { // what follows the fragment header is the fragment
			return true
		}
	}
	return false
}
