// Package dissect makes frames with fields of the events of connections, live
// or captured. Of SMTP and POP3 it reads commands and replies; the grammar is
// that of smtp/ and pop3/, so that it cannot disagree with server and client.
//
// It does no I/O. What it keeps of all connections together is bounded: lines and
// messages that are under way, and of a capture the packets whose octets have not
// had their turn. Start reading at New and Feed; packet.go and layer.go read headers, smtp.go and pop.go what is said.
package dissect

import (
	"bytes"
	"slices"
	"time"

	"posta/event"
	"posta/field"
	"posta/imf"
	"posta/story"
	"posta/tlsview"
)

// Frame is what was found in the octets of one event. It is lent for the call.
type Frame struct {
	Conn   uint64
	Packet uint32 // of a capture, 0 for live sessions
	Time   time.Time
	Dir    event.Dir
	Tree   *field.Tree
}

// maxConns is how many connections are followed at once. One is given up for
// the next where so many have not ended.
const maxConns = 1 << 16

// Dissector reads the events of any number of connections. It belongs to one
// goroutine.
type Dissector struct {
	want    field.Set
	groups  groups
	out     func(*Frame)
	conns   map[uint64]*conn
	lately  [1024]lately      // of conns, by their numbers, to look there first
	ports   map[uint16]string // that somebody told what they speak
	tree    field.Tree
	build   builder
	book    *story.Book // nil: nobody asks what was said
	scratch []byte      // of a frame's mail, its dot-stuffing undone
	late    [][]byte    // messages that the frame at hand tells of if it is let through
	written []byte      // addresses of a frame as text
	header  imf.Scanner // of messages
	used    int         // octets of messages that are put together
	lines   int         // octets of lines that are
	keys    *tlsview.KeyLog
	// those that recordings of live sessions bear
	liveKeys *tlsview.KeyLog
	see      func(*event.Event) // what was opened; nil: nobody asks
	secured  int                // octets of TLS that are under way
	unacked  int                // segments that the analyses of all connections remember
	frame    Frame
	count    uint64 // of frames of live sessions

	kept          packet // keeps what was lent to now, where that is needed
	now           packet // the packet at hand, while pending
	sift          sift
	bodies        bool    // all octets of messages are asked for
	shown         *packet // whose frame is being made
	pending       bool    // its octets are still to come
	waiting       queue
	began, before time.Time // of packets
}

// New makes a Dissector that builds the wanted fields, such as a filter's
// Needs, and no others. Of a capture each packet is a frame; of a live session
// what came at once, if something was said in it.
func New(want field.Set, out func(*Frame)) *Dissector {
	return &Dissector{want: want, groups: groupsOf(&want), out: out, conns: map[uint64]*conn{}, header: imf.Scanner{Max: maxMessage},
		bodies: want.Has(field.IMF), liveKeys: tlsview.NewKeyLog()}
}

// Tell lets a Book know what was said.
func (d *Dissector) Tell(b *story.Book) { d.book = b }

// DecodeAs tells what is spoken at a port, as Wireshark's Decode As does:
// smtp, pop or imap, in the clear. Of another protocol it says false.
func (d *Dissector) DecodeAs(port uint16, protocol string) bool {
	if speakerOf(protocol) == nil {
		return false
	}
	if d.ports == nil {
		d.ports = map[uint16]string{}
	}
	d.ports[port] = protocol
	return true
}

// Feed takes the next event. Those of one connection come in order.
func (d *Dissector) Feed(e *event.Event) {
	if e.Kind == event.Open {
		d.open(e)
		return
	}
	c := d.conn(e.Conn)
	if e.Kind == event.Packet {
		d.packet(c, e)
		return
	}
	if c == nil {
		return
	}
	if e.Kind == event.Data || e.Kind == event.Gap {
		d.weigh(c, e)
	}
	switch e.Kind {
	case event.Data:
		d.data(c, e)
		d.passed(c, e.Dir, e.Off+e.Len)
	case event.Gap:
		d.gap(c, e)
		d.passed(c, e.Dir, e.Off+e.Len)
	case event.Secure:
		c.secured()
		facts, ok := e.Fact.(event.Secured)
		if ok && c.live {
			d.shook(c, e, facts)
		}
		if ok && d.book != nil {
			d.book.Secured(placeOf(c, e), facts)
		}
	case event.Keys:
		if d.groups.tls {
			d.liveKeys.Add(e.Data)
		}
	case event.State:
		if d.book != nil {
			d.book.State(placeOf(c, e), e.Fact)
		}
	case event.Close:
		d.flush()
		if closed, ok := e.Fact.(event.Closed); d.book != nil {
			if !ok {
				closed.Reason = ""
			}
			d.book.Close(e.Conn, c.moment(e), closed.Reason)
		}
		d.leave(e.Conn, c)
	}
}

func (d *Dissector) open(e *event.Event) {
	c := &conn{}
	switch fact := e.Fact.(type) {
	case event.Opened:
		c.ends, c.tls = fact.Endpoints, fact.TLS
		c.speaks = speakerOf(fact.Protocol)
		c.live = true
	case event.Captured:
		c.ends, c.stream, c.middle = fact.Endpoints, fact.Stream, !fact.Sure
		c.guess(fact.Local.Port())
		c.told(fact.Remote.Port(), d.ports)
		c.told(fact.Local.Port(), d.ports)
	default:
		return
	}
	if len(d.conns) >= maxConns {
		for id, one := range d.conns {
			if d.book != nil {
				d.book.Close(id, one.moment(e), "")
			}
			d.leave(id, one)
			break
		}
	}
	d.conns[e.Conn] = c
	d.lately[e.Conn%uint64(len(d.lately))] = lately{e.Conn, c}
	if d.book != nil {
		d.book.Open(e.Conn, e.Time, e.Fact)
		d.speaks(e.Conn, c)
	}
}

