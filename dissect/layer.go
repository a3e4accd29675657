package dissect

import (
	"encoding/binary"
	"net/netip"

	"posta/field"
)

// The numbers of what is looked into.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw      = 101
	linkSLL      = 113

	etherVLAN   = 0x8100 // IEEE 802.1Q
	etherQinQ   = 0x88a8 // IEEE 802.1ad
	etherLength = 1500   // up to here it is a length (IEEE 802.3)
	etherLeast  = 60     // octets of the shortest frame

	protoICMP   = 1
	protoIPv4   = 4
	protoTCP    = 6
	protoIPv6   = 41
	protoICMPv6 = 58

	icmpHeader = 8 // before what an error quotes (RFC 792; RFC 4443 §3)
	flagACK    = 0x10
)

// maxLayers bounds tags of a frame, and packets inside packets.
const maxLayers = 16

// layer takes the headers of a packet apart.
type layer struct {
	b      *builder
	src    uint16
	octets []byte
	framed bool // in Ethernet
}

// unit puts a protocol in: n octets from off, of which own are its header.
func (l *layer) unit(id field.ID, off, n, own int) {
	if l.b.want.Has(id) {
		l.b.tree.Add(field.Node{Def: field.Of(id), Val: field.Unit(l.octets[off:off+n], own), Src: l.src, Off: uint32(off), Len: uint32(n)})
	}
}

func (l *layer) add(id field.ID, v field.Value, off, n int) { l.b.add(id, v, place{l.src, off, n}) }

func (l *layer) oct(id field.ID, off, n int) {
	l.add(id, field.Octets(l.octets[off:off+n]), off, n)
}

func (l *layer) eight(id field.ID, off int) {
	l.add(id, field.Uint(uint64(l.octets[off])), off, 1)
}

func (l *layer) sixteen(id field.ID, off int) {
	l.add(id, field.Uint(uint64(binary.BigEndian.Uint16(l.octets[off:]))), off, 2)
}

func (l *layer) thirtyTwo(id field.ID, off int) {
	l.add(id, field.Uint(uint64(binary.BigEndian.Uint32(l.octets[off:]))), off, 4)
}

// bit puts a bit of the octet at off in.
func (l *layer) bit(id field.ID, off int, mask byte) {
	l.add(id, field.Truth(l.octets[off]&mask != 0), off, 1)
}

// link is what lies before IP.
func (l *layer) link(kind uint16) {
	switch n := len(l.octets); kind {
	case linkEthernet:
		l.ethernet()
	case linkNull:
		if n >= 4 {
			l.unit(field.Null, 0, n, 4)
		}
	case linkRaw:
		l.unit(field.Raw, 0, n, 0)
	case linkSLL:
		if n >= 16 {
			l.unit(field.SLL, 0, n, 16)
		}
	}
}

// ethernet is the header and its tags (IEEE 802.3, 802.1Q).
func (l *layer) ethernet() {
	n := len(l.octets)
	if n < 14 {
		return
	}
	l.unit(field.Eth, 0, n, 14)
	for _, side := range []struct {
		off                      int
		id, local, group         field.ID
		addr, anyLocal, anyGroup field.ID
	}{
		{0, field.EthDst, field.EthDstLg, field.EthDstIg, field.EthAddr, field.EthLg, field.EthIg},
		{6, field.EthSrc, field.EthSrcLg, field.EthSrcIg, field.EthAddr, field.EthLg, field.EthIg},
	} {
		l.oct(side.id, side.off, 6)
		l.oct(side.addr, side.off, 6)
		l.bit(side.local, side.off, 2)
		l.bit(side.anyLocal, side.off, 2)
		l.bit(side.group, side.off, 1)
		l.bit(side.anyGroup, side.off, 1)
	}
	kind := binary.BigEndian.Uint16(l.octets[12:])
	if kind <= etherLength {
		l.sixteen(field.EthLen, 12)
		return
	}
	l.sixteen(field.EthType, 12)
	for off := 14; (kind == etherVLAN || kind == etherQinQ) && off+4 <= n && off < 14+4*maxLayers; off += 4 {
		tag := binary.BigEndian.Uint16(l.octets[off:])
		l.unit(field.VLAN, off, n-off, 4)
		l.add(field.VLANPriority, field.Uint(uint64(tag>>13)), off, 2)
		l.add(field.VLANDei, field.Truth(tag&0x1000 != 0), off, 2)
		l.add(field.VLANID, field.Uint(uint64(tag&0xfff)), off, 2)
		l.sixteen(field.VLANEtype, off+2)
		kind = binary.BigEndian.Uint16(l.octets[off+2:])
	}
}

