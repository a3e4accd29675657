package dsn

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// toUnitext gives the 7-bit form of a UTF-8 address (RFC 6533 §3,
// utf-8-addr-xtext).
func toUnitext(addr string) string {
	var b strings.Builder
	for _, r := range addr {
		if r > ' ' && r < 0x7f && r != '\\' && r != '+' && r != '=' {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\x{%02X}`, r)
	}
	return b.String()
}

// fromUnitext undoes it. What is no such form stays as it is.
func fromUnitext(addr string) string {
	var b strings.Builder
	for {
		i := strings.Index(addr, `\x{`)
		if i < 0 {
			break
		}
		hex, rest, ok := strings.Cut(addr[i+3:], "}")
		n, err := strconv.ParseUint(hex, 16, 32)
		if !ok || len(hex) < 2 || len(hex) > 6 || err != nil || !utf8.ValidRune(rune(n)) {
			b.WriteString(addr[:i+3])
			addr = addr[i+3:]
			continue
		}
		b.WriteString(addr[:i])
		b.WriteRune(rune(n))
		addr = rest
	}
	return b.String() + addr
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
