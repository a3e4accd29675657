package imf

// Lengths of a generated line without its CRLF (RFC 5322 §2.1.1).
const (
	softLine = 78
	hardLine = maxLine
)

// AppendField appends "Name: value" CRLF, folded before blanks so that lines
// have at most 78 octets where the value allows, and never more than 998: a
// longer word is broken. CR, LF and NUL in value become blanks, so that nobody
// can write a second field with it.
func AppendField(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ':')
	col := len(name) + 1
	if value != "" {
		dst = append(dst, ' ')
		col++
	}
	for start := 0; start < len(value); {
		end := wordEnd(value, start)
		if start > 0 && col+end-start > softLine {
			dst = append(dst, "\r\n"...)
			col = 0
			if !isGap(value[start]) {
				dst = append(dst, ' ')
				col = 1
			}
		}
		end = min(end, start+hardLine-col)
		for _, c := range []byte(value[start:end]) {
			if isGap(c) && c != '\t' {
				c = ' '
			}
			dst = append(dst, c)
		}
		col += end - start
		start = end
	}
	return append(dst, "\r\n"...)
}

// wordEnd gives the end of the blanks and the word that begin at start. The
// blanks at the value's end belong to the last word: a folded line of blanks
// alone is obsolete (RFC 5322 §4.2).
func wordEnd(s string, start int) int {
	i := start
	for i < len(s) && isGap(s[i]) {
		i++
	}
	for i < len(s) && !isGap(s[i]) {
		i++
	}
	rest := i
	for rest < len(s) && isGap(s[rest]) {
		rest++
	}
	if rest == len(s) {
		return rest
	}
	return i
}

func isGap(c byte) bool { return isBlank(c) || c == '\r' || c == '\n' || c == 0 }
