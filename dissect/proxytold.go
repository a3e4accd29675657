package dissect

import (
	"bytes"
	"encoding/binary"

	"posta/field"
)

// proxy tells of what was said to a proxy in the event at hand.
func (b *builder) proxy(p *proxy) {
	for _, one := range p.told {
		m := passage{one.octets, place{b.src, one.off, len(one.octets)}}
		if one.copied {
			m.at = place{b.tree.Source(one.octets), 0, len(one.octets)}
		}
		if p.version == 0 {
			b.http(one.what, m)
		} else {
			b.socks(p, one.what, m)
		}
	}
	p.told = p.told[:0]
}

// proxied says in a frame of what is inside what carries it.
func (b *builder) proxied(p *proxy) {
	if p.version == 0 {
		b.unit(field.HTTP)
		b.generated(field.HTTPProxyConnectHost, field.Octets(p.host))
		b.generated(field.HTTPProxyConnectPort, field.Uint(uint64(p.port)))
		return
	}
	b.unit(field.Socks)
	b.generated(field.SocksVersion, field.Uint(uint64(p.version)))
	b.generated(field.SocksCommand, field.Uint(uint64(p.command)))
	b.generated(field.SocksDstport, field.Uint(uint64(p.port)))
	switch len(p.addr) {
	case 4:
		b.generated(field.SocksDst, field.Octets(p.addr))
	case 16:
		b.generated(field.SocksDstV6, field.Octets(p.addr))
	}
}

// passage is a message to or from a proxy, and where it lies.
type passage struct {
	octets []byte
	at     place
}

// socks tells of a message of SOCKS.
func (b *builder) socks(p *proxy, what step, m passage) {
	b.protocol(field.Socks)
	o := m.octets
	eight := func(id field.ID, i int) { b.add(id, field.Uint(uint64(o[i])), m.at.part(i, 1)) }
	part := func(id field.ID, i, n int) { b.add(id, field.Octets(o[i:i+n]), m.at.part(i, n)) }
	if what == login || what == status {
		b.generated(field.SocksVersion, field.Uint(5))
		eight(field.SocksSubnegotiationVersion, 0)
	} else {
		eight(field.SocksVersion, 0)
	}
	switch what {
	case methods:
		eight(field.SocksAuthMethodCount, 1)
		for i := range o[2:] {
			eight(field.SocksAuthMethod, 2+i)
		}
	case method:
		eight(field.SocksAuthAcceptedMethod, 1)
	case login:
		user := int(o[1])
		part(field.SocksUsername, 2, user)
		part(field.SocksPassword, 3+user, len(o)-3-user)
	case status:
		eight(field.SocksAuthStatus, 1)
	case request, reply:
		if what == request {
			eight(field.SocksCommand, 1)
		} else {
			eight(field.SocksResults, 1)
		}
		eight(field.SocksReserved, 2)
		eight(field.SocksAddressType, 3)
		b.socksAddress(m)
	case request4:
		eight(field.SocksCommand, 1)
		b.add(field.SocksDstport, field.Uint(uint64(p.port)), m.at.part(2, 2))
		part(field.SocksDst, 4, 4)
		user := bytes.IndexByte(o[8:], 0)
		part(field.SocksUsername, 8, user)
		if isSocks4a(o) {
			part(field.SocksV4aDNSName, 8+user+1, len(o)-8-user-2)
		}
	case reply4:
		eight(field.SocksResults, 1)
		b.add(field.SocksDstport, field.Uint(uint64(binary.BigEndian.Uint16(o[2:]))), m.at.part(2, 2))
		part(field.SocksDst, 4, 4)
	}
}

// socksAddress is the end of a request or a reply (RFC 1928 §4).
func (b *builder) socksAddress(m passage) {
	o := m.octets
	at := len(o) - 2
	switch o[3] {
	case socksIPv4:
		b.add(field.SocksDst, field.Octets(o[4:at]), m.at.part(4, at-4))
	case socksIPv6:
		b.add(field.SocksDstV6, field.Octets(o[4:at]), m.at.part(4, at-4))
	case socksName:
		b.add(field.SocksRemoteName, field.Octets(o[5:at]), m.at.part(5, at-5))
	default:
		return
	}
	b.add(field.SocksPort, field.Uint(uint64(binary.BigEndian.Uint16(o[at:]))), m.at.part(at, 2))
}

// http tells of the first line of a request or a response.
func (b *builder) http(what step, m passage) {
	b.protocol(field.HTTP)
	line := m.octets[:bytes.IndexByte(m.octets, '\r')]
	ids := [3]field.ID{field.HTTPRequestMethod, field.HTTPRequestURI, field.HTTPRequestVersion}
	whole := field.HTTPRequest
	if what == connected {
		ids = [3]field.ID{field.HTTPResponseVersion, field.HTTPResponseCode, field.HTTPResponsePhrase}
		whole = field.HTTPResponse
	}
	b.generated(whole, field.Truth(true))
	for off, i := 0, 0; i < len(ids) && off <= len(line); i++ {
		end := bytes.IndexByte(line[off:], ' ')
		if end < 0 || i == 2 {
			end = len(line) - off
		}
		word, at := line[off:off+end], m.at.part(off, end)
		if ids[i] == field.HTTPResponseCode {
			b.add(ids[i], field.Uint(number(word)), at)
		} else {
			b.add(ids[i], field.Octets(word), at)
		}
		off += end + 1
	}
}

// number is what up to four digits say; what is none ends it.
func number(digits []byte) (n uint64) {
	for _, c := range digits[:min(4, len(digits))] {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + uint64(c-'0')
	}
	return n
}
