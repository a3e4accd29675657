package capture

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"posta/event"
)

// bare gives a segment's IP packet, without a link layer.
func bare(src, dst netip.AddrPort, payload string) []byte {
	return appendFrame(nil, &made{src: src, dst: dst, seq: 101, ack: 501, flags: flagACK, payload: []byte(payload)})[14:]
}

// On every kind of link the segment is found, and where its layers lie.
func TestLinks(t *testing.T) {
	v4 := bare(dialer, listener, "NOOP\r\n")
	v6 := bare(netip.MustParseAddrPort("[2001:db8::1]:40000"), netip.MustParseAddrPort("[2001:db8::2]:25"), "NOOP\r\n")
	ether := make([]byte, 12)
	cooked := make([]byte, 14)
	const snap = "\xaa\xaa\x03\x00\x00\x00\x08\x00"
	tests := []struct {
		name string
		link LinkType
		head []byte
		ip   []byte
	}{
		{"Ethernet", LinkEthernet, join(ether, "\x08\x00"), v4},
		{"Ethernet, IPv6", LinkEthernet, join(ether, "\x86\xdd"), v6},
		{"802.1Q", LinkEthernet, join(ether, "\x81\x00\x00\x05\x08\x00"), v4},
		{"QinQ", LinkEthernet, join(ether, "\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd"), v6},
		{"LLC and SNAP", LinkEthernet, join(ether, "\x00\x40\xaa\xaa\x03\x00\x00\x00\x08\x00"), v4},
		{"PPPoE", LinkEthernet, join(ether, "\x88\x64\x11\x00\x00\x01\x00\x30\x00\x21"), v4},
		{"PPPoE, IPv6, in a VLAN", LinkEthernet, join(ether, "\x81\x00\x00\x05\x88\x64\x11\x00\x00\x01\x00\x30\x00\x57"), v6},
		{"PPP", LinkPPP, []byte("\xff\x03\x00\x21"), v4},
		{"PPP, compressed", LinkPPP, []byte("\x21"), v4},
		{"loopback of a little-endian machine", LinkNull, []byte{2, 0, 0, 0}, v4},
		{"loopback of a big-endian one", LinkNull, []byte{0, 0, 0, 2}, v4},
		{"loopback, IPv6 of macOS", LinkNull, []byte{30, 0, 0, 0}, v6},
		{"OpenBSD's loopback", LinkLoop, []byte{0, 0, 0, 24}, v6},
		{"raw", LinkRaw, nil, v4},
		{"raw IPv6", LinkRaw, nil, v6},
		{"raw, as FreeBSD numbers it", LinkRawBSD, nil, v4},
		{"IPv4", LinkIPv4, nil, v4},
		{"IPv6", LinkIPv6, nil, v6},
		{"Linux cooked", LinkSLL, join(cooked, "\x08\x00"), v4},
		{"Linux cooked, a VLAN", LinkSLL, join(cooked, "\x81\x00\x00\x05\x08\x00"), v4},
		{"MPLS", LinkEthernet, join(ether, "\x88\x47\x00\x01\x00\x40\x00\x02\x01\x40"), v6},
		{"Cisco's HDLC", LinkCHDLC, []byte("\x0f\x00\x08\x00"), v4},
		{"token ring with a route", LinkTokenRing, join([]byte("\x10\x40\x02\x00\x00\x00\x00\x01\x82\x00\x00\x00\x00\x02\x04\x30\x00\x10"), snap), v4},
		{"FDDI", LinkFDDI, join(make([]byte, 13), snap), v4},
		{"ATM", LinkATM, []byte(snap), v4},
		{"Wi-Fi", LinkWLAN, join(append([]byte("\x08\x01"), make([]byte, 22)...), snap), v4},
		{"Wi-Fi with QoS between access points, and what the radio knows", LinkRadiotap,
			join(append([]byte("\x00\x00\x08\x00\x00\x00\x00\x00\x88\x03"), make([]byte, 30)...), snap), v4},
		{"Wi-Fi, PPI", LinkPPI, join(append([]byte("\x00\x00\x08\x00\x69\x00\x00\x00\x08\x01"), make([]byte, 22)...), snap), v4},
		{"netfilter's log", LinkNFLOG, []byte("\x02\x00\x00\x00\x05\x00\x0a\x00x\x00\x00\x00\x40\x00\x09\x00"), v4},
		{"Linux cooked, second", LinkSLL2, append([]byte("\x86\xdd"), make([]byte, 18)...), v6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !test.link.Known() {
				t.Error("it is said to be unknown")
			}
			var l line
			whole := append(slices.Clone(test.head), test.ip...)
			l.put(test.link, append(whole, 0, 0, 0)) // Ethernet's filling at the end is no payload
			w := l.watch(t, Limits{})
			if said, _ := w.said(t, 0); said != "NOOP\r\n" {
				t.Errorf("said %q", said)
			}
			g := w.frames[1].Segment
			if int(g.Net) != len(test.head) || int(g.Payload) != len(whole)-6 || int(g.Transport) != len(whole)-26 || g.Len != 6 || g.Proto != protoTCP {
				t.Errorf("it lies at %+v", g)
			}
			for n := range whole { // cut anywhere, it is still a packet
				var cut line
				cut.put(test.link, whole[:n])
				if got := cut.watch(t, Limits{}); got.packets != 1 {
					t.Errorf("cut at %d, %d packets", n, got.packets)
				}
			}
		})
	}
}

