package wire

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"
)

const (
	defaultGrace = 20 * time.Second
	refusing     = 64 // peers that are told no at the same time
	mostFailures = 10 // in a row, of a kind that nobody says is temporary: a peer's network error may be one
)

// Server accepts connections and runs a session in a goroutine for each.
type Server struct {
	Listener net.Listener
	// Options makes the options of a connection, ID included.
	Options func(remote netip.AddrPort) Options
	// Admit may refuse a peer before anything is read: it returns the one line
	// to send ("421 4.7.0 …") or "". release, if any, is called at the end.
	Admit func(remote netip.AddrPort) (refusal string, release func())
	// Refused, if any, is told of everybody who was turned away, and by which
	// line; it is called by the accepting loop and must not wait.
	Refused func(remote netip.AddrPort, line string)
	// TLS says that peers begin with a handshake: those who are turned away get
	// no line in clear text, which they would take for a broken handshake.
	TLS bool
	// Session serves one connection; Server closes it afterwards. Its context
	// lives until the session has ended or the Grace has run out.
	Session func(context.Context, *Conn)
	// MaxConns bounds the sessions at once; 0: no bound. Busy is the line sent
	// to one too many.
	MaxConns int
	Busy     string
	// Grace is how long sessions may go on after an Interrupt; 0: 20 s.
	Grace time.Duration
	// Panicked, if any, is told of a session that panicked, and its stack. The
	// other sessions go on.
	Panicked func(reason any, stack []byte)
}

// Serve accepts until ctx is done or the listener fails for good; it backs off
// on temporary failures (EMFILE). When ctx is done it closes the listener,
// interrupts the sessions and returns after the last has ended, nil then. Those
// that outlast the Grace are cut off.
func (s *Server) Serve(ctx context.Context) error {
	sessionCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	h := &serving{Server: s, buffers: NewBuffers(), conns: map[*Conn]struct{}{}, refusals: make(chan struct{}, refusing)}
	stop := context.AfterFunc(ctx, func() { _ = s.Listener.Close() })
	defer stop()
	err := h.accept(ctx, sessionCtx)
	_ = s.Listener.Close()
	h.shut(cancel)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// serving is one Serve under way.
type serving struct {
	*Server
	buffers  *Buffers
	refusals chan struct{}

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	closing bool
	wg      sync.WaitGroup
}

func (h *serving) accept(ctx, sessionCtx context.Context) error {
	failures := 0
	for {
		nc, err := h.Listener.Accept()
		if err == nil {
			failures = 0
			h.welcome(sessionCtx, nc)
			continue
		}
		failures++
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) || failures >= mostFailures && !temporary(err) {
			return err
		}
		pause := min(5*time.Millisecond<<min(failures, 10), time.Second)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// temporary says that accepting will work again: too many files are open.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// welcome admits a peer or not.
func (h *serving) welcome(ctx context.Context, nc net.Conn) {
	if k, ok := nc.(interface{ SetKeepAlive(bool) error }); ok {
		_ = k.SetKeepAlive(true) // a peer that vanished must not hold its maildrop's lock
	}
	remote := addrPort(nc.RemoteAddr())
	var refusal string
	var release func()
	if h.Admit != nil {
		refusal, release = h.Admit(remote)
	}
	if release == nil {
		release = func() {}
	}
	if refusal != "" {
		release()
		h.turnAway(nc, remote, refusal)
		return
	}
	o := h.Options(remote)
	if o.Buffers == nil {
		o.Buffers = h.buffers
	}
	c := NewConn(nc, o)
	if !h.enter(c) {
		release()
		h.turnAway(nc, remote, h.Busy)
		return
	}
	go h.serve(ctx, c, release)
}

// enter counts a session in.
func (h *serving) enter(c *Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || h.MaxConns > 0 && len(h.conns) >= h.MaxConns {
		return false
	}
	h.conns[c] = struct{}{}
	h.wg.Add(1)
	return true
}

func (h *serving) leave(c *Conn) {
	h.mu.Lock()
	delete(h.conns, c)
	h.mu.Unlock()
	h.wg.Done()
}

// serve runs a session. One that panics must not take the others with it.
func (h *serving) serve(ctx context.Context, c *Conn, release func()) {
	defer h.leave(c)
	defer release()
	defer func() {
		reason := "session ended"
		if r := recover(); r != nil {
			reason = "internal error"
			if h.Panicked != nil {
				h.Panicked(r, debug.Stack())
			}
		}
		_ = c.Close(reason)
	}()
	h.Session(ctx, c)
}

// turnAway tells who watches, and the peer.
func (h *serving) turnAway(nc net.Conn, remote netip.AddrPort, line string) {
	if h.Refused != nil {
		h.Refused(remote, line)
	}
	if h.TLS {
		_ = nc.Close()
		return
	}
	h.refuse(nc, line)
}

// refuse says one line to a peer, beside the accepting loop and for not too
// many at once.
func (h *serving) refuse(nc net.Conn, line string) {
	select {
	case h.refusals <- struct{}{}:
	default:
		_ = nc.Close()
		return
	}
	h.wg.Add(1)
	go func() {
		defer h.wg.Done()
		defer func() { <-h.refusals }()
		defer nc.Close()
		if line == "" || nc.SetWriteDeadline(time.Now().Add(farewell)) != nil {
			return
		}
		if _, err := nc.Write([]byte(line + "\r\n")); err == nil {
			linger(nc, lingerTime)
		}
	}()
}

// shut interrupts the sessions and waits for them.
func (h *serving) shut(cancel context.CancelFunc) {
	h.mu.Lock()
	h.closing = true
	for c := range h.conns {
		c.Interrupt()
	}
	h.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		h.wg.Wait()
		close(ended)
	}()
	grace := h.Grace
	if grace <= 0 {
		grace = defaultGrace
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
		return
	case <-timer.C:
	}
	cancel()
	h.mu.Lock()
	for c := range h.conns {
		_ = c.base.Close()
	}
	h.mu.Unlock()
	<-ended
}
