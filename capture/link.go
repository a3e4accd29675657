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
	etherMPLS   = 0x8847 // RFC 3032
	etherMPLS2  = 0x8848 // the same, assigned by those upstream (RFC 5332)

	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
)

// maxTags bounds the VLAN tags of a frame.
const maxTags = 8

// Known says that packets of the link type are looked into.
func (l LinkType) Known() bool {
	switch l {
	case LinkEthernet, LinkNull, LinkLoop, LinkRaw, LinkRawBSD, LinkRawBSD14, LinkIPv4, LinkIPv6, LinkSLL, LinkSLL2, LinkPPP, LinkPPPHDLC,
		LinkPPPEther, LinkCHDLC, LinkTokenRing, LinkFDDI, LinkATM, LinkWLAN, LinkRadiotap, LinkPPI, LinkNFLOG:
		return true
	}
	return false
}

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
	case LinkCHDLC:
		if len(b) < 4 {
			return -1
		}
		return inEther(b, int(binary.BigEndian.Uint16(b[2:])), 4)
	case LinkTokenRing:
		return inTokenRing(b)
	case LinkFDDI:
		return inLLC(b, 13)
	case LinkATM:
		return inLLC(b, 0)
	case LinkWLAN:
		return inWLAN(b, 0)
	case LinkRadiotap, LinkPPI:
		if len(b) < 8 || link == LinkPPI && binary.LittleEndian.Uint32(b[4:]) != uint32(LinkWLAN) {
			return -1
		}
		return inWLAN(b, int(binary.LittleEndian.Uint16(b[2:])))
	case LinkNFLOG:
		return inNFLOG(b)
	}
	return -1
}

// inMPLS goes on behind the last label (RFC 3032 §2.1). What it carries its
// first octet shows.
func inMPLS(b []byte, off int) int {
	for range maxTags {
		if len(b) < off+4 {
			return -1
		}
		off += 4
		if b[off-2]&1 != 0 {
			return ipAt(b, off)
		}
	}
	return -1
}

// inWLAN goes on behind the header of a data frame that is not encrypted (IEEE
// 802.11 §9.2), and behind LLC and SNAP.
func inWLAN(b []byte, off int) int {
	if len(b) < off+24 {
		return -1
	}
	kind, flags := b[off], b[off+1]
	if kind&0x0f != 0x08 || kind&0x40 != 0 || flags&0x40 != 0 { // data; no null frame; protected
		return -1
	}
	off += 24
	if flags&3 == 3 { // between access points: a fourth address
		off += 6
	}
	if kind&0x80 != 0 { // QoS
		if off += 2; flags&0x80 != 0 {
			off += 4 // high throughput control
		}
	}
	return inLLC(b, off)
}

// inLLC goes on behind LLC and SNAP (RFC 1042).
func inLLC(b []byte, off int) int {
	if len(b) < off+8 || string(b[off:off+3]) != "\xaa\xaa\x03" {
		return -1
	}
	return inEther(b, int(binary.BigEndian.Uint16(b[off+6:])), off+8)
}

// inTokenRing goes on behind the addresses, and the route if there is one (IEEE 802.5).
func inTokenRing(b []byte) int {
	if len(b) < 15 {
		return -1
	}
	off := 14
	if b[8]&0x80 != 0 {
		off += int(b[14] & 0x1f)
	}
	return inLLC(b, off)
}

// inNFLOG finds the packet among the values of Linux's netfilter log.
func inNFLOG(b []byte) int {
	const payload = 9
	for off := 4; len(b) >= off+4; {
		n := int(binary.LittleEndian.Uint16(b[off:]))
		if n < 4 {
			return -1
		}
		if binary.LittleEndian.Uint16(b[off+2:])&0x7fff == payload {
			return ipAt(b, off+4)
		}
		off += (n + 3) &^ 3
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
		case kind == etherMPLS || kind == etherMPLS2:
			return inMPLS(b, off)
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
