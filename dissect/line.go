package dissect

import (
	"bytes"

	"posta/story"
	"posta/text"
)

// The bounds of lines that are put together. What is beyond maxLine of one, or
// beyond maxLines of those of all connections, is left out.
const (
	maxLine  = 64 << 10
	maxLines = 64 << 20
)

// half puts together the lines of one direction.
type half struct {
	scan text.Line
	open bool         // a line is under way
	full bool         // its rest is left out
	part []byte       // what there is of it
	from story.Moment // when it began
	used *int         // octets of all lines
}

// lost forgets the line under way.
func (h *half) lost() {
	h.drop()
	h.scan, h.open = text.Line{}, false
}

// drop lets its octets go.
func (h *half) drop() {
	if h.used != nil {
		*h.used -= cap(h.part)
	}
	h.part = nil
}

// keep adds octets to the line under way.
func (h *half) keep(b *builder, octets []byte) {
	if h.full {
		return
	}
	h.used = b.lines
	room := max(0, min(len(octets), maxLine-len(h.part), maxLines-*h.used))
	h.full = room < len(octets)
	before := cap(h.part)
	h.part = append(h.part, octets[:room]...)
	*h.used += cap(h.part) - before
}

// line is a line that has ended.
type line struct {
	all   []byte // with its end
	bare  []byte
	at    place
	began story.Moment // zero: it came at once
	cut   bool         // the snap length took its end
}

// part gives n octets of the line, off octets from its begin, and their place.
func (l *line) part(off, n int) ([]byte, place) { return l.all[off : off+n], l.at.part(off, n) }

// odd says that it holds or ends in a CR or LF that stands alone. Of a line
// that is not all there it is not known.
func (l *line) odd() bool {
	if len(l.all) == len(l.bare) {
		return false
	}
	return !bytes.HasSuffix(l.all, []byte("\r\n")) || bytes.IndexByte(l.bare, '\r') >= 0
}

// take reads b's octets from off on, to the end of a line. n were read; without
// an end the line goes on in another event, unless the snap length took the rest.
func (h *half) take(b *builder, off int) (l line, n int, ended bool) {
	src := b.octets[off:]
	n, end := h.scan.Scan(src)
	if end == 0 && b.cut {
		h.scan, l.cut = text.Line{}, true
	}
	if (end != 0 || l.cut) && !h.open {
		return line{all: src[:n], bare: endless(src[:n], end), at: place{b.src, off, n}, cut: l.cut}, n, true
	}
	if !h.open {
		h.open, h.full, h.from = true, false, b.moment()
	}
	h.keep(b, src[:n])
	if end == 0 && !l.cut {
		return line{}, n, false
	}
	h.open = false
	l.all, l.began = h.part, h.from
	l.bare = l.all
	if !h.full {
		l.bare = endless(l.all, end)
	}
	l.at = place{b.tree.Source(l.all), 0, len(l.all)}
	h.drop() // the octets stay with the tree
	return l, n, true
}

// endless is a line without its end. Of one that was cut that may be a CR.
func endless(all []byte, end text.Ends) []byte {
	if end == 0 {
		return bytes.TrimSuffix(all, []byte("\r"))
	}
	return all[:len(all)-end.Len()]
}
