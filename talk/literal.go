package talk

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Literal writes a line's octets, without its end, so that a transcript reads
// them back as they are: behind "C:" and, with every "*" taken as itself, behind
// "S:".
func Literal(line []byte) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		last := i+n == len(line)
		switch c := line[i]; {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c == ' ' && (last || i == 0):
			b.WriteString(`\s`)
		case c == '\\' || c == '$' || c == '*' || (i == 0 && (c == '@' || c == '/' || c == '{')):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.Write(line[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Unescape reads what a person wrote with a transcript's escapes. whole says
// that the line's end follows, which a backslash at its end forbids.
func Unescape(s string) (octets []byte, whole bool, err error) {
	t, err := parseText(s, false)
	if err != nil {
		return nil, false, err
	}
	octets, err = t.expand(vars{}, pure)
	return octets, !t.noEOL, err
}