func join(b []byte, more string) []byte { return append(slices.Clone(b), more...) }

// Extension headers and packets in packets are walked through.
func TestHeaders(t *testing.T) {
	from, to := netip.MustParseAddrPort("[2001:db8::1]:40000"), netip.MustParseAddrPort("[2001:db8::2]:25")
	v6, v4 := bare(from, to, "NOOP\r\n"), bare(dialer, listener, "NOOP\r\n")
	extended := func(chain string) []byte { // the first octet is the kind of the chain's first header
		b := slices.Clone(v6[:40])
		b[6] = chain[0]
		b = append(append(b, chain[1:]...), v6[40:]...)
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
		return b
	}
	options := slices.Clone(v4[:20])
	options[0] = 0x47
	options = append(append(options, 1, 1, 1, 1, 1, 1, 1, 0), v4[20:]...)
	binary.BigEndian.PutUint16(options[2:], uint16(len(options)))
	offloaded := slices.Clone(v4)
	binary.BigEndian.PutUint16(offloaded[2:], 0)
	tunnel := slices.Clone(v4[:20])
	tunnel[9] = protoIPv6
	tunnel = append(tunnel, v6...)
	binary.BigEndian.PutUint16(tunnel[2:], uint16(len(tunnel)))
	carried := func(proto byte, head string, inner []byte) []byte {
		b := append(append(slices.Clone(v4[:20]), head...), inner...)
		b[9] = proto
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		return b
	}
	ether := "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x86\xdd"
	for name, ip := range map[string][]byte{
		"authentication, IPv4":             carried(51, "\x06\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02abcdefghijkl", v4[20:]),
		"GRE":                              carried(47, "\x00\x00\x86\xdd", v6),
		"GRE with key, sum and number":     carried(47, "\xb0\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02", v4),
		"Ethernet in GRE in IPv4 in GRE":   carried(47, "\x00\x00\x08\x00", carried(47, "\x00\x00\x65\x58"+ether, v6)),
		"VXLAN":                            carried(17, "\x80\x00\x12\xb5\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x01\x00"+ether, v6),
		"Geneve":                           carried(17, "\x80\x00\x17\xc1\x00\x00\x00\x00\x01\x00\x65\x58\x00\x00\x01\x00\x00\x00\x00\x00"+ether, v6),
		"GTP":                              carried(17, "\x08\x68\x08\x68\x00\x00\x00\x00\x30\xff\x00\x00\x00\x00\x00\x01", v4),
		"GTP with a number":                carried(17, "\x08\x68\x08\x68\x00\x00\x00\x00\x36\xff\x00\x00\x00\x00\x00\x01\x00\x01\x00\x85\x01\x00\x00\x00", v4),
		"Teredo":                           carried(17, "\x0d\xd8\x80\x00\x00\x00\x00\x00", v6),
		"options of IPv4":                  options,
		"a length that the interface sets": offloaded,
		"IPv6 in IPv4":                     tunnel,
		"hop by hop, destination options": extended("\x00" + "\x3c\x00\x01\x04\x00\x00\x00\x00" +
			"\x06\x01\x01\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"authentication":               extended("\x33" + "\x06\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"a fragment that is the whole": extended("\x2c" + "\x06\x00\x00\x00\x00\x00\x00\x07"),
	} {
		var l line
		l.put(LinkRaw, ip)
		if said, _ := l.watch(t, Limits{}).said(t, 0); said != "NOOP\r\n" {
			t.Errorf("%s: said %q", name, said)
		}
	}
}

// A packet that was cut by the snap length gives what there is, and a gap.
func TestSnapLength(t *testing.T) {
	var l line
	l.hands()
	l.c(101, 501, flagACK, "EHLO client.example\r\n")
	l.packets[3].Data = l.packets[3].Data[:54+10]
	l.c(122, 501, flagACK, "QUIT\r\n")
	w := l.watch(t, Limits{})
	if said, _ := w.said(t, 0); said != "EHLO clien???????????QUIT\r\n" {
		t.Errorf("said %q", said)
	}
	if g := w.frames[4].Segment; g.Marks != event.Truncated || g.Len != 21 {
		t.Errorf("the packet is %+v", g)
	}
}

// Of a packet that was cut inside the options of TCP no octet is told, and those
// of the packet before it are not told again.
func TestCutInsideOptions(t *testing.T) {
	var l line
	l.hands()
	l.c(101, 501, flagACK, "NOOP\r\n")
	data := appendFrame(nil, &made{src: dialer, dst: listener, seq: 107, ack: 501, flags: flagACK, window: 1000, options: make([]byte, 12), payload: []byte("QUIT\r\n")})
	l.put(LinkEthernet, data[:14+20+24])
	l.packets[4].Wire = len(data)
	l.c(113, 501, flagACK, "RSET\r\n")
	if said, _ := l.watch(t, Limits{}).said(t, 0); said != "NOOP\r\n??????RSET\r\n" {
		t.Errorf("%q", said)
	}
}
