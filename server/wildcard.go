package server

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"runtime"
	"strconv"
)

// viaWildcard says that a refused address may be had by a detour: macOS lets
// everybody listen on ports below 1024, but only on all addresses at once.
func viaWildcard(addr string, err error) bool {
	host, _, splitErr := net.SplitHostPort(addr)
	ip, parseErr := netip.ParseAddr(host)
	return runtime.GOOS == "darwin" && errors.Is(err, fs.ErrPermission) && splitErr == nil && parseErr == nil && ip.IsLoopback()
}

// listenWildcard listens on all addresses and lets only this computer in, as
// if it were the loopback address alone.
func listenWildcard(ctx context.Context, addr string) (net.Listener, error) {
	l, err := listenTCP(ctx, net.JoinHostPort("0.0.0.0", strconv.Itoa(portNumber(addr))))
	if err != nil {
		return nil, err
	}
	return loopbackOnly{l}, nil
}

// loopbackOnly hangs up on everybody who comes from elsewhere or to another
// address than loopback's, without a word, as a closed port would nearly do.
type loopbackOnly struct{ net.Listener }

// Accept gives the next connection within this computer.
func (l loopbackOnly) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || isLoopback(c.RemoteAddr()) && isLoopback(c.LocalAddr()) {
			return c, err
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not an end
		}
		_ = c.Close()
	}
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
