// Package wire is the text connection: the only place in the house that reads
// octets from a peer, limits them, times them out, upgrades to TLS, and tells
// the watchers. It knows lines, dot data and chunks; it knows no commands.
//
// Start reading at Conn.
package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"posta/event"
	"posta/text"
)

var (
	ErrLineTooLong = errors.New("wire: line too long")                        // the line was drained
	ErrBareEnd     = errors.New("wire: bare CR or LF")                        // the line, or the data up to CRLF.CRLF, was drained
	ErrTooBig      = errors.New("wire: data larger than allowed")             // drained to its end
	ErrEarly       = errors.New("wire: octets sent before the TLS handshake") // the session must end
	ErrEndless     = errors.New("wire: refused input without an end")         // draining was given up: the session must end
	ErrSessionTime = errors.New("wire: the session has lasted too long")      // Options.Session ran out
	ErrShutdown    = errors.New("wire: the server is shutting down")          // what reads give after Interrupt

	// ErrIdle is what reads give when Options.Idle ran out.
	ErrIdle = fmt.Errorf("wire: the peer was silent for too long: %w", os.ErrDeadlineExceeded)
)

// Options are a connection's limits and its watcher.
type Options struct {
	ID      uint64        // event.Event.Conn
	Sink    event.Sink    // nil: nobody watches
	Human   bool          // lab: telnet, line editing and bare LF as docs/design.md says
	BareLF  bool          // a configured network of old devices: LF ends a line as CRLF does
	Dialer  bool          // this end dialed: what is read are replies. Servers' line ends are taken as they are
	Idle    time.Duration // how long a read may wait; 0: forever
	Session time.Duration // how long the whole connection may last; 0: forever
	Buffers *Buffers      // shared with other connections; nil: the Conn has its own
}

// Conn is a text connection. It belongs to one goroutine, but for Interrupt.
//
// Reads that fail with an error that is not one of this package's, or with
// ErrIdle, ErrSessionTime, ErrShutdown, ErrEarly or ErrEndless, end the
// session; after the others the connection is in step with the peer. A peer
// that closes gives io.EOF between lines and io.ErrUnexpectedEOF inside.
//
// Octets read are published to the watchers at the next call that reads,
// flushes or tells a fact, so that Mask comes in time; lines that gave an
// error are published masked, because nobody has looked for secrets in them.
type Conn struct {
	base net.Conn // the network
	nc   net.Conn // base, or TLS on it
	o    Options
	em   event.Emitter
	ends event.Endpoints
	end  time.Time // of the session; zero: never
	due  time.Time // of what is waited for; zero: never
	mail bool      // a message is under way
	asks bool      // what is read are replies
	down atomic.Bool
	last atomic.Int64 // Unix nanoseconds: until when a message under way may come in once down

	heard, said side // what the watchers are told of what is read, and sent

	in     input
	lines  text.Line
	typed  *text.Typed // a person's keys; nil: a program's octets
	edits  int         // its Edits up to the last line
	begun  bool        // the first line is complete
	seen   text.Ends   // of lab connections, since the beginning or since TLS
	lent   lent
	refuse start // of the last line that gave an error
	noted  noted
	notes  []string
	out    *block // nil while nothing waits to be sent
	outErr error
	outOff int64 // Text octets published

	secure  *tls.Conn
	secured string
	wire    position // of ciphertext, counted from the connection's first octet
	closed  bool
}

// side is what octets of one direction are to the watchers.
type side struct {
	dir  event.Dir
	line event.Part
}

// position is how many octets have passed in each direction.
type position struct{ in, out int64 }

// noted are the facts about the line discipline that were told already.
type noted struct{ bare, dataEdits, dot, bareData bool }

// start is how a line begins that gave an error.
type start struct {
	octets [16]byte
	n      int
}

