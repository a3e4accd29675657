package capture

import (
	"encoding/binary"
	"net/netip"
)

// appendFrame appends an Ethernet frame with one TCP segment to dst. All lengths and
// checksums are right. The hardware addresses are made of the IP ones, and are
// locally administered: nobody owns them.
func appendFrame(dst []byte, s *made) []byte {
	v6 := s.src.Addr().Is6() || s.dst.Addr().Is6()
	dst = appendMAC(dst, s.dst.Addr())
	dst = appendMAC(dst, s.src.Addr())
	kind := uint16(etherIPv4)
	if v6 {
		kind = etherIPv6
	}
	dst = binary.BigEndian.AppendUint16(dst, kind)
	return appendIP(dst, s, v6)
}

// made is a segment to be made.
type made struct {
	src, dst netip.AddrPort
	seq, ack uint32
	flags    uint8
	id       uint16 // of the IPv4 packet
	window   uint16
	options  []byte // of TCP, a multiple of four octets
	payload  []byte
}

func appendMAC(dst []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(dst, 0x02, 0x00), sixteen[12:]...)
}

func appendIP(dst []byte, s *made, v6 bool) []byte {
	length := 20 + len(s.options) + len(s.payload)
	if v6 {
		src, to := s.src.Addr().As16(), s.dst.Addr().As16()
		dst = append(dst, 0x60, 0, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(length))
		dst = append(dst, protoTCP, 64)
		dst = append(append(dst, src[:]...), to[:]...)
		return appendTCP(dst, s, sum(0, dst[len(dst)-32:]))
	}
	src, to := s.src.Addr().Unmap().As4(), s.dst.Addr().Unmap().As4()
	start := len(dst)
	dst = append(dst, 0x45, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(20+length))
	dst = binary.BigEndian.AppendUint16(dst, s.id)
	dst = append(dst, 0x40, 0, 64, protoTCP, 0, 0) // don't fragment; the sum comes
	dst = append(append(dst, src[:]...), to[:]...)
	binary.BigEndian.PutUint16(dst[start+10:], folded(sum(0, dst[start:])))
	return appendTCP(dst, s, sum(0, dst[len(dst)-8:]))
}

// appendTCP appends the segment; pseudo is the sum of both addresses.
func appendTCP(dst []byte, s *made, pseudo uint32) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, s.src.Port())
	dst = binary.BigEndian.AppendUint16(dst, s.dst.Port())
	dst = binary.BigEndian.AppendUint32(dst, s.seq)
	dst = binary.BigEndian.AppendUint32(dst, s.ack)
	dst = append(dst, byte(5+len(s.options)/4)<<4, s.flags)
	dst = binary.BigEndian.AppendUint16(dst, s.window)
	dst = append(dst, 0, 0, 0, 0) // the sum comes; nothing is urgent
	dst = append(append(dst, s.options...), s.payload...)
	whole := sum(pseudo+protoTCP+uint32(len(dst)-start), dst[start:])
	binary.BigEndian.PutUint16(dst[start+16:], folded(whole))
	return dst
}

// sum adds 16-bit words, and folded makes the Internet's checksum of them (RFC 1071).
func sum(n uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		n += uint32(b[0])<<8 | uint32(b[1])
		n = n&0xffff + n>>16
	}
	if len(b) == 1 {
		n += uint32(b[0]) << 8
	}
	return n
}

func folded(n uint32) uint16 {
	for n > 0xffff {
		n = n&0xffff + n>>16
	}
	return ^uint16(n)
}
