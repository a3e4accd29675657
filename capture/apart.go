package capture

// apart is a packet taken apart as far as that can be done without knowing of
// others.
type apart struct {
	net   int // where IP begins; below 0: nowhere
	isIP  bool
	isTCP bool
	ip    datagram
	tcp   segment
}

// take takes a packet apart. What is found lies where the packet's octets do.
func (a *apart) take(p *Packet) {
	a.isIP, a.isTCP = false, false
	if a.net = network(p.Link, p.Data); a.net < 0 {
		return
	}
	if a.ip, a.isIP = parseIP(p.Data, a.net); a.isIP && !a.ip.fragmented && a.ip.proto == protoTCP {
		a.tcp, a.isTCP = parseTCP(&a.ip, p.Data[a.ip.off:a.ip.end])
	}
}
