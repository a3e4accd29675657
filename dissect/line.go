package dissect

import "posta/text"

// maxLine is how much of a line is kept; the rest of a longer one is left out.
const maxLine = 64 << 10

// half puts together the lines of one direction.
type half struct {
	scan text.Line
	open bool   // a line is under way
	part []byte // what there is of it
	last []byte // the line before that had to be put together: it may still be lent
}

// lost forgets the line under way.
func (h *half) lost() { h.scan, h.open = text.Line{}, false }

// line is a line that has ended.
type line struct {
	all  []byte // with its end
	bare []byte
	at   place
}

// part gives n octets of the line, off octets from its begin, and their place.
func (l *line) part(off, n int) ([]byte, place) { return l.all[off : off+n], l.at.part(off, n) }

// take reads b's octets from off on, to the end of a line. n were read; without
// an end the line goes on in another event.
func (h *half) take(b *builder, off int) (l line, n int, ended bool) {
	src := b.octets[off:]
	n, end := h.scan.Scan(src)
	if end != 0 && !h.open {
		return line{src[:n], src[:n-end.Len()], place{b.src, off, n}}, n, true
	}
	if !h.open {
		h.open, h.part = true, h.part[:0]
	}
	room := min(n, maxLine-len(h.part))
	h.part = append(h.part, src[:room]...)
	if end == 0 {
		return line{}, n, false
	}
	h.open = false
	h.part, h.last = h.last, h.part
	l.all = h.last
	l.bare = l.all
	if room == n {
		l.bare = l.all[:len(l.all)-end.Len()]
	}
	l.at = place{b.tree.Source(l.all), 0, len(l.all)}
	return l, n, true
}
