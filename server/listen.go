package server

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strconv"
	"syscall"

	"posta/config"
	"posta/words"
)

// Why a listener is not where it was wanted.
const (
	Denied   = "denied"   // no right to a port below 1024
	Used     = "used"     // another program has it
	Reserved = "reserved" // the system gives it to nobody
	Other    = "other"
)

// Bound is a listener that listens.
type Bound struct {
	config.Listener        // as configured
	Actual          string // address listened on, "127.0.0.1:2525"
	Port            int
	Why             string // Denied, Used, Reserved, Other when it fell back; "" where it was wanted
	Program         string // that has the wanted port, where the system tells
	PID             int    // its process
	Err             error  // what the system said then
}

// highPorts are where a listener goes when it cannot have its own port:
// ports that need no right and that students find again.
var highPorts = map[string]int{"25": 2525, "587": 2587, "465": 2465, "110": 2110, "995": 2995}

// HighPort is where a listener of a standard port goes that cannot have it;
// the port itself where it is no standard one.
func HighPort(port string) string {
	if high := highPorts[port]; high != 0 {
		return strconv.Itoa(high)
	}
	return port
}

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
	if err != nil && viaWildcard(l.Addr, err) {
		if socket, err := listenWildcard(ctx, l.Addr); err == nil {
			bound.Actual, bound.Port = l.Addr, portNumber(l.Addr)
			return socket, bound, nil
		}
	}
	if err != nil && fallback {
		why, by := reason(err, portNumber(l.Addr))
		bound.Why, bound.Program, bound.PID, bound.Err = why, by.Program, by.PID, err
		host, port, splitErr := net.SplitHostPort(l.Addr)
		if splitErr != nil {
			return nil, bound, refused(l, splitErr)
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

// portNumber is the port of an address; 0 where it has none.
func portNumber(addr string) int {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

// refused says why there is no listener, and what helps.
func refused(l config.Listener, err error) error {
	args := words.Args{"Name": l.Name, "Address": l.Addr}
	why, by := reason(err, portNumber(l.Addr))
	switch {
	case why == Used && by.PID != 0:
		args["Holder"] = by.String()
		return words.FailAs(err, "server.port_held", args)
	case why == Used:
		return words.FailAs(err, "server.port_used", args)
	case why == Denied:
		return words.FailAs(err, "server.port_denied", args)
	case why == Reserved:
		return words.FailAs(err, "server.port_reserved", args)
	}
	return words.FailOf(err, "server.port_other", args)
}

// reason sorts what the system said, and finds who has the port.
func reason(err error, port int) (string, holder) {
	var errno syscall.Errno
	has := errors.As(err, &errno)
	switch {
	case has && isWithheld(errno):
		if by := holderOf(port); by.PID != 0 {
			return Used, by
		}
		return Reserved, holder{}
	case errors.Is(err, fs.ErrPermission):
		return Denied, holder{}
	case has && inUse(errno):
		return Used, holderOf(port)
	}
	return Other, holder{}
}
