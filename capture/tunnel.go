package capture

import "encoding/binary"

// What carries packets inside of packets, beside IP itself.
const (
	protoGRE = 47
	protoUDP = 17

	portGTP    = 2152 // 3GPP TS 29.281
	portTeredo = 3544 // RFC 4380
	portVXLAN  = 4789 // RFC 7348
	portGeneve = 6081 // RFC 8926

	etherBridged = 0x6558 // Ethernet in GRE (RFC 7637) and Geneve
)

// within finds the IP packet that the datagram carries in b; -1 where it
// carries none, or none that can be looked into.
func (d *datagram) within(b []byte) int {
	b = b[:d.end]
	switch d.proto {
	case protoIPv4, protoIPv6:
		return d.off
	case protoGRE:
		return inGRE(b, d.off)
	case protoUDP:
		return inUDP(b, d.off)
	}
	return -1
}

// inGRE goes on behind a header of RFC 2784 and RFC 2890.
func inGRE(b []byte, off int) int {
	if len(b) < off+4 {
		return -1
	}
	flags, kind := binary.BigEndian.Uint16(b[off:]), int(binary.BigEndian.Uint16(b[off+2:]))
	if flags&0x4007 != 0 { // source routes, another version
		return -1
	}
	off += 4
	for _, there := range []uint16{0x8000, 0x2000, 0x1000} { // checksum, key, sequence number
		if flags&there != 0 {
			off += 4
		}
	}
	return bridged(b, kind, off)
}

// bridged goes on at a packet of a kind, which may be Ethernet.
func bridged(b []byte, kind, off int) int {
	if len(b) < off {
		return -1
	}
	if kind != etherBridged {
		return inEther(b, kind, off)
	}
	if at := network(LinkEthernet, b[off:]); at >= 0 {
		return off + at
	}
	return -1
}

// inUDP goes on inside of what is known by its port.
func inUDP(b []byte, off int) int {
	const header = 8
	if len(b) < off+2*header {
		return -1
	}
	for _, port := range []uint16{binary.BigEndian.Uint16(b[off+2:]), binary.BigEndian.Uint16(b[off:])} {
		at := off + header
		switch {
		case port == portVXLAN && b[at]&0x08 != 0:
			return bridged(b, etherBridged, at+8)
		case port == portGeneve && b[at]>>6 == 0:
			return bridged(b, int(binary.BigEndian.Uint16(b[at+2:])), at+8+4*int(b[at]&0x3f))
		case port == portTeredo && b[at]>>4 == 6:
			return at
		case port == portGTP && b[at]>>4 == 3 && b[at+1] == 0xff:
			return inGTP(b, at)
		}
	}
	return -1
}

// inGTP goes on behind a header of GTP-U and its extension headers (3GPP TS 29.281 §5).
func inGTP(b []byte, off int) int {
	flags := b[off] & 7
	off += 8
	if flags == 0 {
		return ipAt(b, off)
	}
	off += 4
	for range maxHeaders {
		if len(b) < off || flags&4 == 0 {
			break
		}
		if b[off-1] == 0 {
			break
		}
		if len(b) <= off || b[off] == 0 {
			return -1
		}
		off += 4 * int(b[off])
	}
	return ipAt(b, off)
}
