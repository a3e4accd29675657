// Package event says what can happen on a connection, as one struct, and how
// watchers get to see it. It is where the house's two corridors touch: mail
// walks on whether or not anybody watches.
//
// It knows no protocol and imports no other room. Start reading at Event.
package event

import (
	"net/netip"
	"time"
)

// Kind is what happened.
type Kind uint8

const (
	Open   Kind = iota + 1 // a connection began; Fact is Opened
	Data                   // octets passed
	Gap                    // octets were lost to the watcher, Len of them (0: unknown)
	Secure                 // TLS is up; Fact is Secured
	Turn                   // the roles of client and server changed sides
	State                  // the protocol took a step; Fact is one of fact.go's types
	Packet                 // a captured packet
	Close                  // the connection ended; Fact is Closed
	Keys                   // Data is lines of a TLS key log; only recordings tell them, of clear sessions; Seq is 0
)

// Dir is a direction, named by who dialed: roles may turn, this does not.
type Dir uint8

const (
	FromDialer Dir = iota
	FromListener
)

// Layer tells octets as they were on the network from octets inside TLS.
// Before TLS every octet is sent once, as Text.
type Layer uint8

const (
	Wire Layer = iota // as on the network, ciphertext
	Text              // clear
)

// Part is what the octets of a Data event are to the protocol.
type Part uint8

const (
	Command Part = iota
	Reply
	Body
)

// Span is a run of octets in an Event's Data.
type Span struct{ Off, Len int }

// Event is one thing that happened on one connection. One is reused for each
// connection and emitted by pointer: a Sink keeps nothing of it after the call.
type Event struct {
	Conn  uint64    // the connection's number; 0 for what the house does by itself
	Seq   uint64    // counts the connection's events, from 1
	Time  time.Time // when it happened; octets read are stamped when read
	Kind  Kind
	Dir   Dir
	Layer Layer
	Part  Part
	Dot   bool // with the last octet of Data the final dot of mail data is complete

	Packet   uint32 // number of the captured packet, 0 for live sessions
	Off, Len int64  // octets' place in the stream of this Dir and Layer, and their number
	Data     []byte // lent for the call; nil where only Len is known
	Mask     []Span // parts of Data that are secret
	Fact     any    // by Kind; see fact.go
}

// Sink watches connections. It is called by many goroutines at once.
type Sink interface {
	// Emit tells of an event. It never blocks and never keeps e or e.Data.
	Emit(e *Event)
	// Wants says whether Data events of this kind are worth making.
	Wants(conn uint64, l Layer, p Part) bool
}

// Discard is a Sink for nobody.
type Discard struct{}

func (Discard) Emit(*Event)                    {}
func (Discard) Wants(uint64, Layer, Part) bool { return false }

// Emitter stamps and counts the events of one connection. It belongs to the
// connection's goroutine.
type Emitter struct {
	sink Sink
	e    Event
	conn uint64
	seq  uint64
}

// NewEmitter makes the Emitter of a connection. A nil sink is Discard.
func NewEmitter(sink Sink, conn uint64) Emitter {
	if sink == nil {
		sink = Discard{}
	}
	return Emitter{sink: sink, conn: conn}
}

// Wants passes the question on to the Sink.
func (m *Emitter) Wants(l Layer, p Part) bool { return m.sink.Wants(m.conn, l, p) }

// Fact emits an event that carries no octets.
func (m *Emitter) Fact(k Kind, fact any) {
	m.seq++
	m.e = Event{Conn: m.conn, Seq: m.seq, Time: time.Now(), Kind: k, Fact: fact}
	m.sink.Emit(&m.e)
}

// Octets emits a Data event; when is the time the octets passed.
func (m *Emitter) Octets(when time.Time, d Dir, l Layer, p Part, off int64, data []byte, mask []Span) {
	m.seq++
	m.e = Event{Conn: m.conn, Seq: m.seq, Time: when, Kind: Data, Dir: d, Layer: l, Part: p,
		Off: off, Len: int64(len(data)), Data: data, Mask: mask}
	m.sink.Emit(&m.e)
}

// Mail emits octets of a message, as Octets does; dot says that they are the
// last, and the final dot is complete.
func (m *Emitter) Mail(when time.Time, d Dir, off int64, data []byte, dot bool) {
	m.seq++
	m.e = Event{Conn: m.conn, Seq: m.seq, Time: when, Kind: Data, Dir: d, Layer: Text, Part: Body, Dot: dot,
		Off: off, Len: int64(len(data)), Data: data}
	m.sink.Emit(&m.e)
}

// Endpoints are the two ends of a connection. In an Opened, Remote is the end
// that dialed, also where that was posta itself.
type Endpoints struct{ Remote, Local netip.AddrPort }
