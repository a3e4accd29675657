package dissect

import (
	"math"

	"posta/event"
)

// What Wireshark's analysis says of a segment.
type verdict uint16

const (
	isRetransmission verdict = 1 << iota
	isFastRetransmission
	isSpurious
	isOutOfOrder
	isReusedPorts
	isLostSegment
	isAckLost
	isKeepAlive
	isKeepAliveAck
	isZeroWindow
	isZeroWindowProbe
	isZeroWindowProbeAck
	isWindowUpdate
	isWindowFull
	isDuplicateAck
)

// The flags of TCP (RFC 9293 §3.1), and what keeps a segment from being an
// answer, an update or a question.
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagPSH = 0x08
	flagURG = 0x20

	flagsOfEnds = flagSYN | flagFIN | flagRST
)

// Window scales that are none (RFC 7323 §2).
const (
	scaleUnknown = -1 // the handshake was not captured
	scaleUnused  = -2
)

// The bounds of segments that are remembered until they are acknowledged. What
// is beyond is not missed when an acknowledgement comes for it.
const (
	maxUnacked    = 10000   // of one direction, as tshark's
	maxAllUnacked = 1 << 18 // of all connections
)

const (
	fastWithin     = 20e6 // ns between the last duplicate ACK and a fast retransmission
	disorderWithin = 3e6  // ns in which octets come out of order, where no round trip was measured
)

// analysis follows the sequence numbers of a connection as Wireshark does, on
// purpose with its rules and their order, so that both judge a segment alike.
// It looks at headers alone, in the order in which packets were captured.
type analysis struct {
	flows       [2]flow // by event.Dir
	begun       bool
	first, last int64 // ns of the first packet and of the latest
	syn         int64 // of the latest SYN, 0 where none was seen
	rtt         int64 // from the SYN to the first ACK
	complete    uint8 // tcp.completeness so far
	all         *int  // segments that are remembered, of all connections
}

// flow is one direction of a connection. Numbers are as they stand in headers.
type flow struct {
	known     bool
	next      uint32 // the highest number seen, and one
	nextFrame uint32
	nextTime  int64
	lastLen   uint32 // of the segment that moved next
	joined    bool
	whole     uint32 // up to here nothing is missing, or it was said
	ack       uint32
	ackTime   int64
	ackFrame  uint32 // the first with this ack
	dup       int    // how often it was said again; -1 behind something unseen
	window    uint32 // not scaled
	scale     int8
	fresh     bool // nothing but its SYN was seen
	flags     verdict
	holed     bool // octets in flight cannot be told
	pushed    uint32
	push      bool // the latest with octets had PSH
	closing   bool

	unacked   []sent // the oldest first
	base      uint32 // what is shown as 0
	low, high uint32 // of them, counted from base
	sacked    uint32 // octets behind a hole that the other side has
}

// sent is a segment that was not acknowledged yet.
type sent struct {
	seq, next uint32
	frame     uint32
	time      int64
}

// header is what the analysis looks at.
type header struct {
	seq, ack, size uint32
	base           uint32 // the sequence number that is shown as 0
	flags          uint16
	window         uint32
	frame          uint32
	time           int64
	options        tcpOptions
}

// has says that one of the flags is set.
func (h *header) has(flags uint16) bool { return h.flags&flags != 0 }

// end is the number behind a segment: SYN and FIN count as one octet.
func (h *header) end() uint32 {
	if h.has(flagSYN | flagFIN) {
		return h.seq + h.size + 1
	}
	return h.seq + h.size
}

// judged is what was found out of a segment.
type judged struct {
	some          bool // there is something to tell
	flags         verdict
	acks          uint32 // the frame of the segment that it acknowledges
	rtt           int64  // since that one
	inFlight      uint32
	pushed        uint32
	dup, dupFrame uint32
	rto           int64
	rtoFrame      uint32
	initial       int64
	since, delta  int64
	complete      uint8
	window        uint32 // scaled
	scale         int32  // a factor, or scaleUnknown, scaleUnused
	active        bool   // its side ended the connection first
}

func (j *judged) say(v verdict) { j.some, j.flags = true, j.flags|v }

func newAnalysis(all *int) *analysis {
	a := &analysis{all: all}
	for i := range a.flows {
		a.flows[i].window, a.flows[i].scale = math.MaxUint32, scaleUnknown
	}
	return a
}

// drop forgets the segments.
func (a *analysis) drop() {
	for i := range a.flows {
		*a.all -= len(a.flows[i].unacked)
		a.flows[i].unacked = nil
	}
}

// take judges the next segment.
func (a *analysis) take(h *header, dir event.Dir, reused bool) (j judged) {
	f, r := &a.flows[dir], &a.flows[1-dir]
	first := !a.begun
	a.timed(h, &j)
	if reused {
		j.say(isReusedPorts)
	}
	if h.has(flagACK) {
		r.holed = false
	}
	if !a.reception(h, f, r, &j) {
		a.duplicate(h, f, &j)
	}
	if h.ack != f.ack {
		f.ackFrame, f.dup = h.frame, 0
	}
	r.ackedUnseen(h, &j)
	if h.size > 0 || h.has(flagSYN|flagFIN) {
		a.repetition(h, f, r, &j)
	}
	a.remember(h, f, &j)
	a.acknowledge(h, r, &j)
	f.flight(h, r, &j)
	a.progress(h, f, r, &j)
	a.completed(h, first)
	if reused { // what came before it is not this connection's
		j.complete = a.complete
	}
	return j
}

