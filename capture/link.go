package capture

import "encoding/binary"

// What may lie in a frame, as Ethernet and Linux's cooked captures number it.
const (
	etherIPv4   = 0x0800
	etherVLAN   = 0x8100 // IEEE 802.1Q
	etherIPv6   = 0x86dd
	etherPPPoE  = 0x8864 // RFC 2516, session stage
	etherQinQ   = 0x88a8 // IEEE 802.1ad
	etherOldTag = 0x9100 // QinQ before it was standardised

	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
)

// maxTags bounds the VLAN tags of a frame.
const maxTags = 8

// network finds where the IP packet in a frame begins; -1 where there is none.
func network(link LinkType, b []byte) int {
	switch link {
	case LinkEthernet:
		if len(b) < 14 {
			return -1
		}
		return inEther(b, int(binary.BigEndian.Uint16(b[12:])), 14)
	case LinkNull, LinkLoop:
		if len(b) < 4 || !loopbackIP(link, b) {
			return -1
		}
		return ipAt(b, 4)
	case LinkRaw, LinkRawBSD, LinkRawBSD14, LinkIPv4, LinkIPv6:
		return ipAt(b, 0)
	case LinkSLL:
		if len(b) < 16 {
			return -1
		}
		return inEther(b, int(binary.BigEndian.Uint16(b[14:])), 16)
	case LinkSLL2:
		if len(b) < 20 {
			return -1
		}
		return inEther(b, int(binary.BigEndian.Uint16(b)), 20)
	case LinkPPP, LinkPPPHDLC:
		return inPPP(b, 0)
	case LinkPPPEther:
		return inPPP(b, 6)
	}
	return -1
}

// inEther goes on behind a type field.
func inEther(b []byte, kind, off int) int {
	for range maxTags {
		switch {
		case kind == etherIPv4 || kind == etherIPv6:
			if at := ipAt(b, off); at >= 0 && (b[at]>>4 == 6) == (kind == etherIPv6) {
				return at
			}
			return -1
		case kind == etherPPPoE:
			return inPPP(b, off+6)
		case kind == etherVLAN || kind == etherQinQ || kind == etherOldTag:
			off += 4
		case kind <= 1500 && len(b) >= off+8 && string(b[off:off+3]) == "\xaa\xaa\x03":
			off += 8 // a length, then LLC and SNAP (RFC 1042)
		default:
			return -1
		}
		if len(b) < off {
			return -1
		}
		kind = int(binary.BigEndian.Uint16(b[off-2:]))
	}
	return -1
}

// inPPP goes on at a PPP packet, whose protocol may be compressed to one octet
// and whose address and control octets may be there or not (RFC 1661 §6).
func inPPP(b []byte, off int) int {
	if len(b) >= off+2 && b[off] == 0xff && b[off+1] == 0x03 {
		off += 2
	}
	if len(b) < off+2 {
		return -1
	}
	kind := int(b[off])
	if off++; kind&1 == 0 {
		kind = kind<<8 | int(b[off])
		off++
	}
	if kind != pppIPv4 && kind != pppIPv6 {
		return -1
	}
	return ipAt(b, off)
}

// loopbackIP reads the family before a packet of BSD's loopback: 2 is IPv4
// everywhere, IPv6 has as many numbers as there are systems.
func loopbackIP(link LinkType, b []byte) bool {
	family := binary.BigEndian.Uint32(b)
	if link == LinkNull && family > 0xffff {
		family = binary.LittleEndian.Uint32(b)
	}
	switch family {
	case 2, 10, 24, 28, 30:
		return true
	}
	return false
}

// ipAt says off if an IP packet may begin there.
func ipAt(b []byte, off int) int {
	if off >= len(b) || b[off]>>4 != 4 && b[off]>>4 != 6 {
		return -1
	}
	return off
}