// network is the IP packet at off, and those inside of it: carried, by a tunnel
// the one at inner, or quoted by an error of ICMP.
func (l *layer) network(off, inner int, quoted bool) {
	for range maxLayers {
		if off >= len(l.octets) {
			return
		}
		next, proto := 0, byte(0)
		switch l.octets[off] >> 4 {
		case 4:
			next, proto = l.ipv4(off)
		case 6:
			next, proto = l.ipv6(off)
		}
		switch {
		case proto == protoIPv4 || proto == protoIPv6:
			off = next
		case quoted && (proto == protoICMP || proto == protoICMPv6):
			off, quoted = next+icmpHeader, false
		case inner > off:
			off = inner
		default:
			return
		}
	}
}

// host is an address where Wireshark would write a name. posta asks nobody for
// names.
func (l *layer) host(id, both field.ID, off, n int) {
	if !l.b.want.Has(id) && !l.b.want.Has(both) {
		return
	}
	a, _ := netip.AddrFromSlice(l.octets[off : off+n])
	written := *l.b.written
	*l.b.written = a.AppendTo(written)
	text := field.Octets((*l.b.written)[len(written):])
	l.add(id, text, off, n)
	l.add(both, text, off, n)
}

// padding is what makes an Ethernet frame as long as it must be (IEEE 802.3).
// Other octets there are, as in Wireshark, none.
func (l *layer) padding(off int) {
	if !l.framed || off >= etherLeast || len(l.octets) < etherLeast {
		return
	}
	for _, c := range l.octets[off:etherLeast] {
		if c != 0 {
			return
		}
	}
	l.oct(field.EthPadding, off, etherLeast-off)
}

// ipv4 is a header of RFC 791 §3.1. It says where the payload begins and what it is.
func (l *layer) ipv4(off int) (next int, proto byte) {
	h := l.octets[off:]
	if len(h) < 20 {
		return 0, 0
	}
	head := int(h[0]&15) * 4
	total := int(binary.BigEndian.Uint16(h[2:]))
	if total == 0 { // segmentation was left to the interface
		total = len(h)
	}
	if head < 20 || total < head || len(h) < head {
		return 0, 0
	}
	l.unit(field.IP, off, min(total, len(h)), head)
	l.add(field.IPVersion, field.Uint(4), off, 1)
	l.add(field.IPHdrLen, field.Uint(uint64(head)), off, 1)
	l.eight(field.IPDsfield, off+1)
	l.add(field.IPDsfieldDscp, field.Uint(uint64(h[1]>>2)), off+1, 1)
	l.add(field.IPDsfieldEcn, field.Uint(uint64(h[1]&3)), off+1, 1)
	l.add(field.IPLen, field.Uint(uint64(total)), off+2, 2)
	l.sixteen(field.IPID, off+4)
	l.add(field.IPFlags, field.Uint(uint64(h[6]>>5)), off+6, 1)
	l.bit(field.IPFlagsRb, off+6, 0x80)
	l.bit(field.IPFlagsDf, off+6, 0x40)
	l.bit(field.IPFlagsMf, off+6, 0x20)
	fragment := binary.BigEndian.Uint16(h[6:]) & 0x1fff
	l.add(field.IPFragOffset, field.Uint(uint64(fragment)*8), off+6, 2)
	l.eight(field.IPTTL, off+8)
	l.eight(field.IPProto, off+9)
	l.sixteen(field.IPChecksum, off+10)
	l.oct(field.IPSrc, off+12, 4)
	l.oct(field.IPAddr, off+12, 4)
	l.host(field.IPSrcHost, field.IPHost, off+12, 4)
	l.oct(field.IPDst, off+16, 4)
	l.oct(field.IPAddr, off+16, 4)
	l.host(field.IPDstHost, field.IPHost, off+16, 4)
	l.padding(off + total)
	if fragment != 0 || h[6]&0x20 != 0 {
		return 0, 0
	}
	return off + head, h[9]
}

