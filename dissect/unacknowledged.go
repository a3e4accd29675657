package dissect

// remember keeps what later segments are judged by.
func (a *analysis) remember(h *header, f *flow, j *judged) {
	next := h.end()
	if (h.size > 0 || h.has(flagSYN|flagFIN)) && len(f.unacked) < maxUnacked && *a.all < maxAllUnacked {
		*a.all++
		f.unacked = append(f.unacked, sent{h.seq, next, h.frame, h.time})
		if f.base = h.base; len(f.unacked) == 1 {
			f.low, f.high = h.seq-h.base, next-h.base
		} else {
			f.low, f.high = min(f.low, h.seq-h.base), max(f.high, next-h.base)
		}
	}
	moved := f.next
	if h.has(flagSYN | flagFIN) {
		moved++
	}
	if !f.known || after(next, moved) {
		f.lastLen = h.size
	}
	probe := j.flags&isZeroWindowProbe != 0
	if (!f.known || after(next, f.next)) && !probe {
		f.known, f.next, f.nextFrame, f.nextTime = true, next, h.frame, h.time
	}
	if (!f.joined || h.seq == f.whole) && !probe {
		f.joined, f.whole = true, f.next
	}
	f.window, f.ack, f.ackTime, f.flags = h.window, h.ack, h.time, j.flags
}

// acknowledge forgets what the other side has.
func (a *analysis) acknowledge(h *header, r *flow, j *judged) {
	kept, was := r.unacked[:0], len(r.unacked)
	changed := false
	for _, s := range r.unacked {
		switch {
		case h.ack == s.next:
			if j.acks == 0 {
				j.some, j.acks, j.rtt = true, s.frame, h.time-s.time
			}
			continue
		case after(h.ack, s.seq) && !after(h.ack, s.next):
			s.seq, changed = h.ack, true
		case !after(s.next, h.ack):
			continue
		}
		kept = append(kept, s)
	}
	r.unacked = kept
	*a.all -= was - len(kept)
	if changed || len(kept) < was {
		r.bound()
	}
}

// bound reckons low and high.
func (f *flow) bound() {
	for i, s := range f.unacked {
		low, high := s.seq-f.base, s.next-f.base
		if i > 0 {
			low, high = min(low, f.low), max(high, f.high)
		}
		f.low, f.high = low, high
	}
}

// flight counts octets that were not acknowledged, and those since the latest PSH.
func (f *flow) flight(h *header, r *flow, j *judged) {
	if h.size == 0 || len(f.unacked) == 0 || f.holed {
		return
	}
	j.some = true
	if n := f.high - f.low - r.sacked; n > 0 && n < 2e9 {
		j.inFlight = n
		if h.has(flagSYN | flagFIN) {
			j.inFlight--
		}
	}
	if f.push {
		f.pushed = 0
	}
	f.pushed += h.size
	f.push = h.has(flagPSH)
	j.pushed = f.pushed
}
