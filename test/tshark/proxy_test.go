//go:build whole

package tshark_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"posta/field"
)

// talk adds a connection in which both sides say what the lines hold: C: and S:
// begin them.
func (m *maker) talk(port, server uint16, lines ...string) {
	c := &end{addr: [4]byte{192, 0, 2, 1}, port: port, window: 4096, seq: m.rnd.Uint32()}
	s := &end{addr: [4]byte{192, 0, 2, 2}, port: server, window: 4096, seq: m.rnd.Uint32()}
	m.segment(c, s, c.seq, 0, syn, nil)
	c.seq++
	m.segment(s, c, s.seq, c.seq, syn|ack, nil)
	s.seq++
	m.segment(c, s, c.seq, s.seq, ack, nil)
	for _, line := range lines {
		from, to := c, s
		if line[0] == 'S' {
			from, to = s, c
		}
		m.segment(from, to, from.seq, to.seq, psh|ack, []byte(line[2:]))
		from.seq += uint32(len(line) - 2)
	}
	m.segment(c, s, c.seq, s.seq, fin|ack, nil)
	m.segment(s, c, s.seq, c.seq+1, fin|ack, nil)
	m.segment(c, s, c.seq+1, s.seq+1, ack, nil)
}

// What is said to proxies, and the mail behind it, is what tshark says.
func TestProxiesAreTsharks(t *testing.T) {
	mail := []string{"S:220 mx.example ESMTP\r\n", "C:EHLO client.example\r\n", "S:250-mx.example\r\n250 SIZE 1000\r\n", "C:QUIT\r\n", "S:221 Bye\r\n"}
	pop := []string{"S:+OK POP3\r\n", "C:USER pepe\r\n", "S:+OK\r\n", "C:QUIT\r\n", "S:+OK\r\n"}
	with := func(rest []string, lines ...string) []string { return append(lines, rest...) }
	m := &maker{rnd: rand.New(rand.NewPCG(1, 1))}
	m.talk(40001, 1080, with(mail, "C:\x05\x01\x00", "S:\x05\x00", "C:\x05\x01\x00\x01\xc0\x00\x02\x19\x00\x19", "S:\x05\x00\x00\x01\xc0\x00\x02\x02\x9c\x40")...)
	m.talk(40002, 1080, with(mail, "C:\x05\x02\x00\x02", "S:\x05\x02", "C:\x01\x04pepe\x06secret", "S:\x01\x00",
		"C:\x05\x01\x00\x03\x0amx.example\x00\x19", "S:\x05\x00\x00\x01\xc0\x00\x02\x02\x9c\x40")...)
	m.talk(40003, 1080, with(pop, "C:\x05\x01\x00", "S:\x05\x00", "C:\x05\x01\x00\x04"+strings.Repeat("\x20", 16)+"\x00\x6e", "S:\x05\x00\x00\x01\xc0\x00\x02\x02\x9c\x40")...)
	m.talk(40004, 1080, "C:\x05\x01\x00", "S:\x05\x00", "C:\x05\x01\x00\x01\xc0\x00\x02\x19\x00\x19", "S:\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")
	// Of SOCKS 4's address tshark shows behind the proxy's reply the request's first four octets.
	m.talk(40005, 1080, with(nil, "C:\x04\x01\x00\x19\xc0\x00\x02\x19pepe\x00", "S:\x00\x5a\x00\x19\xc0\x00\x02\x19")...)
	m.talk(40006, 1080, with(nil, "C:\x04\x01\x00\x19\x00\x00\x00\x01pepe\x00mx.example\x00", "S:\x00\x5a\x00\x19\xc0\x00\x02\x19")...)
	// It looks not behind a CONNECT for port 25.
	m.talk(40007, 8080, with(nil, "C:CONNECT mx.example:25 HTTP/1.1\r\nHost: mx.example\r\n\r\n", "S:HTTP/1.1 200 Connection established\r\n\r\n")...)
	m.talk(40008, 8080, "C:CONNECT mx.example:25 HTTP/1.0\r\n\r\n", "S:HTTP/1.0 403 No\r\nContent-Length: 0\r\n\r\n")
	ids := []field.ID{
		field.Socks, field.SocksVersion, field.SocksAuthMethodCount, field.SocksAuthMethod, field.SocksAuthAcceptedMethod, field.SocksCommand,
		field.SocksResults, field.SocksReserved, field.SocksAddressType, field.SocksDst, field.SocksDstV6, field.SocksRemoteName, field.SocksV4aDNSName,
		field.SocksPort, field.SocksDstport, field.SocksUsername, field.SocksPassword, field.SocksSubnegotiationVersion, field.SocksAuthStatus,
		field.HTTP, field.HTTPRequest, field.HTTPRequestMethod, field.HTTPRequestURI, field.HTTPRequestVersion, field.HTTPResponse,
		field.HTTPResponseVersion, field.HTTPResponseCode, field.HTTPResponsePhrase, field.HTTPProxyConnectHost, field.HTTPProxyConnectPort,
		field.SMTP, field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPRspParameter,
		field.POP, field.POPRequestCommand, field.POPResponseIndicator,
	}
	m.compare(t, ids)
}

// compare holds fields of each packet against tshark's.
func (m *maker) compare(t *testing.T, ids []field.ID, args ...string) {
	t.Helper()
	f := m.file(t)
	ours := fieldsOf(t, f.path, ids)
	for i, theirs := range f.said(t, ids, args...) {
		for _, id := range ids {
			if name := field.Of(id).Name; !slices.Equal(ours[i][name], theirs[name]) {
				t.Errorf("packet %d: %s: tshark %q, posta %q", i+1, name, theirs[name], ours[i][name])
			}
		}
	}
}

// What telnet clients say is what tshark says, told that it is telnet.
func TestTelnetIsTsharks(t *testing.T) {
	m := &maker{rnd: rand.New(rand.NewPCG(1, 1))}
	m.talk(40001, 25, "S:220 mx.example\r\n", "C:\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03", "S:\xff\xfe\x1f",
		"C:HELO\xff\xf6 x\r\n", "S:250 mx.example\r\n", "C:\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", "C:QUIT\r\n")
	m.compare(t, []field.ID{field.TelnetCmd, field.TelnetSubcmd}, "-d", "tcp.port==25,telnet")
}