// ipv6 is a header of RFC 8200 §3.
func (l *layer) ipv6(off int) (next int, proto byte) {
	h := l.octets[off:]
	if len(h) < 40 {
		return 0, 0
	}
	payload := int(binary.BigEndian.Uint16(h[4:]))
	if payload == 0 {
		payload = len(h) - 40
	}
	word := binary.BigEndian.Uint32(h)
	class := uint64(word >> 20 & 0xff)
	l.unit(field.IPv6, off, min(40+payload, len(h)), 40)
	l.add(field.IPVersion, field.Uint(6), off, 1)
	l.add(field.IPv6Version, field.Uint(6), off, 1)
	l.add(field.IPv6Tclass, field.Uint(class), off, 4)
	l.add(field.IPv6TclassDscp, field.Uint(class>>2), off, 4)
	l.add(field.IPv6TclassEcn, field.Uint(class&3), off, 4)
	l.add(field.IPv6Flow, field.Uint(uint64(word&0xfffff)), off+1, 3)
	l.sixteen(field.IPv6Plen, off+4)
	l.eight(field.IPv6Nxt, off+6)
	l.eight(field.IPv6Hlim, off+7)
	l.oct(field.IPv6Src, off+8, 16)
	l.oct(field.IPv6Addr, off+8, 16)
	l.host(field.IPv6SrcHost, field.IPv6Host, off+8, 16)
	l.oct(field.IPv6Dst, off+24, 16)
	l.oct(field.IPv6Addr, off+24, 16)
	l.host(field.IPv6DstHost, field.IPv6Host, off+24, 16)
	return off + 40, h[6]
}

// tcp is a header of RFC 9293 §3.1, and what the joining made of it. Of a
// quoted one the numbers are as they stand there.
func (l *layer) tcp(p *packet, quoted bool) {
	off, payload, end := int(p.seg.Transport), int(p.seg.Payload), 0
	if off+20 > len(l.octets) {
		return
	}
	if quoted {
		payload, end = off+int(l.octets[off+12]>>4)*4, len(l.octets)
	} else {
		end = min(len(l.octets), payload+int(p.seg.Len))
	}
	if payload < off+20 || payload > end {
		return
	}
	l.unit(field.TCP, off, end-off, payload-off)
	l.sixteen(field.TCPSrcport, off)
	l.sixteen(field.TCPPort, off)
	l.sixteen(field.TCPDstport, off+2)
	l.sixteen(field.TCPPort, off+2)
	l.b.generated(field.TCPStream, field.Uint(uint64(p.stream)))
	l.add(field.TCPSeq, field.Uint(uint64(p.seg.Seq)), off+4, 4)
	if !quoted {
		l.b.generated(field.TCPLen, field.Uint(uint64(p.seg.Len)))
		l.b.generated(field.TCPNxtseq, field.Uint(uint64(p.nextSeq())))
		l.thirtyTwo(field.TCPSeqRaw, off+4)
	}
	if quoted || p.seg.Flags&flagACK == 0 { // there is nothing that it could count from
		l.thirtyTwo(field.TCPAck, off+8)
	} else {
		l.add(field.TCPAck, field.Uint(uint64(p.seg.Ack)), off+8, 4)
	}
	l.thirtyTwo(field.TCPAckRaw, off+8)
	l.add(field.TCPHdrLen, field.Uint(uint64(l.octets[off+12]>>4)*4), off+12, 1)
	l.tcpFlags(off)
	l.sixteen(field.TCPWindowSizeValue, off+14)
	if !quoted {
		l.connection(p)
	}
	if l.b.analysis {
		l.judged(p, off)
	}
	l.sixteen(field.TCPChecksum, off+16)
	l.sixteen(field.TCPUrgentPointer, off+18)
	flags := l.octets[off+13]
	l.b.present(field.TCPUrgentPointerNonZero, flags&flagURG == 0 && binary.BigEndian.Uint16(l.octets[off+18:]) != 0)
	l.b.present(field.TCPAckNonzero, flags&flagACK == 0 && binary.BigEndian.Uint32(l.octets[off+8:]) != 0)
	if payload > off+20 {
		l.tcpOptions(off+20, payload-off-20, p.ackBase(l.octets[off:]))
	}
	if end > payload {
		id := field.TCPPayload
		if !quoted && p.seg.Flags&flagRST != 0 {
			id = field.TCPResetCause
		}
		l.oct(id, payload, end-payload)
	}
}

func (l *layer) tcpFlags(off int) {
	l.add(field.TCPFlags, field.Uint(uint64(binary.BigEndian.Uint16(l.octets[off+12:])&0xfff)), off+12, 2)
	l.bit(field.TCPFlagsRes, off+12, 0x0e)
	l.bit(field.TCPFlagsAe, off+12, 0x01)
	for i, id := range [...]field.ID{field.TCPFlagsCwr, field.TCPFlagsEce, field.TCPFlagsUrg, field.TCPFlagsAck,
		field.TCPFlagsPush, field.TCPFlagsReset, field.TCPFlagsSyn, field.TCPFlagsFin} {
		l.bit(id, off+13, 0x80>>i)
	}
}
