package dissect

import (
	"slices"
	"time"

	"posta/event"
	"posta/field"
)

// packet is a packet of a capture. What an event lends is copied where the
// packet outlives it, so that its frame also tells what was said in it.
type packet struct {
	conn   uint64
	number uint32
	time   time.Time
	dir    event.Dir
	stream uint32
	wire   int64  // its octets on the network
	octets []byte // those that were captured
	whole  []byte // of the datagram that it completed
	seg    event.Segment
	first  time.Time // of the first packet
	before time.Time // of the packet before
	end    int64     // where its payload ends in the stream
	judged judged
}

// keep copies what was lent.
func (p *packet) keep(from *packet) {
	octets, whole, comments := p.octets[:0], p.whole[:0], p.seg.Comments[:0]
	*p = *from
	p.octets = append(octets, from.octets...)
	p.whole = append(whole, from.whole...)
	p.seg.Comments = append(comments, from.seg.Comments...)
	p.seg.Whole = nil
}

// commentCost is what a comment takes beside its octets.
const commentCost = 16

// cost counts the octets that keep copies.
func (p *packet) cost() int {
	n := len(p.octets) + len(p.whole)
	for _, text := range p.seg.Comments {
		n += len(text) + commentCost
	}
	return n
}

// reset has no place in a stream (RFC 9293 §3.5.3).
const flagRST = 0x04

// packet takes a packet. Its frame goes out once its octets were read, which
// is at once where it has none, or none that are new.
func (d *Dissector) packet(c *conn, e *event.Event) {
	seg, ok := e.Fact.(*event.Segment)
	if !ok {
		return
	}
	if c != nil && d.book != nil && d.book.Packets() {
		d.book.Segment(placeOf(c, e), *seg)
	}
	d.flush()
	p := &d.now
	p.conn, p.number, p.time, p.dir, p.wire, p.octets, p.whole = e.Conn, e.Packet, e.Time, e.Dir, e.Len, e.Data, seg.Whole
	p.seg, p.end = *seg, seg.Off+int64(seg.Len)
	d.timed(p)
	p.stream = uint32(max(e.Conn, 1) - 1) // a capture's are its streams' numbers, from 1
	analysed := d.groups.analysis || d.sift.groups.analysis
	if analysed {
		p.judged = judged{}
	}
	if c == nil { // of no stream, or behind its end
		d.bare(p)
		return
	}
	p.stream = c.stream
	if analysed {
		d.analyse(c, p)
	}
	const nothing = event.Retransmission | event.KeepAlive | event.Late | event.Quoted
	switch {
	case seg.Len == 0 || seg.Flags&flagRST != 0 || seg.Marks&nothing != 0:
		d.bare(p)
	case seg.Marks&event.OutOfOrder == 0:
		if d.pending = true; !p.followed() {
			d.kept.keep(p)
			d.now = d.kept
		}
	case d.waiting.n >= maxWaiting || len(c.waiting[p.dir]) >= maxWaitingSide || d.waiting.octets+p.cost() > maxWaitingOctets:
		d.bare(p)
	default:
		kept := &packet{}
		kept.keep(p)
		c.waiting[p.dir].add(kept)
		d.waiting.add(kept)
	}
}

// followed says that the packet's octets are told of next, while what it lent
// can still be looked at: they have their turn, and some of them were captured.
func (p *packet) followed() bool {
	const settled = event.Lost | event.PortsReused
	octets := len(p.octets)
	if len(p.whole) > 0 {
		octets = len(p.whole)
	}
	return p.seg.Marks&^settled == 0 && p.seg.Payload >= 0 && int(p.seg.Payload) < octets
}

// cutAt says that what was captured of the packet ends at a place in its
// stream, and the packet does not.
func (p *packet) cutAt(off int64) bool {
	return p.seg.Marks&event.Truncated != 0 && p.seg.Payload >= 0 && len(p.whole) == 0 && off < p.end &&
		off == p.seg.Off+int64(len(p.octets))-int64(p.seg.Payload)
}

// timed counts times from those before.
func (d *Dissector) timed(p *packet) {
	if p.time.IsZero() {
		p.first, p.before = p.time, p.time
		return
	}
	if d.began.IsZero() {
		d.began, d.before = p.time, p.time
	}
	p.first, p.before = d.began, d.before
	d.before = p.time
}

// Flush makes the frame of the newest packet, which otherwise waits for the next
// one. What was said in it may then come in a frame of its own.
func (d *Dissector) Flush() { d.flush() }

// flush makes the frame of the packet at hand, if its octets have not come.
func (d *Dissector) flush() {
	if d.pending {
		d.pending = false
		if d.now.followed() { // but they were not: nobody wants them
			d.now.octets, d.now.whole, d.now.seg.Comments = nil, nil, nil
		}
		d.bare(&d.now)
	}
}

