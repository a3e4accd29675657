package dissect

import (
	"bytes"
	"encoding/binary"
	"net"
	"strconv"

	"posta/event"
)

// proxy follows what is said to a proxy before the mail: SOCKS 4, 4a and 5 (RFC
// 1928, RFC 1929), and HTTP's CONNECT (RFC 9110 §9.3.6). It is known by its
// first octets, at any port.
type proxy struct {
	version byte    // 4, 5, or 0 for HTTP
	next    [2]step // what each side says next, by event.Dir
	part    [2][]byte
	port    uint16 // that was asked for
	host    []byte
	addr    []byte // where it was asked for by address
	command byte
	through bool     // it says that there is a connection
	failed  bool     // or that there will be none, or what comes is no such thing
	told    []notice // what ended in the event at hand
	lines   *int     // octets that are kept of all connections
}

// step is a message of a proxy's language.
type step uint8

const (
	beyond  step = iota // what follows is said to the server behind it
	silence             // nothing, until the other side has spoken
	methods
	method
	login
	status
	request
	reply
	request4
	reply4
	connect
	connected
)

// The bounds of messages.
const (
	maxSocks   = 600 // octets; names have 255 at most
	maxConnect = 16 << 10
)

// Addresses and commands of SOCKS (RFC 1928 §4, §5).
const (
	socksConnect = 1
	socksLogin   = 2 // the method of RFC 1929
	socksIPv4    = 1
	socksName    = 3
	socksIPv6    = 4
	socks4OK     = 90
)

// newProxy looks at the first octets of whoever dialed; nil if they are said to
// no proxy.
func newProxy(octets []byte) *proxy {
	p := &proxy{}
	switch n := len(octets); {
	case n >= 3 && octets[0] == 5 && octets[1] > 0 && n == 2+int(octets[1]):
		p.version = 5
		p.next = [2]step{event.FromDialer: methods, event.FromListener: silence}
	case n >= 9 && octets[0] == 4 && octets[1] == socksConnect:
		p.version = 4
		p.next = [2]step{event.FromDialer: request4, event.FromListener: silence}
	case bytes.HasPrefix(octets, []byte("CONNECT ")):
		p.next = [2]step{event.FromDialer: connect, event.FromListener: silence}
	default:
		return nil
	}
	return p
}

// size is how long the message is whose first octets these are, 0 while that
// cannot be told.
func (s step) size(b []byte) int {
	at := func(i, before, after int) int { // the octet there is a length
		if i >= len(b) {
			return 0
		}
		return before + int(b[i]) + after
	}
	switch s {
	case methods:
		return at(1, 2, 0)
	case method, status:
		return 2
	case login:
		if user := at(1, 2, 0); user > 0 {
			return at(user, user+1, 0)
		}
	case request, reply:
		if len(b) < 5 {
			return 0
		}
		switch b[3] {
		case socksIPv4:
			return 4 + 4 + 2
		case socksIPv6:
			return 4 + 16 + 2
		case socksName:
			return at(4, 5, 2)
		}
		return len(b)
	case reply4:
		return 8
	case request4:
		return size4(b)
	case connect, connected:
		if end := bytes.Index(b, []byte("\r\n\r\n")); end >= 0 {
			return end + 4
		}
	}
	return 0
}

// size4 finds the end of SOCKS 4's name of the user, and of 4a's of the host.
func size4(b []byte) int {
	if len(b) < 9 {
		return 0
	}
	user := bytes.IndexByte(b[8:], 0)
	if user < 0 {
		return 0
	}
	end := 8 + user + 1
	if !isSocks4a(b) {
		return end
	}
	host := bytes.IndexByte(b[end:], 0)
	if host < 0 {
		return 0
	}
	return end + host + 1
}

// isSocks4a says that the address is one that cannot be: a name follows.
func isSocks4a(b []byte) bool { return b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0 }

// notice is a message that has ended: n octets of the event, from off on. Where
// it began in an earlier one, octets are a copy.
type notice struct {
	what   step
	octets []byte
	off    int
	copied bool
}

