package wire

import (
	"io"
	"time"

	"posta/event"
)

const (
	lingerTime = time.Second // how long a peer may still talk after the last words
	lingerSize = 64 << 10

	lastMessage = 5 * time.Second // what a message under way at an Interrupt may still take
)

// Interrupt makes the read under way and all later ones fail with ErrShutdown,
// so that the session can say 421 or -ERR and end. A message that is coming in
// has a few seconds more to end. It may be called by another goroutine.
func (c *Conn) Interrupt() {
	now := time.Now()
	c.last.Store(now.Add(lastMessage).UnixNano())
	c.down.Store(true)
	_ = c.base.SetReadDeadline(now) // read looks again
	_ = c.base.SetWriteDeadline(now.Add(farewell))
}

// Close flushes (bounded in time), closes, and emits the Close event. Later
// calls do nothing. reason is "quit" if the peer asked for it: then nothing
// more is expected from it.
func (c *Conn) Close(reason string) error {
	if c.closed {
		return nil
	}
	c.publish()
	c.closed = true
	unread := c.in.w - c.in.r
	c.passSecret(unread)
	err := c.Flush()
	if c.secure != nil {
		_ = c.base.SetWriteDeadline(time.Now().Add(farewell))
		_ = c.secure.CloseWrite() // close_notify
	}
	if err == nil && c.in.err == nil && (unread > 0 || reason != "quit") {
		linger(c.base, lingerTime)
	}
	closeErr := c.base.Close()
	if c.in.big != nil {
		c.o.Buffers.giveBig(c.in.big)
		c.in = input{err: io.ErrClosedPipe}
	}
	c.em.Fact(event.Close, event.Closed{Reason: reason})
	if err != nil {
		return err
	}
	return closeErr
}

// linger lets the peer read the last words: closing a socket while octets of
// the peer are unread resets it, and some systems then throw away what the
// peer has not read yet.
func linger(nc interface {
	io.Reader
	SetReadDeadline(time.Time) error
}, wait time.Duration) {
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || nc.SetReadDeadline(time.Now().Add(wait)) != nil {
		return
	}
	var scrap [1 << 10]byte
	for left := lingerSize; left > 0; {
		n, err := nc.Read(scrap[:])
		if err != nil {
			return
		}
		left -= n
	}
}
