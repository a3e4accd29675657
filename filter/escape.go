package filter

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape reads the escape that s begins with: what it stands for, and how many
// octets it has, 0 for none.
func escape(s string) (oct []byte, n int) {
	if len(s) < 2 {
		return nil, 0
	}
	if i := strings.IndexByte(`'"\abfnrtv`, s[1]); i >= 0 {
		return []byte{"'\"\\\a\b\f\n\r\t\v"[i]}, 2
	}
	switch c := s[1]; {
	case c == 'x':
		return number(s, 2, 2, 16)
	case c >= '0' && c <= '7':
		return number(s, 1, 3, 8)
	case c == 'u':
		return point(s, 4)
	case c == 'U':
		return point(s, 8)
	}
	return nil, 0
}

// number reads at most most digits of an octet.
func number(s string, from, most, base int) ([]byte, int) {
	n := from
	for n < len(s) && n < from+most && digitOf(s[n]) < base {
		n++
	}
	v, err := strconv.ParseUint(s[from:n], base, 8)
	if err != nil {
		return nil, 0
	}
	return []byte{byte(v)}, n
}

// digitOf gives a hexadecimal digit's value, 16 for what is none.
func digitOf(c byte) int {
	switch {
	case digit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 16
}

// point reads a code point of exactly count digits.
func point(s string, count int) ([]byte, int) {
	if len(s) < 2+count {
		return nil, 0
	}
	v, err := strconv.ParseUint(s[2:2+count], 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) || v > utf8.MaxRune {
		return nil, 0
	}
	return utf8.AppendRune(nil, rune(v)), 2 + count
}

// quote writes octets as a text in quotes that reads as them.
func quote(oct []byte) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(oct) > 0 {
		r, n := utf8.DecodeRune(oct)
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(oct[0])
		case r == utf8.RuneError && n <= 1 || !strconv.IsPrint(r):
			for _, c := range oct[:n] {
				b.WriteString(`\x`)
				b.WriteByte("0123456789abcdef"[c>>4])
				b.WriteByte("0123456789abcdef"[c&15])
			}
		default:
			b.Write(oct[:n])
		}
		oct = oct[n:]
	}
	b.WriteByte('"')
	return b.String()
}
