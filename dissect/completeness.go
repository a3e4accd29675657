package dissect

// progress follows the connection's life: its window scales, its first round
// trip, its end.
func (a *analysis) progress(h *header, f, r *flow, j *judged) {
	j.window, j.scale = f.scaled(h)
	switch {
	case h.flags&(flagSYN|flagACK) == flagSYN:
		a.syn, f.fresh = h.time, true
	case h.has(flagSYN):
		f.fresh = true
	case h.has(flagACK):
		f.fresh = false
		if a.syn != 0 && a.rtt == 0 {
			a.rtt = h.time - a.syn
		}
	}
	if h.has(flagFIN) && !r.closing {
		f.closing, j.active = true, true
	}
	j.initial = a.rtt
	f.sacked = h.options.sacked()
	if h.options.scale >= 0 {
		f.scale = h.options.scale
	}
	if h.has(flagSYN) {
		switch {
		case f.scale == scaleUnknown:
			f.scale, r.scale = scaleUnused, scaleUnused
		case h.has(flagACK) && r.scale == scaleUnused:
			f.scale = scaleUnused
		}
	}
}

// completed notes what of a connection's life was captured. To Wireshark its
// first packet counts only if it is the SYN.
func (a *analysis) completed(h *header, first bool) {
	if first != (h.flags&(flagSYN|flagACK) == flagSYN) {
		return
	}
	switch h.flags & (flagSYN | flagACK) {
	case flagSYN:
		a.complete |= completeSYN
		if h.size > 0 {
			a.complete |= completeData
		}
	case flagSYN | flagACK:
		a.complete |= completeSYNACK
	case flagACK:
		if h.size > 0 {
			a.complete |= completeData
		} else {
			a.complete |= completeACK
		}
	}
	if h.flags&(flagFIN|flagACK) == flagFIN|flagACK {
		a.complete |= completeFIN
	}
	if h.has(flagRST) {
		a.complete |= completeRST
	}
}
