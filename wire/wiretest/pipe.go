package wiretest

import (
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Default addresses of a Pipe, of the ranges kept for documentation.
const (
	ClientAddr = "192.0.2.1:40000"
	ServerAddr = "192.0.2.2:25"
)

// Window is how many octets one direction holds before Write waits.
const Window = 256 << 10

// Conn is one end of a connection in memory. It is a net.Conn; like one it may
// be used by several goroutines.
type Conn struct {
	in, out       *stream
	local, remote net.Addr
	read, write   *deadline
}

// Pipe makes a connection and returns its two ends.
func Pipe() (client, server *Conn) {
	return PipeBetween(netip.MustParseAddrPort(ClientAddr), netip.MustParseAddrPort(ServerAddr))
}

// PipeBetween makes a connection between two addresses.
func PipeBetween(client, server netip.AddrPort) (*Conn, *Conn) {
	up, down := newStream(), newStream()
	c, s := net.TCPAddrFromAddrPort(client), net.TCPAddrFromAddrPort(server)
	return &Conn{in: down, out: up, local: c, remote: s, read: newDeadline(), write: newDeadline()},
		&Conn{in: up, out: down, local: s, remote: c, read: newDeadline(), write: newDeadline()}
}

// Read returns octets of the oldest Write that has some left.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		due, passed := c.read.state()
		if passed {
			return 0, c.opError("read", os.ErrDeadlineExceeded)
		}
		n, changed, err := c.in.take(p)
		if changed == nil {
			return n, c.opError("read", err)
		}
		select {
		case <-changed:
		case <-due:
		}
	}
}

// Write appends p as one piece; it waits while the peer is a Window behind.
func (c *Conn) Write(p []byte) (int, error) {
	for {
		due, passed := c.write.state()
		if passed {
			return 0, c.opError("write", os.ErrDeadlineExceeded)
		}
		n, changed, err := c.out.put(p)
		if changed == nil {
			return n, c.opError("write", err)
		}
		select {
		case <-changed:
		case <-due:
		}
	}
}

// WriteSplit writes p in pieces of n octets, each of which is its own Read.
func (c *Conn) WriteSplit(p []byte, n int) error {
	for len(p) > 0 {
		k := min(n, len(p))
		if _, err := c.Write(p[:k]); err != nil {
			return err
		}
		p = p[k:]
	}
	return nil
}

// WriteCut writes p in two pieces, cut after octet i.
func (c *Conn) WriteCut(p []byte, i int) error {
	for _, piece := range [][]byte{p[:i], p[i:]} {
		if len(piece) == 0 {
			continue
		}
		if _, err := c.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// CloseWrite is a FIN: the peer reads what was written and then io.EOF.
func (c *Conn) CloseWrite() error {
	c.out.finish()
	return nil
}

// Close ends both directions. The peer still reads what was written before;
// its writes fail.
func (c *Conn) Close() error {
	c.out.finish()
	c.in.fail(net.ErrClosed, syscall.EPIPE)
	c.out.fail(nil, net.ErrClosed)
	return nil
}

// Reset is an RST: unread octets are lost and both ends fail.
func (c *Conn) Reset() {
	c.out.drop()
	c.in.drop()
	c.out.fail(syscall.ECONNRESET, net.ErrClosed)
	c.in.fail(net.ErrClosed, syscall.ECONNRESET)
}

// Unread is how many octets wait to be read at this end.
func (c *Conn) Unread() int { return c.in.waiting() }

func (c *Conn) LocalAddr() net.Addr  { return c.local }
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

func (c *Conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

func (c *Conn) SetReadDeadline(t time.Time) error  { c.read.set(t); return nil }
func (c *Conn) SetWriteDeadline(t time.Time) error { c.write.set(t); return nil }

func (c *Conn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}
