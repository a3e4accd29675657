package text

import "bytes"

// Dot reads mail data up to the final dot and undoes the stuffing (RFC 5321
// §4.5.2). The zero Dot is strict: only CRLF.CRLF, or .CRLF as the very first
// line, ends the data; a CR or LF that stands alone makes it bad, and it is
// then read on to CRLF.CRLF without giving anything out.
//
// A line end other than CRLF that is allowed is given out as CRLF. Whatever is
// allowed, a dot between two different line ends never ends the data: nobody
// could tell whether the next server would see an end there.
type Dot struct {
	LF      bool // a bare LF is read as CRLF; it still never ends the data
	CR      bool // a bare CR is content like any other octet: who fetches takes a message as it is
	Raw     bool // CRs and LFs that stand alone are content, and no line ends: who looks on changes nothing
	NUL     bool // CR NUL is a line end too: the peer speaks telnet
	Uniform bool // a bare LF (or CR NUL) is a line end, and one with a dot ends the data, while all of Seen are alike
	Seen    Ends // the line ends of the connection so far; Scan adds to it

	state   dotState
	prev    Ends // the end of the line before, 0 at the start of the data
	odd     bool // some line of the data ended otherwise than in CRLF
	spoiled bool
	bad     bool
	size    int64
}

type dotState uint8

const (
	dotStart  dotState = iota // at the start of a line
	dotInside                 // in a line
	dotCR                     // in a line, after a CR that is held back
	dotDot                    // after a dot that starts a line
	dotDotCR                  // after the CR behind such a dot
	dotDone
)

// Scan takes octets up to the end of the data, and appends the content that
// they make to dst: at most two octets for each of src, and two more. n of src
// belong to the data. err is ErrBare at the end of bad data.
func (d *Dot) Scan(dst, src []byte) (out []byte, n int, done bool, err error) {
	from := len(dst)
	for n < len(src) && d.state != dotDone {
		c := src[n]
		switch d.state {
		case dotStart:
			d.state = dotInside
			if c == '.' {
				d.state = dotDot
				n++
			}
		case dotInside:
			dst, n = d.run(dst, src, n)
		case dotDot:
			dst, n = d.afterDot(dst, c, n)
		default:
			dst, n = d.afterCR(dst, c, n)
		}
	}
	d.size += int64(len(dst) - from)
	if d.state != dotDone {
		return dst, n, false, nil
	}
	if d.bad {
		err = ErrBare
	}
	return dst, n, true, err
}

// Pass takes octets up to the end of the data as Scan does, and gives nothing
// out: for who only asks where it ends. Size does not count them, and Bad and
// Odd may not know of them.
func (d *Dot) Pass(src []byte) (n int, done bool) {
	var out [64]byte
	for n < len(src) && !done {
		if d.state == dotInside && !d.LF && !d.CR && !d.NUL && !d.Uniform {
			n += d.dotless(src[n:])
		}
		_, k, ends, _ := d.Scan(out[:0], src[n:min(len(src), n+len(out)/2-1)])
		n, done = n+k, ends
	}
	return n, done
}

// dotless counts octets in front of which all but the last few are of no
// interest: up to a dot that starts a line, or nearly all. The state is then
// that of being in a line.
func (d *Dot) dotless(src []byte) int {
	const last = 4 // octets that Scan sees in any case, to know how the line ends
	most := max(0, len(src)-last)
	for from := 0; from < most; {
		at := bytes.IndexByte(src[from:most], '.')
		if at < 0 {
			break
		}
		if at += from; at < 2 || src[at-1] == '\n' {
			return lineEndsBefore(src, at)
		}
		from = at + 1
	}
	return lineEndsBefore(src, most)
}

// lineEndsBefore counts the octets before those of line ends that stand before n.
func lineEndsBefore(src []byte, n int) int {
	for n > 0 && (src[n-1] == '\r' || src[n-1] == '\n') {
		n--
	}
	return n
}

