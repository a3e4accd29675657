package capture

import "time"

// Packet is one packet of a capture.
type Packet struct {
	Number uint32    // from 1, as Wireshark's frame.number: custom blocks of pcapng are counted too
	Time   time.Time // zero where the file has none (Simple Packet Blocks), or none from 1678 to 2261
	Link   LinkType
	Data   []byte // what was captured of it; lent until the next packet is read
	Wire   int    // its octets on the network; Data may be shorter
	At     int64  // octet of the capture, after decompression, where Data begins

	Interface int      // number of the interface in its section, from 0
	Comments  []string // as pcapng has them; lent like Data
}

// maxPacket bounds what one packet may hold, as in Wireshark.
const maxPacket = 256 << 10

// LinkType is a kind of network as captures number them (the LINKTYPE_ values
// of https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// The link types that Joiner looks into. Packets of others are events too, but
// belong to no stream.
const (
	LinkNull      LinkType = 0 // BSD loopback, family in the byte order of the writer
	LinkEthernet  LinkType = 1 //
	LinkTokenRing LinkType = 6 // IEEE 802.5
	LinkPPP       LinkType = 9 //
	LinkFDDI      LinkType = 10
	LinkRawBSD    LinkType = 12  // raw IP as some systems number it in files
	LinkRawBSD14  LinkType = 14  //
	LinkPPPHDLC   LinkType = 50  // PPP with address and control octets
	LinkPPPEther  LinkType = 51  // PPPoE without Ethernet before it
	LinkATM       LinkType = 100 // RFC 2684
	LinkRaw       LinkType = 101 // IPv4 or IPv6 by its version
	LinkCHDLC     LinkType = 104 // Cisco's HDLC
	LinkWLAN      LinkType = 105 // IEEE 802.11
	LinkLoop      LinkType = 108 // OpenBSD loopback, family in network order
	LinkSLL       LinkType = 113 // Linux "any", first version
	LinkRadiotap  LinkType = 127 // IEEE 802.11 behind what the radio knows
	LinkPPI       LinkType = 192 // the same in another form
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkNFLOG     LinkType = 239 // Linux's netfilter log
	LinkSLL2      LinkType = 276 // Linux "any", second version
)
