package imf

// LineEnds gives text the ends of lines that a message has: CRLF (RFC 5322
// §2.3 lets neither CR nor LF stand alone). LF alone ends a line, and so does
// CR; several CR, with or without an LF behind them, are one end. The text may
// come in pieces. What has CRLF throughout stays as it is.
type LineEnds struct {
	cr   bool // the last octets were CR, and no end is written for them yet
	open bool // the last line has octets and no end yet
}

// Append appends a piece of text to dst.
func (l *LineEnds) Append(dst, text []byte) []byte {
	for _, c := range text {
		switch {
		case c == '\r':
			l.cr = true
			continue
		case c == '\n':
			dst = append(dst, '\r', '\n')
			l.cr, l.open = false, false
			continue
		case l.cr:
			dst = append(dst, '\r', '\n')
			l.cr = false
		}
		dst = append(dst, c)
		l.open = true
	}
	return dst
}

// End appends the end of the last line, if that has none.
func (l *LineEnds) End(dst []byte) []byte {
	if l.cr || l.open {
		dst = append(dst, '\r', '\n')
	}
	*l = LineEnds{}
	return dst
}
