package talk

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"posta/event"
)

// Tap is a dialed connection that tells a Sink of all that passes, as a
// wire.Conn does, but lets its owner write and read when it likes: a person
// types while the server speaks. One goroutine may read and one write.
type Tap struct {
	base net.Conn

	mu     sync.Mutex
	em     event.Emitter
	secure *tls.Conn
	text   [2]int64 // octets by event.Dir
	wire   [2]int64
	closed bool
}

// NewTap takes a connection over and tells that it began. Endpoints of fact are
// filled in.
func NewTap(nc net.Conn, sink event.Sink, id uint64, fact event.Opened) *Tap {
	t := &Tap{base: nc, em: event.NewEmitter(sink, id)}
	fact.Remote, fact.Local = addrPort(nc.LocalAddr()), addrPort(nc.RemoteAddr()) // Remote is who dialed
	t.em.Fact(event.Open, fact)
	return t
}

func addrPort(a net.Addr) netip.AddrPort {
	if a == nil {
		return netip.AddrPort{}
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// StartTLS begins TLS as the client. Nobody may be reading.
func (t *Tap) StartTLS(ctx context.Context, cfg *tls.Config) error {
	if _, ok := t.TLS(); ok {
		return errors.New("talk: TLS is up already")
	}
	t.mu.Lock()
	t.wire = t.text
	t.mu.Unlock()
	secure := tls.Client(cipher{t.base, t}, cfg)
	if err := t.base.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if err := secure.HandshakeContext(ctx); err != nil {
		return err
	}
	s := secure.ConnectionState()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secure = secure
	t.em.Fact(event.Secure, event.Secured{
		Version: strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1),
		Cipher:  tls.CipherSuiteName(s.CipherSuite), ServerName: s.ServerName,
	})
	return nil
}

// TLS gives the state of TLS, and whether there is any.
func (t *Tap) TLS() (tls.ConnectionState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.secure == nil {
		return tls.ConnectionState{}, false
	}
	return t.secure.ConnectionState(), true
}

func (t *Tap) over() net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.secure != nil {
		return t.secure
	}
	return t.base
}

// Read implements net.Conn.
func (t *Tap) Read(p []byte) (int, error) {
	n, err := t.over().Read(p)
	t.tell(event.FromListener, event.Text, event.Reply, &t.text, p[:n])
	return n, err
}

// Write implements net.Conn. What a peer has seen, the watchers have.
func (t *Tap) Write(p []byte) (int, error) {
	t.tell(event.FromDialer, event.Text, event.Command, &t.text, p)
	return t.over().Write(p)
}

func (t *Tap) tell(d event.Dir, l event.Layer, part event.Part, at *[2]int64, p []byte) {
	if len(p) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.em.Wants(l, part) {
		t.em.Octets(time.Now(), d, l, part, at[d], p, nil)
	}
	at[d] += int64(len(p))
}

// Close implements net.Conn.
func (t *Tap) Close() error { return t.End("closed") }

// End closes, and tells the watchers why.
func (t *Tap) End(reason string) error {
	t.mu.Lock()
	closed, secure := t.closed, t.secure
	t.closed = true
	t.mu.Unlock()
	if closed {
		return nil
	}
	if secure != nil {
		_ = t.base.SetWriteDeadline(time.Now().Add(time.Second))
		_ = secure.CloseWrite() // close_notify; who has gone does not hear it
	}
	err := t.base.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.em.Fact(event.Close, event.Closed{Reason: reason})
	return err
}

// CloseWrite ends the stream of this side.
func (t *Tap) CloseWrite() error {
	half, ok := t.over().(interface{ CloseWrite() error })
	if !ok {
		return errors.New("talk: this connection cannot be closed by halves")
	}
	return half.CloseWrite()
}

// SetLinger implements what a reset needs (see net.TCPConn).
func (t *Tap) SetLinger(sec int) error {
	tcp, ok := t.base.(*net.TCPConn)
	if !ok {
		return errors.New("talk: this connection cannot be reset")
	}
	return tcp.SetLinger(sec)
}

func (t *Tap) LocalAddr() net.Addr                { return t.base.LocalAddr() }
func (t *Tap) RemoteAddr() net.Addr               { return t.base.RemoteAddr() }
func (t *Tap) SetDeadline(d time.Time) error      { return t.base.SetDeadline(d) }
func (t *Tap) SetReadDeadline(d time.Time) error  { return t.base.SetReadDeadline(d) }
func (t *Tap) SetWriteDeadline(d time.Time) error { return t.base.SetWriteDeadline(d) }

// cipher is the network below TLS.
type cipher struct {
	net.Conn
	t *Tap
}

func (c cipher) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.t.tell(event.FromListener, event.Wire, event.Reply, &c.t.wire, p[:n])
	return n, err
}

func (c cipher) Write(p []byte) (int, error) {
	c.t.tell(event.FromDialer, event.Wire, event.Command, &c.t.wire, p)
	return c.Conn.Write(p)
}