// Spoil says that the line under way, or the one that starts next, is not as
// the peer sent it: it will not end the data.
func (d *Dot) Spoil() { d.spoiled = true }

// Bad says that the data cannot be accepted any more.
func (d *Dot) Bad() bool { return d.bad }

// Odd says that a line of the data ended otherwise than in CRLF.
func (d *Dot) Odd() bool { return d.odd }

// Size is the number of octets of content given out.
func (d *Dot) Size() int64 { return d.size }

// run takes whole lines that end in CRLF in one go, up to an octet that needs
// thought: a dot at the start of a line, a CR at the end of src, a bare one.
func (d *Dot) run(dst, src []byte, n int) ([]byte, int) {
	from := n
	for d.state == dotInside && n < len(src) {
		i := bytes.IndexByte(src[n:], '\n')
		rest := src[n:]
		if i >= 0 {
			rest = src[n : n+i]
		}
		k := bytes.IndexByte(rest, '\r')
		switch {
		case i > 0 && k == i-1:
			n += i + 1
			d.end(CRLF)
			if n == len(src) || src[n] == '.' {
				d.state = dotStart
			}
		case k >= 0:
			dst = d.give(dst, src[from:n+k])
			d.state = dotCR
			return dst, n + k + 1
		case i >= 0 && d.Raw:
			n += i + 1
		case i >= 0:
			dst = d.give(dst, src[from:n+i])
			return d.line(dst, LF), n + i + 1
		default:
			n = len(src)
		}
	}
	return d.give(dst, src[from:n]), n
}

// afterDot decides about the dot that starts a line: it is removed if anything
// else stands on the line.
func (d *Dot) afterDot(dst []byte, c byte, n int) ([]byte, int) {
	switch c {
	case '\r':
		d.state = dotDotCR
		return dst, n + 1
	case '\n':
		if d.Raw {
			d.state = dotInside
			return dst, n
		}
		return d.lone(dst, LF), n + 1
	}
	d.state = dotInside
	return dst, n
}

// afterCR decides about a CR that was held back.
func (d *Dot) afterCR(dst []byte, c byte, n int) ([]byte, int) {
	var end Ends
	switch {
	case c == '\n':
		end = CRLF
	case c == 0 && d.NUL:
		end = CRNUL
	case d.CR || d.Raw:
		d.state = dotInside
		return d.give(dst, []byte{'\r'}), n
	default:
		d.bad = true
		d.state = dotInside
		return dst, n
	}
	if d.state == dotDotCR {
		return d.lone(dst, end), n + 1
	}
	return d.line(dst, end), n + 1
}

// lone ends a line that is a dot and nothing else.
func (d *Dot) lone(dst []byte, end Ends) []byte {
	alike := d.prev == 0 || d.prev == end
	allowed := end == CRLF || d.Uniform && d.Seen&^end == 0
	if alike && allowed && !d.spoiled {
		d.Seen |= end
		d.state = dotDone
		return dst
	}
	if !d.bad {
		dst = append(dst, '.')
	}
	return d.line(dst, end)
}

// line ends a line.
func (d *Dot) line(dst []byte, end Ends) []byte {
	d.end(end)
	d.state = dotStart
	if d.bad {
		return dst
	}
	return append(dst, '\r', '\n')
}

// end keeps the account of line ends.
func (d *Dot) end(end Ends) {
	switch {
	case end == CRLF:
		// Ends of two kinds in one message: no peer means that.
		d.bad = d.bad || d.odd && !d.LF
	case end == LF && d.LF:
	case !d.Uniform || d.Seen&^end != 0:
		d.bad = true
	}
	d.odd = d.odd || end != CRLF
	d.prev = end
	d.Seen |= end
	d.spoiled = false
}

func (d *Dot) give(dst, src []byte) []byte {
	if d.bad {
		return dst
	}
	return append(dst, src...)
}