// leave forgets a connection.
func (d *Dissector) leave(id uint64, c *conn) {
	d.release(slices.Concat(c.waiting[0], c.waiting[1]))
	c.waiting = [2]waiting{}
	if c.analysis != nil {
		c.analysis.drop()
	}
	if c.speaks != nil {
		c.speaks.drop()
	}
	if c.proxy != nil {
		c.proxy.drop()
	}
	if c.secure != nil {
		d.secured -= c.secure.held
	}
	delete(d.conns, id)
	d.lately[id%uint64(len(d.lately))] = lately{}
}

// lately is a connection that an event was of.
type lately struct {
	id   uint64
	conn *conn
}

// conn finds a connection, nil where it is not known.
func (d *Dissector) conn(id uint64) *conn {
	at := &d.lately[id%uint64(len(d.lately))]
	if at.conn == nil || at.id != id {
		*at = lately{id, d.conns[id]}
	}
	return at.conn
}

// data makes a frame of octets and of the packet that they lay in.
func (d *Dissector) data(c *conn, e *event.Event) {
	if c.live && e.Layer == event.Wire {
		d.shakes(c, e)
		return
	}
	p := d.bearer(c, e)
	before := d.behind(c, e)
	whole := e
	if before > 0 {
		rest := *e
		rest.Data, rest.Off, rest.Len = e.Data[before:], e.Off+int64(before), e.Len-int64(before)
		e = &rest
	}
	hidden := e.Len > 0 && d.secures(c, e)
	readable := e.Len > 0 && !hidden && d.readable(c, e)
	if !readable && !hidden && before == 0 {
		if p != nil {
			d.bare(p)
		}
		return
	}
	if readable && p != nil && before == 0 && d.skips(c, e) {
		return
	}
	b := d.begin(p, whole.Data)
	if p == nil {
		b.endpoints(c, e, d.count+1)
		if c.hidden && d.groups.tls {
			b.enclosed(c)
		}
	}
	b.number = e.Packet
	if c.live && e.Packet == 0 { // nobody has numbered its events
		b.number = uint32(d.count + 1)
	}
	b.conn, b.time, b.dir = e.Conn, e.Time, e.Dir
	b.cut = p != nil && p.cutAt(e.Off+e.Len)
	b.middle = c.middle
	c.frame = b.number
	if c.proxy != nil {
		b.proxy(c.proxy)
		if readable || hidden {
			b.inside(e.Data)
			b.proxied(c.proxy)
		}
	}
	if hidden {
		d.tls(c, e, b, 0)
	} else if readable {
		d.read(c, e, b)
	}
	if p != nil {
		d.emit(p.conn, p.number, p.time, p.dir)
	} else if b.said {
		d.count++
		d.emit(e.Conn, e.Packet, e.Time, e.Dir)
	}
}

// read reads what is said in an event.
func (d *Dissector) read(c *conn, e *event.Event, b *builder) {
	if c.live && e.Part != event.Body {
		c.speaks.over(b, e.Dir)
	}
	b.live = c.live
	if n, opaque := c.speaks.push(b, e.Dir); opaque {
		if rest := b.octets[n:]; d.book != nil && n > 0 && len(rest) > 0 && !tlsview.Begins(rest) { // slipped in where TLS is due
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			p := placeOf(c, e)
			p.Octets = int64(len(rest))
			d.book.Stray(p, bytes.TrimSuffix(line, []byte("\r")))
		}
		d.opaque(c, e, b, n)
	}
}

// readable says that octets can be read, and are seen for the first time.
func (d *Dissector) readable(c *conn, e *event.Event) bool {
	if e.Layer == event.Text && !c.clear {
		c.clear, c.tls = true, false
	}
	// Of a session that shows its clear text, the octets on the network are TLS.
	if c.clear && e.Layer == event.Wire || c.mute {
		return false
	}
	if (c.speaks == nil || c.tls || c.byPort) && c.recognise(e) {
		d.speaks(e.Conn, c)
	}
	if c.speaks == nil || c.tls || d.deaf(c) {
		return false
	}
	if int64(len(e.Data)) < e.Len { // it was not recorded
		d.unseen(c, e)
		return false
	}
	return true
}

// begin empties the tree for a frame, and puts in what is known of its packet.
func (d *Dissector) begin(p *packet, octets []byte) *builder {
	d.tree.Reset()
	d.shown = p
	clear(d.late)
	d.late = d.late[:0]
	d.written = d.written[:0]
	b := &d.build
	*b = builder{want: &d.want, tree: &d.tree, octets: octets, mail: d.groups.mail || d.book != nil, book: d.book, scratch: &d.scratch,
		late: &d.late, written: &d.written, header: &d.header, analysis: d.groups.analysis, used: &d.used, lines: &d.lines, longest: maxMessage,
		pieces: d.groups.pieces, brief: d.sift.brief && d.book == nil, bodies: d.bodies || d.book != nil}
	if d.book != nil && d.book.Bodies() > 0 {
		b.longest = d.book.Bodies()
	}
	if p != nil {
		b.layers(p, &d.groups)
	}
	if octets != nil {
		b.src = d.tree.Source(octets)
	}
	return b
}

// inside begins with octets that others carry.
func (b *builder) inside(octets []byte) {
	b.octets, b.src = octets, b.tree.Source(octets)
}

func (d *Dissector) emit(conn uint64, number uint32, at time.Time, dir event.Dir) {
	if !d.passes() {
		return
	}
	d.frame = Frame{Conn: conn, Packet: number, Time: at, Dir: dir, Tree: &d.tree}
	d.out(&d.frame)
}
