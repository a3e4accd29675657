package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"posta/event"
)

// handshakeTime is how long a TLS handshake may take; Options.Idle if less.
const handshakeTime = 30 * time.Second

// StartTLS upgrades as the server. It refuses early octets with ErrEarly. It
// forgets what the line ends were, and that a person typed: what is typed
// through TLS comes from a program.
func (c *Conn) StartTLS(ctx context.Context, cfg *tls.Config) error {
	return c.upgrade(ctx, func(nc net.Conn) *tls.Conn { return tls.Server(nc, cfg) })
}

// DialTLS is StartTLS for the end that dialed: it upgrades as the client.
func (c *Conn) DialTLS(ctx context.Context, cfg *tls.Config) error {
	return c.upgrade(ctx, func(nc net.Conn) *tls.Conn { return tls.Client(nc, cfg) })
}

func (c *Conn) upgrade(ctx context.Context, over func(net.Conn) *tls.Conn) error {
	if err := c.begin(); err != nil {
		return err
	}
	if c.secure != nil {
		return errors.New("wire: TLS is up already")
	}
	if err := c.Flush(); err != nil {
		return err
	}
	if c.in.r < c.in.w {
		return ErrEarly
	}
	c.wire = position{in: c.in.off, out: c.outOff}
	secure := over(&tap{Conn: c.base, c: c})
	if err := c.handshake(ctx, secure); err != nil {
		return err
	}
	c.secure, c.nc = secure, secure
	c.typed, c.seen = nil, 0
	c.lines.Reset()
	s := secure.ConnectionState()
	fact := event.Secured{
		Version:    strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1),
		Cipher:     tls.CipherSuiteName(s.CipherSuite),
		ServerName: s.ServerName,
	}
	c.secured = fact.Version + " " + fact.Cipher
	c.em.Fact(event.Secure, fact)
	return nil
}

func (c *Conn) handshake(ctx context.Context, secure *tls.Conn) error {
	wait := handshakeTime
	if c.o.Idle > 0 {
		wait = min(wait, c.o.Idle)
	}
	if err := c.base.SetDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	if c.down.Load() {
		return ErrShutdown
	}
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("wire: TLS handshake: %w", c.readError(err))
	}
	return nil
}

// TLS gives the state of TLS, and whether there is any.
func (c *Conn) TLS() (tls.ConnectionState, bool) {
	if c.secure == nil {
		return tls.ConnectionState{}, false
	}
	return c.secure.ConnectionState(), true
}

// Secured describes TLS in one line, "TLSv1.3 TLS_AES_128_GCM_SHA256", or "".
func (c *Conn) Secured() string { return c.secured }

// tap is the network below TLS: it publishes ciphertext at once. Commands and
// replies cannot be told apart there, so Part only repeats the direction.
type tap struct {
	net.Conn
	c *Conn
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	c := t.c
	if n > 0 && c.em.Wants(event.Wire, c.heard.line) {
		c.em.Octets(time.Now(), c.heard.dir, event.Wire, c.heard.line, c.wire.in, p[:n], nil)
	}
	c.wire.in += int64(n)
	return n, err
}

func (t *tap) Write(p []byte) (int, error) {
	c := t.c
	if c.em.Wants(event.Wire, c.said.line) {
		c.em.Octets(time.Now(), c.said.dir, event.Wire, c.said.line, c.wire.out, p, nil)
	}
	c.wire.out += int64(len(p))
	return t.Conn.Write(p)
}
