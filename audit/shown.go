package audit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown is how many characters of what a peer sent stand in a finding.
const maxShown = 200

// flat is shown for a header's value: blanks in a row are one.
func flat(text string) string { return shown(strings.Join(strings.Fields(text), " ")) }

// named is flat for what may be missing.
func named(text string) string {
	if text = flat(text); text == "" {
		return "?"
	}
	return text
}

// brief is shown for lines that only have to be recognised.
func brief(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) > most {
		return shown(text[:most]) + "…"
	}
	return shown(text)
}

// shown writes what a peer sent so that it fits into a sentence and no terminal
// obeys it: control characters and octets that are no UTF-8 stand as \x1b.
func shown(text string) string {
	var b strings.Builder
	n := 0
	for len(text) > 0 {
		if n == maxShown {
			b.WriteString("…")
			break
		}
		n++
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size <= 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\n':
			b.WriteString(`\n`)
		case r < utf8.RuneSelf && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}
