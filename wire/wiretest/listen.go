package wiretest

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// Listener is a net.Listener in memory.
type Listener struct {
	addr    netip.AddrPort
	backlog chan *Conn
	closed  chan struct{}
	once    sync.Once
	mu      sync.Mutex
	port    uint16
	failing error
}

// Listen makes a Listener at ServerAddr.
func Listen() *Listener {
	return &Listener{
		addr:    netip.MustParseAddrPort(ServerAddr),
		backlog: make(chan *Conn, 1024),
		closed:  make(chan struct{}),
		port:    netip.MustParseAddrPort(ClientAddr).Port(),
	}
}

// Dial connects from ClientAddr's host, each time from another port.
func (l *Listener) Dial() (*Conn, error) {
	return l.DialFrom(netip.MustParseAddrPort(ClientAddr).Addr())
}

// DialFrom connects from a host.
func (l *Listener) DialFrom(host netip.Addr) (*Conn, error) {
	l.mu.Lock()
	port := l.port
	l.port++
	l.mu.Unlock()
	client, server := PipeBetween(netip.AddrPortFrom(host, port), l.addr)
	select {
	case <-l.closed:
		return nil, errors.New("wiretest: connection refused")
	default:
	}
	select {
	case l.backlog <- server:
		return client, nil
	case <-l.closed:
		return nil, errors.New("wiretest: connection refused")
	}
}

// Fail makes the next Accept fail once with err.
func (l *Listener) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = err
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	err := l.failing
	l.failing = nil
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses later Dials; those who waited for Accept are hung up on.
func (l *Listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		for {
			select {
			case c := <-l.backlog:
				c.Close()
			default:
				return
			}
		}
	})
	return nil
}

func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }
