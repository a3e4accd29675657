package capture

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"posta/event"
)

// Synthesized is the comment of every capture that Sessions writes.
const Synthesized = "Synthesized by posta: addresses, ports, times and octets are those of its sessions; " +
	"Ethernet, IP and TCP headers, with their sequence numbers, were made for this file."

// Masked is the further comment of one whose secrets are masked.
const Masked = "Secrets are masked and bodies are left out. Text that passed inside TLS stands here in the clear, over plain TCP."

// maxPacketComments bounds what a packet is told to bear.
const maxPacketComments = 64

// SessionOptions say how sessions are written.
type SessionOptions struct {
	Application string   // who writes
	Comments    []string // about the whole, behind posta's own

	// Masked writes the clear text of every session over plain TCP, with secrets
	// masked and bodies left out; no key may then stand in the file. Otherwise
	// octets are written as they were on the network.
	Masked bool

	// Hides says which listeners' modes have sessions that come masked already,
	// which are then written so, beside others; nil: none has.
	Hides func(mode string) bool

	// Live keeps a session's TLS handshake back until its keys are there, which
	// come as events: tshark decrypts nothing that stands before them.
	Live bool

	// StandardPorts writes 25, 587, 465, 110 and 995 for ports of listeners that
	// Wireshark would not take for mail.
	StandardPorts bool

	// Remarks gives the comments of the packet that an event brings about, or of
	// the first of them; where it brings none, of its session's next one. frame is
	// the number of the packet that bears the event's octets, counted over all that
	// is written. nil: there are none. The event is lent.
	Remarks func(e *event.Event, frame uint32) []string
}

// Sessions is a Sink that writes sessions as the packets that might have
// carried them: with handshake and close, acknowledgements, and right sums.
//
// A session is written from its Open to its Close; of one that was open before
// nothing is. It belongs to one goroutine at a time.
type Sessions struct {
	w       *Writer
	to      io.Writer
	o       SessionOptions
	network int
	conns   map[uint64]*played
	frame   []byte
	count   uint32 // of packets
	err     error
}

// NewSessions begins a capture.
func NewSessions(w io.Writer, o SessionOptions) (*Sessions, error) {
	comments := []string{Synthesized}
	if o.Masked {
		comments = append(comments, Masked)
	}
	c, err := NewWriter(w, o.Application, append(comments, o.Comments...)...)
	if err != nil {
		return nil, err
	}
	s := &Sessions{w: c, to: w, o: o, conns: map[uint64]*played{}}
	s.network, err = c.Interface(Adapter{Name: "posta", Description: "posta sessions", Link: LinkEthernet})
	return s, err
}

// Wants asks for what is written.
func (s *Sessions) Wants(_ uint64, l event.Layer, _ event.Part) bool {
	if s.o.Masked {
		return l == event.Text // bodies too, which are counted and left out
	}
	return true
}

// Err is the first error of writing; after it nothing more is written.
func (s *Sessions) Err() error { return s.err }

// Secret writes the keys of sessions, before the packets that they decrypt.
func (s *Sessions) Secret(secret Secret) error {
	if s.o.Masked {
		return errors.New("capture: keys beside masks would undo every mask")
	}
	return s.w.Secret(secret)
}

// Comment puts a text, as of a finding, to the next packet of a session.
func (s *Sessions) Comment(conn uint64, text string) {
	if c := s.conns[conn]; c != nil && len(c.comments) < maxPacketComments {
		c.comments = append(c.comments, text)
	}
}

// Emit writes what an event brings about.
func (s *Sessions) Emit(e *event.Event) {
	if s.err != nil {
		return
	}
	c := s.conns[e.Conn]
	if e.Kind == event.Open {
		s.open(e)
		return
	}
	if c == nil || s.keeps(c, e) {
		return
	}
	if s.o.Live { // nothing waits
		s.emit(c, e)
		return
	}
	c.order.take(e, func(e *event.Event) { s.emit(c, e) })
}

func (s *Sessions) emit(c *played, e *event.Event) {
	s.remark(c, e)
	if e.Time.After(c.now) {
		c.now = e.Time
	}
	switch e.Kind {
	case event.Data:
		s.data(c, e)
	case event.Gap:
		if !s.passedOver(c, e.Layer) {
			s.leaveOut(c, e.Dir, e.Len)
		}
	case event.Secure:
		c.wire = true // even if none of it was kept
	case event.Close:
		s.close(c, e)
		s.forget(c)
		delete(s.conns, e.Conn)
	}
}

// remark lets the packets of an event bear what is to be said of them.
func (s *Sessions) remark(c *played, e *event.Event) {
	if s.o.Remarks == nil {
		return
	}
	frame := s.count + 1
	if e.Kind == event.Data && s.passedOver(c, e.Layer) && c.latest > 0 && c.latestOf == e.Dir {
		frame = c.latest // its ciphertext was read before it
	}
	for _, text := range s.o.Remarks(e, frame) {
		s.Comment(e.Conn, text)
	}
}

