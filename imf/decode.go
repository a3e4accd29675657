package imf

import "bytes"

// Decode undoes a Content-Transfer-Encoding (RFC 2045 §6). It keeps at most
// max octets of what comes out, and size is how many there were. It is
// lenient as RFC 2045 §6.7 and §6.8 advise: what cannot be decoded is left out
// of base64, and stays as it is in quoted-printable; an encoding that is
// unknown counts as none.
func Decode(body []byte, encoding string, max int) (kept []byte, size int) {
	switch encoding {
	case "base64":
		d := decoded{max: max}
		d.base64(body)
		return d.kept, d.size
	case "quoted-printable":
		d := decoded{max: max}
		d.quotedPrintable(body)
		return d.kept, d.size
	}
	return body[:min(len(body), max)], len(body)
}

// decoded is what came out of a decoder.
type decoded struct {
	kept []byte
	size int
	max  int
}

func (d *decoded) put(p ...byte) {
	d.size += len(p)
	if room := d.max - len(d.kept); room > 0 {
		d.kept = append(d.kept, p[:min(len(p), room)]...)
	}
}

func (d *decoded) base64(body []byte) {
	bits, digits := uint32(0), 0
	for _, c := range body {
		v, ok := base64Digit(c)
		switch {
		case ok:
			bits = bits<<6 | v
			if digits++; digits == 4 {
				d.put(byte(bits>>16), byte(bits>>8), byte(bits))
				bits, digits = 0, 0
			}
		case c == '=': // the end; some programs put one encoding behind another
			d.remainder(bits, digits)
			bits, digits = 0, 0
		}
	}
	d.remainder(bits, digits)
}

// remainder writes the octets of a last group that is not full.
func (d *decoded) remainder(bits uint32, digits int) {
	switch digits {
	case 2:
		d.put(byte(bits >> 4))
	case 3:
		d.put(byte(bits>>10), byte(bits>>2))
	}
}

func base64Digit(c byte) (uint32, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return uint32(c - 'A'), true
	case 'a' <= c && c <= 'z':
		return uint32(c-'a') + 26, true
	case '0' <= c && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}

func (d *decoded) quotedPrintable(body []byte) {
	for len(body) > 0 {
		line := body
		if i := bytes.IndexByte(body, '\n'); i >= 0 {
			line = body[:i+1]
		}
		body = body[len(line):]
		text := bytes.TrimRight(line, "\r\n")
		end := line[len(text):]
		text = bytes.TrimRight(text, " \t") // some relay's, RFC 2045 §6.7 (3)
		text, soft := bytes.CutSuffix(text, []byte("="))
		for i := 0; i < len(text); i++ {
			if c, ok := quoted(text[i:]); ok {
				d.put(c)
				i += 2
			} else {
				d.put(text[i])
			}
		}
		if !soft {
			d.put(end...)
		}
	}
}

// quoted reads =XY.
func quoted(p []byte) (byte, bool) {
	if len(p) < 3 || p[0] != '=' {
		return 0, false
	}
	high, ok1 := hexDigit(p[1])
	low, ok2 := hexDigit(p[2])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	case 'a' <= c && c <= 'f': // not allowed, and written all the same
		return c - 'a' + 10, true
	}
	return 0, false
}
