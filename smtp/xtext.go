package smtp

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

var errXtext = errors.New("smtp: malformed xtext")

// EncodeXtext writes s as xtext (RFC 3461 §4): printable ASCII stands for
// itself, but "+", "=" and all else become "+" and two digits.
func EncodeXtext(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && isXchar(s[i])
	}
	if plain {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isXchar(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'+', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// DecodeXtext undoes EncodeXtext. Octets above 127 are passed on, because
// RFC 6533 §3 has them in ORCPT; its \x{…} forms are not touched.
func DecodeXtext(s string) (string, error) {
	if strings.IndexByte(s, '+') < 0 {
		for i := range len(s) {
			if !isXchar(s[i]) && s[i] < utf8.RuneSelf {
				return "", errXtext
			}
		}
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
				return "", errXtext
			}
			b.WriteByte(byte(unhex(s[i+1])<<4 | unhex(s[i+2])))
			i += 2
		case isXchar(c) || c >= utf8.RuneSelf:
			b.WriteByte(c)
		default:
			return "", errXtext
		}
	}
	return b.String(), nil
}

// isXchar is xchar of RFC 3461 §4.
func isXchar(c byte) bool { return c >= '!' && c <= '~' && c != '+' && c != '=' }

// unhex reads a hexadecimal digit. RFC 3461 §4 has upper case only; the lower
// case of careless senders means the same.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// encodeUnitext writes an address of the type utf-8 so that servers without
// SMTPUTF8 can have it, too: what is no QCHAR as "\x{…}", and no octets of UTF-8 as
// xtext (RFC 6533 §3, utf-8-addr-xtext). What is written so already stays.
func encodeUnitext(s string) string {
	var b strings.Builder
	for i, r := range s {
		plain := r > ' ' && r < 0x7f && r != '+' && r != '='
		if plain && (r != '\\' || strings.HasPrefix(s[i:], `\x{`)) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\x{%02X}`, r)
	}
	return b.String()
}
