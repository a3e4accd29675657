package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"posta/words"
)

const (
	dialTime  = 20 * time.Second       // for a server to take the connection
	probeTime = 400 * time.Millisecond // for one of its ports, where the wanted one was refused
)

// dial opens a connection. Its error says in plain words what stands in the
// way, and what to look at.
func (a *app) dial(ctx context.Context, t target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", t.address())
	if err != nil {
		return nil, a.whyNot(ctx, t, err)
	}
	return nc, nil
}

// whyNot explains why there is no connection.
func (a *app) whyNot(ctx context.Context, t target, err error) error {
	about := words.Args{"Address": t.address(), "Host": t.Host, "Port": t.Port}
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &name) && name.IsNotFound:
		return absent(words.Fail("dial.unknown_host", about))
	case errors.As(err, &name):
		return absent(words.Fail("dial.no_names", about))
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		about["Ports"] = openPorts(ctx, t, a.ownPorts(ctx, t))
		switch {
		case about["Ports"] != "":
			return absent(words.Fail("dial.refused_ports", about))
		case isOwnHost(t.Host):
			return absent(words.Fail("dial.refused_here", about))
		}
		return absent(words.Fail("dial.refused", about))
	case isErrno(err, syscall.ENETUNREACH, 10051), isErrno(err, syscall.EHOSTUNREACH, 10065):
		return absent(words.Fail("dial.unreachable", about))
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isErrno(err, syscall.ETIMEDOUT, 10060):
		return absent(words.Fail("dial.timeout", about))
	}
	return absent(words.FailOf(err, "dial.failed", about))
}

// isErrno looks for a system's error number; Windows has others for sockets.
func isErrno(err error, unix syscall.Errno, windows syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && (errno == unix || runtime.GOOS == "windows" && errno == windows)
}

// openPorts names the ports at which a host does take connections of a
// protocol, those of posta's lab among them; "" for none. At the ports of this
// user's own server nobody knocks: it would have a session of each.
func openPorts(ctx context.Context, t target, own []int) string {
	ports := []int{25, 587, 465, 2525, 2587, 2465, 1025, 1587}
	if t.Protocol == protoPOP3 {
		ports = []int{110, 995, 2110, 2995, 1110, 1995}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	var mu sync.Mutex
	open := slices.DeleteFunc(slices.Clone(own), func(port int) bool { return port == t.Port })
	var all sync.WaitGroup
	for _, port := range ports {
		if port == t.Port || slices.Contains(own, port) {
			continue
		}
		all.Go(func() {
			var d net.Dialer
			nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(t.Host, strconv.Itoa(port)))
			if err != nil {
				return
			}
			_ = nc.Close()
			mu.Lock()
			defer mu.Unlock()
			open = append(open, port)
		})
	}
	all.Wait()
	slices.Sort(open)
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(open), " ", ", "), "[]")
}

// whyEnded explains what ended a conversation that had begun.
func (a *app) whyEnded(err error, t target) error {
	about := words.Args{"Address": t.address()}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return words.Fail("dial.closed", about)
	case isErrno(err, syscall.ECONNRESET, 10054), isErrno(err, syscall.EPIPE, 10053):
		return words.Fail("dial.reset", about)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return words.Fail("dial.silent", about)
	}
	return err
}
