package capture

import "posta/event"

// join takes a segment into its stream.
func (j *Joiner) join(st *stream, s *segment) {
	h, other := &st.side[s.side], &st.side[1-s.side]
	known := h.set
	if s.flags&flagSYN != 0 && !st.closed {
		st.again()
	}
	if !h.set || s.flags&flagSYN != 0 && s.seq != h.base && !st.closed {
		j.passAll(st, s.side)
		h.begin(s)
	}
	other.acknowledged(s)
	shows := s.flags&flagACK != 0 && other.held != nil && after(s.ack, other.held.seq)
	j.mark(st, s, known, shows)
	j.packet(st, s.side)
	if st.closed {
		return
	}
	// An acknowledgement counts before the octets beside it: the other side's
	// came first.
	for s.flags&flagACK != 0 && other.held != nil && after(s.ack, other.held.seq) {
		j.pass(st, 1-s.side)
	}
	if s.flags&flagRST != 0 {
		st.reset = true // what a RST bears is no part of the stream (RFC 9293 §3.5.3)
	} else {
		j.accept(st, s)
	}
	if !st.ended && (st.reset || h.done() && other.done()) {
		st.ended, st.end, st.ending = true, j.time, j.number
		j.endings = append(j.endings, st)
	}
}

// again says that a connection which seemed to have ended, as when a SYN is
// refused and tried once more, goes on.
func (st *stream) again() {
	if st.ended {
		st.ended, st.reset = false, false
		st.side[0].fin, st.side[1].fin = false, false
	}
}

// done says that all was sent, up to the FIN.
func (h *half) done() bool { return h.fin && !after(h.last, h.next) }

// mark notes what a segment is to its stream.
func (j *Joiner) mark(st *stream, s *segment, known, shows bool) {
	h, other := &st.side[s.side], &st.side[1-s.side]
	g := &j.seg
	g.Seq = s.seq - h.base
	if s.flags&flagACK != 0 {
		g.Ack = s.ack
		if other.based {
			g.Ack -= other.base
		}
	}
	if shows {
		g.Marks |= event.Lost
	}
	if !h.set {
		return
	}
	ahead := int32(s.first() - h.next)
	g.Off = h.off + int64(ahead)
	n := int32(s.size())
	switch {
	case !known || s.flags&flagRST != 0:
	case s.flags&flagSYN != 0:
		g.Marks |= event.Retransmission
	case ahead == -1 && n <= 1 && s.flags&flagFIN == 0:
		g.Marks |= event.KeepAlive
	case n == 0:
	case ahead < 0 && ahead+n <= 0:
		g.Marks |= event.Retransmission
	case ahead < 0:
		g.Marks |= event.Overlap
	case ahead > 0:
		g.Marks |= event.OutOfOrder
	}
	if st.closed && n > 0 && ahead+n > 0 {
		g.Marks |= event.Late
	}
}

// accept takes a segment's octets: gives them on when they have their turn,
// holds them when others come first.
func (j *Joiner) accept(st *stream, s *segment) {
	h := &st.side[s.side]
	if s.flags&flagFIN != 0 && !h.fin {
		h.fin, h.last = true, s.first()+uint32(s.size())
	}
	p := piece{seq: s.first(), data: s.payload, missing: s.missing, packet: j.number, time: j.time}
	if p.size() == 0 {
		return
	}
	if after(h.next, p.seq) {
		if p = p.from(h.next); p.size() == 0 {
			return
		}
	}
	if p.seq == h.next {
		j.give(st, s.side, &p)
		j.resume(st, s.side)
		return
	}
	j.hold(h, p)
	for h.held != nil && (int(h.heldBytes) > j.limits.Held || h.pieces > maxPieces || j.held > j.limits.AllHeld) {
		j.pass(st, s.side)
	}
}

// give emits octets whose turn it is.
func (j *Joiner) give(st *stream, side uint8, p *piece) {
	h := &st.side[side]
	part := event.Command
	if side != st.dialer {
		part = event.Reply
	}
	if len(p.data) > 0 {
		if j.sink.Wants(st.conn(), event.Wire, part) {
			st.events++
			j.e = event.Event{Conn: st.conn(), Seq: st.events, Kind: event.Data, Dir: st.dir(side), Layer: event.Wire, Part: part,
				Packet: p.packet, Time: p.time, Off: h.off, Len: int64(len(p.data)), Data: p.data}
			j.sink.Emit(&j.e)
		}
		h.next += uint32(len(p.data))
		h.off += int64(len(p.data))
	}
	if p.missing > 0 {
		j.gap(st, side, p.missing)
	}
}

// gap tells of octets that were not captured.
func (j *Joiner) gap(st *stream, side uint8, n int) {
	h := &st.side[side]
	j.emit(st, event.Event{Kind: event.Gap, Dir: st.dir(side), Layer: event.Wire, Off: h.off, Len: int64(n)})
	h.next += uint32(n)
	h.off += int64(n)
}

// pass gives up waiting for what lies before the first held piece.
func (j *Joiner) pass(st *stream, side uint8) {
	h := &st.side[side]
	if n := int(h.held.seq - h.next); n > 0 {
		j.gap(st, side, n)
	}
	j.resume(st, side)
}

// passAll waits for nothing any more.
func (j *Joiner) passAll(st *stream, side uint8) {
	for st.side[side].held != nil {
		j.pass(st, side)
	}
}

// resume gives the held pieces whose turn has come.
func (j *Joiner) resume(st *stream, side uint8) {
	h := &st.side[side]
	for h.held != nil && !after(h.held.seq, h.next) {
		p := j.unhold(h)
		if rest := p.from(h.next); rest.size() > 0 {
			here := j.elsewhere
			j.elsewhere = true
			j.give(st, side, &rest)
			j.elsewhere = here
		}
		j.drop(p)
	}
}
