package capture

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"

	"posta/event"
)

// playedSide is one end of a session being written.
type playedSide struct {
	addr           netip.AddrPort
	seq            uint32 // of what it sends next
	id             uint16
	unacknowledged int
	leftOut        int64 // octets since its last packet
	gap            bool  // there are such, even if their number is not known
}

// The octets of a packet: what an Ethernet frame of 1,500 takes beside the
// headers. The other side acknowledges before its window is full.
const (
	mostIPv4 = 1460
	mostIPv6 = 1440
	ackEvery = 16 << 10

	flagPSH = 0x08
)

// ends takes the ends of a session, both of one version of IP. What has no
// address, as a session on a socket of this machine, is written as unspecified.
func (c *played) ends(e event.Endpoints) {
	c.side[event.FromDialer].addr, c.side[event.FromListener].addr = plain(e.Remote), plain(e.Local)
	c.most = mostIPv4
	if e.Remote.Addr().Unmap().Is6() || e.Local.Addr().Unmap().Is6() {
		c.most = mostIPv6
	}
}

func plain(a netip.AddrPort) netip.AddrPort {
	if !a.IsValid() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port())
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// initial is a side's first sequence number: another one for each session, so
// that sessions of the same ports are told apart.
func initial(conn uint64, side int) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(binary.BigEndian.AppendUint64([]byte{byte(side)}, conn))
	return h.Sum32()
}

// port says how Wireshark sees the protocol on a port that it does not know,
// or writes one that it knows.
func (s *Sessions) port(c *played) {
	at := &c.side[event.FromListener].addr
	known := standardPort(c.protocol, c.tls, at.Port())
	if known == 0 || known == at.Port() {
		return
	}
	if s.o.StandardPorts {
		c.comments = append(c.comments, fmt.Sprintf("Port %d is written as %d, so that it is taken for mail.", at.Port(), known))
		*at = netip.AddrPortFrom(at.Addr(), known)
		return
	}
	name := map[string]string{"smtp": "smtp", "pop3": "pop"}[c.protocol]
	if c.tls {
		name = "tls"
	}
	c.comments = append(c.comments, fmt.Sprintf("Wireshark sees %s on port %d with Analyze, Decode As; tshark with -d tcp.port==%d,%s.",
		name, at.Port(), at.Port(), name))
}

// standardPort is the port on which Wireshark knows a protocol: the one that it
// has where that is one of them, 0 for an unknown protocol.
func standardPort(protocol string, tls bool, port uint16) uint16 {
	switch {
	case protocol == "smtp" && tls:
		return 465
	case protocol == "smtp" && port == 587:
		return 587
	case protocol == "smtp":
		return 25
	case protocol == "pop3" && tls:
		return 995
	case protocol == "pop3":
		return 110
	}
	return 0
}
