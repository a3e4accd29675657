package capture

import (
	"net/netip"
	"time"

	"posta/event"
)

// stream is a TCP connection of the capture. There may be hundreds of
// thousands of them, so it holds no more than it needs.
type stream struct {
	key    key
	number uint32
	side   [2]half // [0] is what the key's a sends
	dialer uint8   // which side dialed
	first  uint8   // whose packet was the first
	sure   bool
	ended  bool      // both sides have finished, or one reset it
	closed bool      // Close was emitted; what still comes is late
	end    time.Time // when it ended
	ending uint32    // the packet that ended it
	reset  bool
	events uint64

	newer, older *stream // in the list of open or of closed ones, by use
}

// half is what one side of a connection sends.
type half struct {
	based bool   // base is known
	set   bool   // next is known
	base  uint32 // sequence number that is shown as 0
	next  uint32 // the number that has its turn
	off   int64  // of that octet in the stream
	fin   bool
	last  uint32 // where fin is: the number of the FIN

	held      *piece // came before its turn, in order and apart
	tail      *piece // the last of them
	heldBytes int32
	pieces    int32
}

// begin takes the first sequence number that is seen of a side. A SYN with
// another number begins anew: a side that was seen alone had the same ports
// again.
func (h *half) begin(s *segment) {
	syn := s.flags&flagSYN != 0
	if !h.based || syn {
		h.based, h.base = true, s.seq-1
		if syn {
			h.base = s.seq
		}
	}
	if s.flags&flagRST == 0 { // that may bear any number, or none
		h.set, h.next, h.fin = true, s.first(), false
	}
}

// acknowledged takes the number that the other side expects for the first one,
// where nothing was seen of this side yet.
func (h *half) acknowledged(s *segment) {
	if !h.based && s.flags&flagACK != 0 {
		h.based, h.base = true, s.ack-1
	}
}

// first gives the number of a segment's first octet: a SYN counts as one.
func (s *segment) first() uint32 {
	if s.flags&flagSYN != 0 {
		return s.seq + 1
	}
	return s.seq
}

func (st *stream) dir(side uint8) event.Dir {
	if side == st.dialer {
		return event.FromDialer
	}
	return event.FromListener
}

func (st *stream) conn() uint64 { return uint64(st.number) + 1 }

func (st *stream) endpoints() event.Endpoints {
	a := netip.AddrPortFrom(netip.AddrFrom16(st.key.a).Unmap(), st.key.portA)
	b := netip.AddrPortFrom(netip.AddrFrom16(st.key.b).Unmap(), st.key.portB)
	if st.dialer == 0 {
		return event.Endpoints{Remote: a, Local: b}
	}
	return event.Endpoints{Remote: b, Local: a}
}

// list is a ring of streams, the most recently used behind its head.
type list struct {
	head stream
	n    int
}

func (l *list) init() { l.head.newer, l.head.older = &l.head, &l.head }

func (l *list) add(st *stream) {
	st.newer, st.older = &l.head, l.head.older
	st.newer.older, st.older.newer = st, st
	l.n++
}

func (l *list) remove(st *stream) {
	st.newer.older, st.older.newer = st.older, st.newer
	st.newer, st.older = nil, nil
	l.n--
}

// oldest gives the one that was not used for longest, nil if there is none.
func (l *list) oldest() *stream {
	if l.n == 0 {
		return nil
	}
	return l.head.newer
}
