package text

import (
	"bytes"
	"io"
)

// Normalizer is a writer that makes every line end CRLF: a CR without its LF, and
// an LF without its CR, are line ends that somebody meant. What is written out
// holds no other CR or LF, so that no reader can find an end of data in it that
// another does not see (RFC 5321 §2.3.8). The zero place is a line's start.
type Normalizer struct {
	W  io.Writer
	cr bool // what was written last is a CR, which waits for its LF
}

// Write writes p with its line ends made good. n counts octets of p.
func (z *Normalizer) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if z.cr {
			k, err := z.after(p[n])
			if n += k; err != nil {
				return n, err
			}
			continue
		}
		k, bare := good(p[n:])
		if k > 0 {
			if _, err := z.W.Write(p[n : n+k]); err != nil {
				return n, err
			}
			n += k
		}
		switch {
		case n == len(p):
		case bare:
			if _, err := io.WriteString(z.W, "\r\n"); err != nil {
				return n, err
			}
			n++
		default: // a CR is last
			z.cr = true
			n++
		}
	}
	return n, nil
}

// after ends the line that a CR began to end, and says whether c belongs to it.
func (z *Normalizer) after(c byte) (n int, err error) {
	z.cr = false
	if c == '\n' {
		n = 1
	}
	_, err = io.WriteString(z.W, "\r\n")
	return n, err
}

// End writes what waits.
func (z *Normalizer) End() error {
	if !z.cr {
		return nil
	}
	_, err := z.after(0)
	return err
}

// good says how many octets can be written as they are; bare, that the next one
// is a whole line end by itself. Else it is a CR at the end, or nothing.
func good(p []byte) (n int, bare bool) {
	for n < len(p) {
		lf := bytes.IndexByte(p[n:], '\n')
		line := p[n:]
		if lf >= 0 {
			line = line[:lf]
		}
		cr := bytes.IndexByte(line, '\r')
		switch {
		case cr >= 0 && cr == len(line)-1 && lf >= 0: // CRLF
			n += lf + 1
		case cr >= 0:
			return n + cr, n+cr < len(p)-1
		case lf >= 0:
			return n + lf, true
		default:
			return len(p), false
		}
	}
	return n, false
}