// take takes octets, and says how many of them are the proxy's.
func (p *proxy) take(d event.Dir, octets []byte) (n int) {
	p.told = p.told[:0]
	for p.next[d] != beyond && !p.failed && n < len(octets) {
		what, got, whole := p.next[d], p.part[d], octets[n:]
		if what == silence {
			p.failed = true
			return n
		}
		if len(got) > 0 {
			whole = append(got[:len(got):len(got)], whole...)
		}
		size := what.size(whole)
		if size == 0 || size > len(whole) {
			p.part[d] = append(got, octets[n:]...)
			*p.lines += len(octets) - n
			p.failed = len(whole) > maxConnect || p.version > 0 && len(whole) > maxSocks || *p.lines > maxLines
			return len(octets)
		}
		p.told = append(p.told, notice{what, whole[:size], n, len(got) > 0})
		p.part[d] = nil
		*p.lines -= len(got)
		n += size - len(got)
		p.heard(what, whole[:size])
	}
	return n
}

// drop lets go what is being put together.
func (p *proxy) drop() {
	*p.lines -= len(p.part[0]) + len(p.part[1])
	p.part = [2][]byte{}
}

// heard follows a message.
func (p *proxy) heard(what step, o []byte) {
	up, down := &p.next[event.FromDialer], &p.next[event.FromListener]
	switch what {
	case methods:
		*up, *down = silence, method
	case method:
		*down = silence
		switch o[1] {
		case 0:
			*up = request
		case socksLogin:
			*up = login
		default: // none was good, or one that hides what follows
			p.failed = true
		}
	case login:
		*up, *down = silence, status
	case status:
		*up, *down, p.failed = request, silence, o[1] != 0
	case request:
		p.asked(o)
		*up, *down = beyond, reply
	case reply:
		p.done(o[1] == 0)
	case request4:
		p.command, p.port = o[1], binary.BigEndian.Uint16(o[2:])
		if !isSocks4a(o) {
			p.addr = bytes.Clone(o[4:8])
		}
		*up, *down = beyond, reply4
	case reply4:
		p.done(o[1] == socks4OK)
	case connect:
		p.connect(o)
		*up, *down = beyond, connected
	case connected:
		fields := bytes.Fields(o[:bytes.IndexByte(o, '\n')])
		p.done(len(fields) > 1 && len(fields[1]) == 3 && fields[1][0] == '2')
	}
}

func (p *proxy) done(through bool) {
	p.next[event.FromListener] = beyond
	p.through, p.failed = through, p.failed || !through
}

// asked notes what a request of SOCKS 5 asks for.
func (p *proxy) asked(o []byte) {
	p.command, p.port = o[1], binary.BigEndian.Uint16(o[len(o)-2:])
	if at := len(o) - 2; o[3] == socksIPv4 || o[3] == socksIPv6 {
		p.addr = bytes.Clone(o[4:at])
	}
	p.failed = p.failed || o[0] != 5 || o[1] != socksConnect
}

// connect notes what a request of HTTP asks for.
func (p *proxy) connect(o []byte) {
	fields := bytes.Fields(o[:bytes.IndexByte(o, '\r')])
	if len(fields) != 3 {
		p.failed = true
		return
	}
	host, port, err := net.SplitHostPort(string(fields[1]))
	n, err2 := strconv.ParseUint(port, 10, 16)
	p.host, p.port = []byte(host), uint16(n)
	p.failed = err != nil || err2 != nil
}

// behind takes an event to a proxy, and says how many of its octets are said
// to the proxy itself.
func (d *Dissector) behind(c *conn, e *event.Event) (n int) {
	if c.proxy == nil {
		if e.Off != 0 || c.live || e.Dir != event.FromDialer || c.spoken[event.FromListener] {
			return 0
		}
		if c.proxy = newProxy(e.Data); c.proxy == nil {
			return 0
		}
		c.proxy.lines = &d.lines
	}
	n = c.proxy.take(e.Dir, e.Data)
	switch {
	case c.proxy.failed:
		c.proxy.drop()
		c.speaks, c.mute = nil, true
	case c.proxy.through && n > 0 && e.Dir == event.FromListener:
		c.spoken = [2]bool{}
		c.guess(c.proxy.port)
		c.told(c.proxy.port, d.ports)
		d.speaks(e.Conn, c)
	}
	return n
}
