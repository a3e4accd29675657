package dsn

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unitext gives the 7-bit form of a UTF-8 address (RFC 6533 §3,
// utf-8-addr-xtext).
func Unitext(addr string) string {
	var b strings.Builder
	for _, r := range addr {
		if needless(r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\x{%02X}`, r)
	}
	return b.String()
}

// fromUnitext undoes it, and leaves alone what is not of that form from end to end
// (RFC 6533 §3, utf-8-enc-addr): nobody knows what it would stand for.
func fromUnitext(addr string) string {
	var b strings.Builder
	for rest := addr; ; {
		before, after, more := strings.Cut(rest, `\x{`)
		b.WriteString(before)
		switch {
		case !more && len(rest) == len(addr):
			return addr // as it is
		case strings.ContainsAny(before, ` \+=`):
			return addr
		case !more:
			return b.String()
		}
		hex, behind, ok := strings.Cut(after, "}")
		r, known := hexPoint(hex)
		if !ok || !known {
			return addr
		}
		b.WriteRune(r)
		rest = behind
	}
}

// hexPoint reads a HEXPOINT (RFC 6533 §3): of ASCII only what cannot stand for
// itself, and no more digits than it needs.
func hexPoint(hex string) (rune, bool) {
	n, err := strconv.ParseUint(hex, 16, 32)
	r := rune(n)
	if err != nil || !utf8.ValidRune(r) || !strings.EqualFold(hex, fmt.Sprintf("%02X", r)) {
		return 0, false
	}
	return r, !needless(r)
}

// needless says that a character stands for itself.
func needless(r rune) bool {
	return r > ' ' && r < 0x7f && r != '\\' && r != '+' && r != '='
}

// plain replaces control characters, so that nothing of a peer begins a line.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// ascii replaces what a 7-bit part cannot hold.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, plain(s))
}