// bare makes the frame of a packet in which nothing was said.
func (d *Dissector) bare(p *packet) {
	if d.sift.silent {
		return
	}
	d.begin(p, nil)
	d.emit(p.conn, p.number, p.time, p.dir)
}

// bearer finds the packet that octets lay in, nil where nothing is known of it.
func (d *Dissector) bearer(c *conn, e *event.Event) *packet {
	if d.pending && d.now.number == e.Packet && d.now.conn == e.Conn {
		d.pending = false
		return &d.now
	}
	p := d.waiting.at(e.Packet)
	if p == nil || p.conn != e.Conn {
		return nil
	}
	c.waiting[p.dir].remove(p)
	d.waiting.remove(p)
	return p
}

// passed makes the frames of packets whose octets will not come any more: the
// stream is beyond them.
func (d *Dissector) passed(c *conn, dir event.Dir, end int64) {
	if len(c.waiting[dir]) == 0 {
		return
	}
	w := c.waiting[dir]
	if n := w.until(end); n > 0 {
		d.release(w[:n])
		c.waiting[dir] = slices.Delete(w, 0, n)
	}
}

// release makes the frames of packets that waited, in the order in which they came.
func (d *Dissector) release(all []*packet) {
	slices.SortFunc(all, byNumber)
	for _, p := range all {
		d.waiting.remove(p)
		d.bare(p)
	}
}

// Waiting is the number of the first packet whose frame is still to come, as
// octets before its own are missing so far; 0 where none waits. The frames of
// later packets may have come already.
func (d *Dissector) Waiting() uint32 { return d.waiting.first() }

// groups says which layers have a field that is wanted.
type groups struct{ frame, link, ip, ipv6, tcp, analysis, tls, mail, pieces bool }

func groupsOf(want *field.Set) (g groups) {
	for id := range want.All() {
		g.analysis = g.analysis || analysed(id)
		switch {
		case id < field.Eth:
			g.frame = true
		case id < field.IP:
			g.link = true
		case id < field.IPv6:
			g.ip = true
		case id < field.TCP:
			g.ipv6 = true
		case id <= field.TCPBogusHeaderLength:
			g.tcp = true
		case id >= field.TLS && id <= field.TLSReassembledLength:
			g.tls = true
		case id == field.SMTPDataFragment, id == field.POPDataFragment:
			g.mail, g.pieces = true, true
		case id >= field.IMF && id <= field.IMFUnknownParam, id == field.SMTPDataReassembledLength, id == field.POPDataReassembledLength:
			g.mail = true
		}
	}
	return g
}

// layers puts in what is asked of a packet and its headers.
func (b *builder) layers(p *packet, g *groups) {
	src := b.tree.Source(p.octets)
	if g.frame {
		b.frame(p, src)
	}
	l := layer{b: b, src: src, octets: p.octets, framed: p.seg.Link == linkEthernet}
	if g.link {
		l.link(p.seg.Link)
	}
	if p.seg.Net < 0 {
		return
	}
	quoted := p.seg.Marks&event.Quoted != 0
	if g.ip || g.ipv6 || b.want.Has(field.EthPadding) {
		l.network(int(p.seg.Net), int(p.seg.Inner), quoted)
	}
	if g.tcp && p.seg.Transport >= 0 && (quoted || p.seg.Proto == protoTCP) {
		if len(p.whole) > 0 {
			l.octets = p.whole
			l.src = b.tree.Source(p.whole)
		}
		l.tcp(p, quoted)
	}
}

// frame is what the capture says of a packet.
func (b *builder) frame(p *packet, src uint16) {
	n := len(p.octets)
	if b.want.Has(field.Frame) {
		b.tree.Add(field.Node{Def: field.Of(field.Frame), Val: field.Unit(p.octets, n), Src: src, Len: uint32(n)})
	}
	b.generated(field.FrameNumber, field.Uint(uint64(p.number)))
	if !p.time.IsZero() {
		b.generated(field.FrameTime, field.Moment(p.time))
		b.generated(field.FrameTimeEpoch, field.Moment(p.time))
		b.generated(field.FrameTimeDelta, field.Span(p.time.Sub(p.before)))
		b.generated(field.FrameTimeRelative, field.Span(p.time.Sub(p.first)))
	}
	b.generated(field.FrameLen, field.Uint(uint64(p.wire)))
	b.generated(field.FrameCapLen, field.Uint(uint64(n)))
	if b.want.Has(field.FrameComment) {
		for _, text := range p.seg.Comments {
			b.generated(field.FrameComment, field.Octets([]byte(text)))
		}
	}
}
