// Package wire is the text connection: the only place in the house that reads
// octets from a peer, limits them, times them out, upgrades to TLS, and tells
// the watchers. It knows lines, dot data and chunks; it knows no commands.
//
// Start reading at Conn.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"posta/event"
)

var (
	ErrLineTooLong = errors.New("wire: line too long")                        // the line was drained
	ErrBareEnd     = errors.New("wire: bare CR or LF")                        // the line, or the data up to CRLF.CRLF, was drained
	ErrTooBig      = errors.New("wire: data larger than allowed")             // drained to its end
	ErrEarly       = errors.New("wire: octets sent before the TLS handshake") // the session must end
	ErrSessionTime = errors.New("wire: the session has lasted too long")      // Options.Session ran out
)

// Options are a connection's limits and its watcher.
type Options struct {
	ID      uint64        // event.Event.Conn
	Sink    event.Sink    // nil: nobody watches
	Human   bool          // lab: telnet, line editing and bare LF as docs/design.md says
	BareLF  bool          // a configured network of old devices: LF ends a line as CRLF does
	Idle    time.Duration // how long a read may wait; 0: forever
	Session time.Duration // how long the whole connection may last; 0: forever
}

// Conn is a text connection. It belongs to one goroutine, but for Interrupt.
type Conn struct{ nc net.Conn }

// NewConn takes a connection over. For implicit TLS call StartTLS first thing.
func NewConn(nc net.Conn, o Options) *Conn { panic("wire: being built") }

// Line reads one line, without its end. The octets are lent until the next
// call. A line of more than max octets (its end counted) is drained and gives
// ErrLineTooLong; one that holds a bare CR, ends in a bare LF or began after
// one gives ErrBareEnd where that is not allowed. NULs are passed on.
func (c *Conn) Line(max int) ([]byte, error) { panic("wire: being built") }

// Dot reads mail data up to the final dot (RFC 5321 §4.5.2), undoes the
// stuffing, and writes it to w with CRLF line ends. It always drains to the
// end of the data: after ErrTooBig (more than max octets; 0: no limit),
// ErrBareEnd, or an error of w, the connection is in step with the peer.
// n counts the octets of content.
func (c *Conn) Dot(w io.Writer, max int64) (n int64, err error) { panic("wire: being built") }

// Chunk copies exactly n octets to w (RFC 3030 §2), and drains them even if w
// fails. A nil w only drains.
func (c *Conn) Chunk(w io.Writer, n int64) error { panic("wire: being built") }

// Reply appends octets of a reply to the write buffer; nothing is sent before
// Flush or a full buffer. Errors are kept for Flush.
func (c *Conn) Reply(s string) { panic("wire: being built") }

// Write appends octets of a message body to the write buffer, unchanged; large
// ones go straight through. It lets a Conn be an io.Writer for RETR.
func (c *Conn) Write(p []byte) (int, error) { panic("wire: being built") }

// Flush sends what is buffered.
func (c *Conn) Flush() error { panic("wire: being built") }

// Pending says that input is waiting in the buffer, so that a reply that may
// wait (RFC 2920 §3.2) need not be flushed. It never reads from the network.
func (c *Conn) Pending() bool { panic("wire: being built") }

// Arrived says that input is waiting in the buffer or on the network, without
// taking it: for refusing a peer that talks before the greeting. It waits at
// most d for it.
func (c *Conn) Arrived(d time.Duration) bool { panic("wire: being built") }

// Mask marks n octets from off of the line just read as secret.
func (c *Conn) Mask(off, n int) { panic("wire: being built") }

// MaskReply marks the reply octets appended since the last Flush, or since the
// last MaskReply, as secret: a SCRAM challenge.
func (c *Conn) MaskReply() { panic("wire: being built") }

// StartTLS upgrades as the server. It refuses early octets with ErrEarly.
func (c *Conn) StartTLS(ctx context.Context, cfg *tls.Config) error { panic("wire: being built") }

// TLS gives the state of TLS, and whether there is any.
func (c *Conn) TLS() (tls.ConnectionState, bool) { panic("wire: being built") }

// Secured describes TLS in one line, "TLSv1.3 TLS_AES_128_GCM_SHA256", or "".
func (c *Conn) Secured() string { panic("wire: being built") }

// SetIdle changes how long later reads may wait.
func (c *Conn) SetIdle(d time.Duration) { panic("wire: being built") }

// State tells the watchers of a step of the protocol; fact is one of event's.
func (c *Conn) State(fact any) { panic("wire: being built") }

// Endpoints are both ends' addresses; 4-in-6 addresses are unmapped.
func (c *Conn) Endpoints() event.Endpoints { panic("wire: being built") }

// Interrupt makes the read under way and all later ones fail with
// net.ErrClosed-like ErrShutdown, so that the session can say 421 or -ERR and
// end. It may be called by another goroutine.
func (c *Conn) Interrupt() { panic("wire: being built") }

// ErrShutdown is what reads give after Interrupt.
var ErrShutdown = errors.New("wire: the server is shutting down")

// Close flushes (bounded in time), closes, and emits the Close event.
func (c *Conn) Close(reason string) error { panic("wire: being built") }