func (s *Sessions) open(e *event.Event) {
	c := &played{now: e.Time, masked: s.o.Masked}
	switch f := e.Fact.(type) {
	case event.Opened:
		c.masked = c.masked || s.o.Hides != nil && s.o.Hides(f.Mode)
		c.protocol, c.tls = f.Protocol, f.TLS && !c.masked
		c.ends(f.Endpoints)
	case event.Captured:
		c.ends(f.Endpoints)
	default:
		return
	}
	s.conns[e.Conn] = c
	c.comments = append(c.comments, fmt.Sprintf("Session %d.", e.Conn))
	if c.masked && !s.o.Masked {
		c.comments = append(c.comments, Masked)
	}
	s.port(c)
	s.remark(c, e)
	for side := range c.side {
		c.side[side].seq = initial(e.Conn, side)
	}
	s.send(c, event.FromDialer, flagSYN, nil)
	s.send(c, event.FromListener, flagSYN|flagACK, nil)
	s.send(c, event.FromDialer, flagACK, nil)
}

// data writes octets: as they were on the network, so that from the first ones
// inside TLS on only those count; or, masked, only the text.
func (s *Sessions) data(c *played, e *event.Event) {
	if e.Layer == event.Wire {
		c.wire = true
	}
	switch {
	case s.passedOver(c, e.Layer):
		return
	case e.Data == nil:
		s.leaveOut(c, e.Dir, e.Len)
		return
	}
	octets := e.Data
	if c.masked && e.Part == event.Body {
		left, kept := event.MaskedBody(e)
		if left > 0 {
			s.leaveOut(c, e.Dir, left)
		}
		octets = []byte(kept)
	}
	if c.masked && len(e.Mask) > 0 {
		octets = event.AppendMasked(nil, e.Data, e.Mask)
	}
	for len(octets) > 0 {
		n := min(len(octets), c.most)
		s.send(c, e.Dir, flagACK|flagPSH, octets[:n])
		octets = octets[n:]
		if c.side[e.Dir].unacknowledged >= ackEvery {
			s.send(c, 1-e.Dir, flagACK, nil)
		}
	}
}

// passedOver says that octets of a layer are not written: the other has them.
func (s *Sessions) passedOver(c *played, l event.Layer) bool {
	return c.masked && l == event.Wire || !c.masked && c.wire && l == event.Text
}

// leaveOut passes over octets, as if they had been lost.
func (s *Sessions) leaveOut(c *played, d event.Dir, n int64) {
	from := &c.side[d]
	from.seq += uint32(n)
	from.leftOut += n
	from.gap = true
}

// leftOut tells of them with the next packet.
func (c *played) leftOut() {
	for d := range c.side {
		side := &c.side[d]
		if !side.gap {
			continue
		}
		who := [2]string{"dialed", "listened"}[d]
		if side.leftOut > 0 {
			c.comments = append(c.comments, fmt.Sprintf("%d octets of the side that %s are left out before this.", side.leftOut, who))
		} else {
			c.comments = append(c.comments, fmt.Sprintf("Octets of the side that %s are left out before this; how many is not known.", who))
		}
		side.leftOut, side.gap = 0, false
	}
}

// close ends a connection as it ended: torn, or first by the side that closed.
func (s *Sessions) close(c *played, e *event.Event) {
	reason := ""
	if f, ok := e.Fact.(event.Closed); ok {
		reason = f.Reason
	}
	c.comments = append(c.comments, "Closed: "+reason+".")
	first := event.FromListener
	switch {
	case strings.Contains(reason, "reset"):
		s.send(c, event.FromDialer, flagRST|flagACK, nil)
		return
	case strings.Contains(reason, "peer closed"):
		first = event.FromDialer
	}
	s.send(c, first, flagFIN|flagACK, nil)
	s.send(c, 1-first, flagFIN|flagACK, nil)
	s.send(c, first, flagACK, nil)
}

// send writes one packet.
func (s *Sessions) send(c *played, d event.Dir, flags uint8, payload []byte) {
	c.leftOut()
	from, to := &c.side[d], &c.side[1-d]
	m := made{src: from.addr, dst: to.addr, seq: from.seq, flags: flags, id: from.id, window: 65535, payload: payload}
	if flags&flagACK != 0 {
		m.ack, to.unacknowledged = to.seq, 0
	}
	if flags&flagSYN != 0 {
		m.options = []byte{2, 4, byte(c.most >> 8), byte(c.most)} // the largest segment, RFC 9293 §3.2
	}
	from.id++
	from.seq += uint32(len(payload))
	if flags&(flagSYN|flagFIN) != 0 {
		from.seq++
	}
	from.unacknowledged += len(payload)
	s.frame = appendFrame(s.frame[:0], &m)
	err := s.w.Packet(&Packet{Time: c.now, Data: s.frame, Interface: s.network, Comments: c.comments})
	c.comments = c.comments[:0]
	s.count++
	if len(payload) > 0 {
		c.latest, c.latestOf = s.count, d
	}
	if s.err == nil {
		s.err = err
	}
}

// played is a session being written; sides are numbered by event.Dir.
type played struct {
	side     [2]playedSide
	protocol string
	tls      bool // from the first octet, as it is written
	masked   bool // its clear text is written, without secrets and bodies
	wire     bool // octets as on the network count
	most     int  // octets a packet
	now      time.Time
	comments []string // for the next packet
	early    early    // its TLS handshake, kept back
	keys     [][]byte // of it, that were written
	order    ordered

	latest   uint32 // number of the last packet that bore octets
	latestOf event.Dir
}
