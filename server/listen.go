package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"syscall"

	"posta/config"
	"posta/words"
)

// Why a listener is not where it was wanted.
const (
	Denied = "denied" // no right to a port below 1024
	Used   = "used"   // another program has it
	Other  = "other"
)

// Bound is a listener that listens.
type Bound struct {
	config.Listener        // as configured
	Actual          string // address listened on, "127.0.0.1:2525"
	Port            int
	Why             string // Denied, Used, Other when it fell back; "" where it was wanted
	Err             error  // what the system said then
}

// highPorts are where a listener goes when it cannot have its own port:
// ports that need no right and that students find again.
var highPorts = map[string]int{"25": 2525, "587": 2587, "465": 2465, "110": 2110, "995": 2995}

// highTries is how many are tried, each a thousand above the one before: there
// may be several labs on a machine.
const highTries = 8

// elsewhere lists the ports to try in place of one.
func elsewhere(port string) []string {
	var all []string
	if base := highPorts[port]; base != 0 {
		for i := range highTries {
			all = append(all, strconv.Itoa(base+1000*i))
		}
	}
	return append(all, "0")
}

// listen binds one listener. With fallback it tries the high ports next, and
// then any.
func listen(ctx context.Context, l config.Listener, fallback bool) (net.Listener, Bound, error) {
	bound := Bound{Listener: l}
	socket, err := listenTCP(ctx, l.Addr)
	if err != nil && fallback {
		bound.Why, bound.Err = reason(err), err
		host, port, splitErr := net.SplitHostPort(l.Addr)
		if splitErr != nil {
			return nil, bound, fmt.Errorf("listener %s: %w", l.Name, splitErr)
		}
		for _, next := range elsewhere(port) {
			if socket, err = listenTCP(ctx, net.JoinHostPort(host, next)); err == nil {
				break
			}
		}
	}
	if err != nil {
		return nil, bound, refused(l, err)
	}
	bound.Actual = socket.Addr().String()
	if tcp, ok := socket.Addr().(*net.TCPAddr); ok {
		bound.Port = tcp.Port
	}
	return socket, bound, nil
}

func listenTCP(ctx context.Context, addr string) (net.Listener, error) {
	network := "tcp"
	if host, _, err := net.SplitHostPort(addr); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
			network = "tcp4"
		}
	}
	lc := net.ListenConfig{Control: exclusive}
	return lc.Listen(ctx, network, addr)
}

// refused says why there is no listener, and what helps.
func refused(l config.Listener, err error) error {
	args := words.Args{"Name": l.Name, "Address": l.Addr}
	switch reason(err) {
	case Used:
		return words.FailAs(err, "server.port_used", args)
	case Denied:
		return words.FailAs(err, "server.port_denied", args)
	}
	return fmt.Errorf("listener %s: %w", l.Name, err)
}

// reason sorts what the system said.
func reason(err error) string {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Denied
	case errors.As(err, &errno) && inUse(errno):
		return Used
	}
	return Other
}