// timed counts the times of the connection.
func (a *analysis) timed(h *header, j *judged) {
	if !a.begun {
		a.begun, a.first, a.last = true, h.time, h.time
	}
	j.since, j.delta = h.time-a.first, h.time-a.last
	a.last = h.time
	j.complete = a.complete
}

// quoted tells of a segment that an error of ICMP quotes: it passes no second
// time, but its connection shows.
func (a *analysis) quoted(h *header, dir event.Dir) (j judged) {
	a.timed(h, &j)
	j.window, j.scale = a.flows[dir].scaled(h)
	return j
}

// scaled gives a segment's window and the factor in it.
func (f *flow) scaled(h *header) (window uint32, factor int32) {
	if h.has(flagSYN) || f.scale < 0 {
		return h.window, int32(f.scale)
	}
	return h.window << f.scale, 1 << f.scale
}

// reception judges windows and questions whether the other end is there. It
// says that the segment is nothing else.
func (a *analysis) reception(h *header, f, r *flow, j *judged) (enough bool) {
	inTurn := f.known && h.seq == f.next
	if h.size == 1 && inTurn && r.window == 0 {
		j.say(isZeroWindowProbe)
		return true
	}
	plain := !h.has(flagsOfEnds)
	if h.window == 0 && plain {
		j.say(isZeroWindow)
	}
	if f.known && after(h.seq, f.next) && !h.has(flagRST) {
		j.say(isLostSegment)
		f.holed = true
	}
	if !plain {
		return false
	}
	if h.size <= 1 && h.seq == f.next-1 {
		j.say(isKeepAlive)
	}
	again := h.size == 0 && h.seq == f.next && h.ack == f.ack
	if again && h.window != 0 && h.window != f.window {
		j.say(isWindowUpdate)
	}
	if h.size > 0 && r.scale != scaleUnknown && h.seq+h.size == r.ack+r.window<<r.shift() {
		j.say(isWindowFull)
	}
	again = again && h.window == f.window
	switch {
	case again && h.window != 0 && r.flags&isKeepAlive != 0:
		j.say(isKeepAliveAck)
	case again && h.window == 0 && r.flags&isZeroWindowProbe != 0:
		j.say(isZeroWindowProbeAck)
	default:
		return false
	}
	return true
}

// shift is how far the flow's window is moved: not at all before its first ACK.
func (f *flow) shift() int8 {
	if f.fresh || f.scale < 0 {
		return 0
	}
	return f.scale
}

// duplicate judges whether a segment says once more what the one before it said.
func (a *analysis) duplicate(h *header, f *flow, j *judged) {
	if h.size != 0 || h.window == 0 || h.window != f.window || h.seq != f.next || h.ack != f.ack || h.has(flagsOfEnds) {
		return
	}
	f.dup = max(f.dup, 0) + 1
	j.say(isDuplicateAck)
	j.dup, j.dupFrame = uint32(f.dup), f.ackFrame
}

// ackedUnseen judges whether something is acknowledged that was not captured.
// It is said once of each hole.
func (r *flow) ackedUnseen(h *header, j *judged) {
	if !r.joined || !after(h.ack, r.whole) || !h.has(flagACK) {
		return
	}
	j.some = true
	if after(r.next, r.whole) {
		r.whole = r.next
		j.say(isAckLost)
		return
	}
	if r.dup == 0 {
		j.say(isAckLost)
	}
	r.dup = -1
}

// repetition judges octets, SYN and FIN that bring nothing new.
func (a *analysis) repetition(h *header, f, r *flow, j *judged) {
	if j.flags&isKeepAlive != 0 {
		return
	}
	old := f.known && after(f.next, h.seq)
	if h.size > 1 && h.seq == f.next-1 { // its first octet may have been a probe
		old = false
	}
	if h.size > 0 && r.ack != 0 && !after(h.seq+h.size, r.ack) {
		j.say(isSpurious)
		return
	}
	if !old {
		return
	}
	round := a.rtt
	if round == 0 {
		round = disorderWithin
	}
	switch {
	case (r.dup >= 2 || r.dup < 0) && r.ack == h.seq && within(h.time-r.ackTime, fastWithin):
		j.say(isFastRetransmission)
	case within(h.time-f.nextTime, round) && (f.next != h.end() || f.lastLen == 0 && !h.has(flagSYN|flagFIN)):
		j.say(isOutOfOrder)
	default:
		j.say(isRetransmission)
		j.rto, j.rtoFrame = h.time-f.nextTime, f.nextFrame
		if len(f.unacked) > 0 {
			oldest := f.unacked[0]
			j.rto, j.rtoFrame = h.time-oldest.time, oldest.frame
		}
	}
}

// within says that a time is not longer ago than that, nor to come.
func within(ago, most int64) bool { return ago >= 0 && ago < most }

// Bits of tcp.completeness.
const (
	completeSYN = 1 << iota
	completeSYNACK
	completeACK
	completeData
	completeFIN
	completeRST
)

// after says that a comes behind b; numbers turn around (RFC 9293 §3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }
