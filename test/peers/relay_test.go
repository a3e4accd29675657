//go:build whole

package peers

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// relay passes octets between a client and posta and writes down how they
// came: what one read gave is one segment, as far as anybody can tell.
type relay struct {
	w        *world
	listener net.Listener
	to       string
	octets   bool // what the client sends goes on octet by octet, as some telnets send it

	mu      sync.Mutex
	asked   []string // what the client sent, a read each
	said    []string // what the server sent
	changed chan struct{}
	running sync.WaitGroup
}

// relay begins to listen before an address.
func (w *world) relay(addr string, octets bool) *relay {
	w.t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	r := &relay{w: w, listener: l, to: addr, octets: octets, changed: make(chan struct{})}
	r.running.Go(r.accept)
	w.t.Cleanup(func() {
		l.Close()
		r.running.Wait()
	})
	return r
}

func (r *relay) port() string {
	_, port, _ := net.SplitHostPort(r.listener.Addr().String())
	return port
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp4", r.to)
		if err != nil {
			client.Close()
			continue
		}
		r.running.Go(func() { r.pass(server, client, &r.asked) })
		r.running.Go(func() { r.pass(client, server, &r.said) })
	}
}

// pass copies one direction to its end.
func (r *relay) pass(to, from net.Conn, log *[]string) {
	defer func() { _ = to.(*net.TCPConn).CloseWrite() }() // it may be gone
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			r.mu.Lock()
			*log = append(*log, string(buf[:n]))
			close(r.changed)
			r.changed = make(chan struct{})
			r.mu.Unlock()
			if r.forward(to, buf[:n], log == &r.asked) != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// segments are the client's octets so far, a read each, and a channel that is
// closed when more has come from either side.
func (r *relay) segments() (all []string, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked), r.changed
}

// forward writes what came in one go, or octet by octet.
func (r *relay) forward(to net.Conn, p []byte, asked bool) error {
	if !asked || !r.octets {
		_, err := to.Write(p)
		return err
	}
	for i := range p {
		if _, err := to.Write(p[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// grow does something that makes the client send, and waits until it has.
func (r *relay) grow(do func()) {
	r.w.t.Helper()
	before, _ := r.segments()
	do()
	r.await(func(now []string) bool { return len(now) > len(before) })
}

// await waits until the segments are as they should be.
func (r *relay) await(as func([]string) bool) {
	r.w.t.Helper()
	timeout := time.After(patience / 3)
	for {
		now, changed := r.segments()
		if as(now) {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			r.w.t.Fatalf("the client has sent only %q\n%s", now, r.w.story())
		}
	}
}

// replies are the server's octets so far.
func (r *relay) replies() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.said, "")
}