// lent is the line that Line gave out last, until it is published.
type lent struct {
	from, to int // in input's buffer, with the line's end
	end      int // octets of the line's end
	whole    bool
	edited   bool
	mask     []event.Span
}

// NewConn takes a connection over. For implicit TLS call StartTLS first thing.
func NewConn(nc net.Conn, o Options) *Conn {
	if o.Buffers == nil {
		o.Buffers = NewBuffers()
	}
	c := &Conn{base: nc, nc: nc, o: o, em: event.NewEmitter(o.Sink, o.ID)}
	c.in.buf = make([]byte, smallSize)
	c.in.small = c.in.buf
	c.asks = o.Dialer
	c.lines.LF = o.BareLF || o.Human || c.asks
	c.heard, c.said = side{event.FromDialer, event.Command}, side{event.FromListener, event.Reply}
	if o.Dialer {
		c.heard, c.said = c.said, c.heard
	}
	c.ends = event.Endpoints{Remote: addrPort(nc.RemoteAddr()), Local: addrPort(nc.LocalAddr())}
	if o.Session > 0 {
		c.end = time.Now().Add(o.Session)
	}
	return c
}

// addrPort reads an address as netip; one that is none, as of a Unix socket,
// gives the zero AddrPort.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case nil:
		return ap
	case *net.TCPAddr:
		ap = a.AddrPort()
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// Opened tells the watchers that the connection began. Empty Endpoints are
// filled in.
func (c *Conn) Opened(fact event.Opened) {
	if fact.Endpoints == (event.Endpoints{}) {
		fact.Endpoints = c.ends
		if c.o.Dialer {
			fact.Remote, fact.Local = c.ends.Local, c.ends.Remote
		}
	}
	c.em.Fact(event.Open, fact)
}

// State tells the watchers of a step of the protocol; fact is one of event's.
func (c *Conn) State(fact any) {
	c.publish()
	c.em.Fact(event.State, fact)
}

// Endpoints are both ends' addresses; 4-in-6 addresses are unmapped.
func (c *Conn) Endpoints() event.Endpoints { return c.ends }

// SetIdle changes how long later reads may wait.
func (c *Conn) SetIdle(d time.Duration) { c.o.Idle = d }

// SetDue changes by when what is read from now on must be there, however often
// the peer lets another octet drip, and what is written taken; ErrIdle, or
// os.ErrDeadlineExceeded of a write, if it isn't. Zero: whenever.
func (c *Conn) SetDue(t time.Time) { c.due = t }

// Pending says that input is waiting in the buffer, so that a reply that may
// wait (RFC 2920 §3.2) need not be flushed. It never reads from the network.
// Nothing hangs if what waits is no whole line: whoever waits for the network
// flushes first.
func (c *Conn) Pending() bool { return c.in.r < c.in.w }

// Mask marks n octets from off of the line just read as secret.
func (c *Conn) Mask(off, n int) {
	size := c.lent.to - c.lent.from - c.lent.end
	if c.lent.whole { // the line that was given out is not the octets that came
		off, n = 0, size
	}
	off = max(off, 0)
	if n = min(n, size-off); n > 0 {
		c.lent.mask = append(c.lent.mask, event.Span{Off: off, Len: n})
	}
}

// publish tells the watchers of the line that was read last.
func (c *Conn) publish() {
	l := &c.lent
	if n := l.to - l.from; n > 0 {
		c.noteEdited()
		if c.em.Wants(event.Text, c.heard.line) {
			c.em.Octets(c.in.stamp, c.heard.dir, event.Text, c.heard.line, c.in.off, c.in.buf[l.from:l.to], l.mask)
		}
		c.in.off += int64(n)
		*l = lent{mask: l.mask[:0]}
	}
	for _, n := range c.notes {
		c.em.Fact(event.State, event.Note{Text: n})
	}
	c.notes = nil
}

// note tells a fact behind the octets that it is about.
func (c *Conn) note(format string, a ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, a...))
}
