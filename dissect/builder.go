package dissect

import (
	"net/netip"
	"time"

	"posta/event"
	"posta/field"
	"posta/imf"
	"posta/story"
)

// builder puts fields into the tree of one frame.
type builder struct {
	want   *field.Set
	tree   *field.Tree
	octets []byte // of the event
	src    uint16
	said   bool // something of a protocol was in them, wanted or not
	cut    bool // the packet's further octets were not captured
	middle bool // the connection's begin was not captured
	anew   bool // they are a record's, and of a protocol by themselves

	number   uint32 // of the frame
	book     *story.Book
	conn     uint64
	live     bool // posta's own session, which knows itself what telnet said
	time     time.Time
	dir      event.Dir
	analysis bool // of TCP is asked for
	mail     bool // messages are asked for
	longest  int  // octets of one
	pieces   bool // the frames that they came in are
	brief    bool // their own headers are enough
	bodies   bool // all their octets are asked for
	headers  int  // header fields told of the message at hand
	header   *imf.Scanner
	scratch  *[]byte
	written  *[]byte
	late     *[][]byte
	used     *int // octets of messages
	lines    *int // octets of lines
}

// protocol says that the octets are a protocol's. It is not said of a frame with
// nothing but a part of a line: that stands where the line ends.
func (b *builder) protocol(id field.ID) {
	b.said = true
	b.unit(id)
}

// unit puts a protocol in, once.
func (b *builder) unit(id field.ID) {
	if b.want.Has(id) && (b.anew || !b.tree.Has(id)) {
		b.anew = false
		n := len(b.octets)
		b.tree.Add(field.Node{Def: field.Of(id), Val: field.Unit(b.octets, n), Src: b.src, Len: uint32(n)})
	}
}

// add puts a field in, if it is wanted.
func (b *builder) add(id field.ID, v field.Value, at place) {
	if b.want.Has(id) {
		b.tree.Add(field.Node{Def: field.Of(id), Val: v, Src: at.src, Off: uint32(at.off), Len: uint32(at.n), Depth: 1})
	}
}

// octetsOf puts a part of a line in.
func (b *builder) octetsOf(id field.ID, l *line, off, n int) {
	oct, at := l.part(off, n)
	b.add(id, field.Octets(oct), at)
}

// place is where octets are in the tree's sources.
type place struct {
	src    uint16
	off, n int
}

// part is the place of n octets, off octets from its begin.
func (p place) part(off, n int) place { return place{p.src, p.off + off, n} }

// generated puts a field in that stands nowhere in the octets.
func (b *builder) generated(id field.ID, v field.Value) {
	if b.want.Has(id) {
		b.tree.Add(field.Node{Def: field.Of(id), Val: v, Depth: 1, Flags: field.Generated})
	}
}

// endpoints puts in what is known of the frame and its connection.
func (b *builder) endpoints(c *conn, e *event.Event, count uint64) {
	number := uint64(e.Packet)
	if c.live {
		number = count
	}
	b.generated(field.FrameNumber, field.Uint(number))
	if !e.Time.IsZero() {
		b.generated(field.FrameTime, field.Moment(e.Time))
		b.generated(field.FrameTimeEpoch, field.Moment(e.Time))
	}
	from, to := c.ends.Remote, c.ends.Local
	if e.Dir == event.FromListener {
		from, to = to, from
	}
	b.address(from.Addr(), field.IPSrc, field.IPv6Src)
	b.address(to.Addr(), field.IPDst, field.IPv6Dst)
	for _, side := range []struct {
		port uint16
		id   field.ID
	}{{from.Port(), field.TCPSrcport}, {to.Port(), field.TCPDstport}} {
		b.generated(side.id, field.Uint(uint64(side.port)))
		b.generated(field.TCPPort, field.Uint(uint64(side.port)))
	}
	if !c.live {
		b.generated(field.TCPStream, field.Uint(uint64(c.stream)))
	}
}

func (b *builder) address(a netip.Addr, four, six field.ID) {
	id, both := six, field.IPv6Addr
	if a = a.Unmap(); a.Is4() {
		id, both = four, field.IPAddr
	}
	if b.want.Has(id) || b.want.Has(both) {
		v := field.Octets(a.AsSlice())
		b.generated(id, v)
		b.generated(both, v)
	}
}
