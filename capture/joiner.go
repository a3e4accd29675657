package capture

import (
	"encoding/binary"
	"time"

	"posta/event"
)

// Limits bound what a Joiner remembers. A zero is the default.
type Limits struct {
	Held    int // octets of one direction of a stream that wait for earlier ones; 4 MiB
	AllHeld int // the same of all streams; 64 MiB
	Open    int // streams that have not ended; 65,536. The one longest unused is closed for a new one
	Closed  int // ended streams that are remembered, so that late packets of theirs begin no new one; 65,536
}

func (l Limits) orDefault() Limits {
	for _, one := range []struct {
		at    *int
		value int
	}{{&l.Held, 4 << 20}, {&l.AllHeld, 64 << 20}, {&l.Open, 1 << 16}, {&l.Closed, 1 << 16}} {
		if *one.at == 0 {
			*one.at = one.value
		}
	}
	return l
}

// Ended streams stay open for so long, and so many: late packets still count.
const (
	linger       = 30 * time.Second
	maxLingering = 4096
)

// Joiner joins packets to streams and tells a Sink of both. Streams are
// numbered as Wireshark numbers tcp.stream; the event's Conn is one more.
//
// For each packet there is a Packet event, with Conn 0 where it is of no
// stream; behind it come the Data and Gap events that it brought about, in the
// Layer Wire, for whoever reads them knows where TLS begins. Data bears the
// number and the time of the packet that the octets lay in, a Gap those of the
// packet that showed it.
//
// Octets that came twice are taken from the packet that came first, as
// Wireshark does. Octets are a gap once the other side has acknowledged what
// lies behind them, when more waits for them than Limits allow, or when the
// stream ends.
type Joiner struct {
	sink   event.Sink
	limits Limits

	streams map[key]*stream
	lately  [1 << 12]*stream // of streams, to look there first
	count   uint32           // of streams so far
	open    list
	closed  list
	endings []*stream // ended and still open, the oldest at from
	from    int
	wake    int64 // when the oldest has its time, in ns since 1970
	parts   fragments

	held   int // what all streams' pieces cost
	spare  *piece
	spares int

	about     *stream // that an ICMP error quotes a segment of
	aboutSide uint8

	e         event.Event
	seg       event.Segment
	now       *Packet // during Feed
	elsewhere bool    // the octets told of next do not lie in it
	ip        datagram
	tcp       segment
	number    uint32 // of the last packet
	time      time.Time
}

// NewJoiner begins with no stream.
func NewJoiner(sink event.Sink, limits Limits) *Joiner {
	j := &Joiner{sink: sink, limits: limits.orDefault(), streams: map[key]*stream{}, parts: newFragments()}
	j.open.init()
	j.closed.init()
	return j
}

// Feed takes the next packet. It keeps nothing of p.
func (j *Joiner) Feed(p *Packet) {
	j.now, j.number, j.time = p, p.Number, p.Time
	j.seg = event.Segment{Link: uint16(p.Link), Interface: uint16(p.Interface), Net: -1, Transport: -1, Payload: -1, Comments: p.Comments}
	if p.Wire > len(p.Data) {
		j.seg.Marks |= event.Truncated
	}
	j.expire(p.Time)
	j.elsewhere = false
	j.about, j.aboutSide = nil, 0
	s, ok := j.segment(p)
	if !ok {
		j.packet(j.about, j.aboutSide)
		return
	}
	j.join(j.stream(s), s)
}

// End says that there are no more packets: what is open is closed.
func (j *Joiner) End() {
	for st := j.open.oldest(); st != nil; st = j.open.oldest() {
		if st.ended {
			j.close(st, st.how())
		} else {
			j.close(st, "the capture ended")
		}
	}
}

// segment finds the TCP segment in a packet, and notes where all lies.
func (j *Joiner) segment(p *Packet) (s *segment, ok bool) {
	net := network(p.Link, p.Data)
	if net < 0 {
		return nil, false
	}
	j.seg.Net = int32(net)
	d := &j.ip
	if !d.parse(p.Data, net) {
		return nil, false
	}
	j.seg.Proto = d.proto
	payload, at := p.Data[d.off:d.end], d.off
	if d.fragmented {
		whole, complete := j.parts.add(d, payload, p.Time)
		if !complete {
			j.seg.Marks |= event.Fragment
			return nil, false
		}
		payload, at, j.seg.Whole, j.elsewhere = whole, 0, whole, true
		if d.off, d.end, d.missing, d.fragmented = 0, len(whole), 0, false; d.within(whole) >= 0 {
			if !d.parse(whole, d.within(whole)) || d.fragmented {
				return nil, false
			}
			payload, at, j.seg.Proto = whole[d.off:d.end], d.off, d.proto
		}
	} else {
		j.seg.Inner = int32(d.inner)
	}
	if d.proto == protoICMP || d.proto == protoICMPv6 {
		j.quoted(d, payload, at)
	}
	if s = &j.tcp; d.proto != protoTCP || !s.parse(d, payload) {
		return nil, false
	}
	j.seg.Transport, j.seg.Payload = int32(at), int32(at+s.head)
	j.seg.Len, j.seg.Flags = int32(s.size()), s.flags
	return s, true
}

// find looks for the stream of a segment.
func (j *Joiner) find(s *segment) *stream {
	at := &j.lately[s.key.hash()]
	if *at == nil || (*at).key != s.key {
		*at = j.streams[s.key]
	}
	return *at
}

// hash is a stream's place in lately.
func (k *key) hash() uint32 {
	n := binary.LittleEndian.Uint32(k.a[12:])*31 + binary.LittleEndian.Uint32(k.b[12:])
	n = (n ^ uint32(k.portA)<<16 ^ uint32(k.portB)) * 0x9e3779b1
	return n >> 20
}

// stream finds a segment's, or begins it.
func (j *Joiner) stream(s *segment) *stream {
	st := j.find(s)
	if st != nil && st.reused(s) {
		if !st.closed {
			j.close(st, "its ports were used again")
		}
		j.closed.remove(st)
		delete(j.streams, s.key)
		j.lately[s.key.hash()] = nil
		j.seg.Marks |= event.PortsReused
		st = nil
	}
	if st == nil {
		return j.begin(s)
	}
	l := &j.open
	if st.closed {
		l = &j.closed
	}
	l.remove(st)
	l.add(st)
	return st
}

// reused says that a SYN begins another connection between the same ends: it
// has another sequence number, as in Wireshark, or comes long after an end.
func (st *stream) reused(s *segment) bool {
	h := &st.side[s.side]
	return s.flags&(flagSYN|flagACK) == flagSYN && h.based && (s.seq != h.base || st.closed)
}

func (j *Joiner) begin(s *segment) *stream {
	if j.open.n >= j.limits.Open {
		j.close(j.open.oldest(), "too many connections were open")
	}
	st := &stream{key: s.key, number: j.count, first: s.side}
	st.dialer, st.sure = dialed(s)
	j.count++
	j.streams[s.key] = st
	j.lately[s.key.hash()] = st
	j.open.add(st)
	j.emit(st, event.Event{Kind: event.Open, Dir: st.dir(s.side), Fact: event.Captured{
		Endpoints: st.endpoints(), Stream: st.number, First: st.dir(s.side), Sure: st.sure}})
	return st
}

// expire closes what ended a while ago.
func (j *Joiner) expire(now time.Time) {
	if len(j.endings)-j.from <= maxLingering && now.UnixNano() < j.wake {
		return
	}
	for j.from < len(j.endings) {
		st := j.endings[j.from]
		if st.ended && !st.closed {
			if now.Sub(st.end) < linger && len(j.endings)-j.from <= maxLingering {
				j.wake = st.end.Add(linger).UnixNano()
				break
			}
			j.close(st, st.how())
		}
		j.endings[j.from] = nil
		j.from++
	}
	if j.from == len(j.endings) {
		j.endings, j.from = j.endings[:0], 0
	} else if j.from > maxLingering {
		j.endings = j.endings[:copy(j.endings, j.endings[j.from:])]
		j.from = 0
	}
}

// how says how a connection ended, in Closed's words.
func (st *stream) how() string {
	if st.reset {
		return "reset"
	}
	return "both sides finished"
}

// close gives what waits, tells of the end, and only remembers the stream.
func (j *Joiner) close(st *stream, reason string) {
	for side := range uint8(2) {
		j.passAll(st, side)
		if h := &st.side[side]; h.fin && h.set && after(h.last, h.next) {
			j.gap(st, side, int(h.last-h.next)) // the FIN shows that more was sent
		}
	}
	over := event.Event{Kind: event.Close, Fact: event.Closed{Reason: reason}}
	if st.ended { // it is told late, in case that packets come again
		over.Packet, over.Time = st.ending, st.end
	}
	j.emit(st, over)
	st.closed = true
	j.open.remove(st)
	j.closed.add(st)
	if j.closed.n > j.limits.Closed {
		old := j.closed.oldest()
		j.closed.remove(old)
		delete(j.streams, old.key)
		j.lately[old.key.hash()] = nil
	}
}

// emit sends an event of a stream, stamped with the packet at hand.
func (j *Joiner) emit(st *stream, e event.Event) {
	st.events++
	e.Conn, e.Seq = st.conn(), st.events
	if e.Packet == 0 {
		e.Packet, e.Time = j.number, j.time
	}
	j.e = e
	j.sink.Emit(&j.e)
}

// packet tells of the packet at hand; st is nil where it is of no stream.
func (j *Joiner) packet(st *stream, side uint8) {
	p := j.now
	j.e = event.Event{Kind: event.Packet, Packet: p.Number, Time: p.Time, Off: p.At, Len: int64(p.Wire), Data: p.Data, Fact: &j.seg}
	if st != nil {
		st.events++
		j.e.Conn, j.e.Seq, j.e.Dir = st.conn(), st.events, st.dir(side)
	}
	j.sink.Emit(&j.e)
}
