package console

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"posta/words"
)

// tell says a text of words/.
func (c *Console) tell(id string, args words.Args) {
	for _, line := range folded(c.say(id, args), c.o.Editor.Columns()-len(margin)-1) {
		c.print(c.dim(margin + line))
	}
}

// margin stands before what the console itself says.
const margin = "   "

// folded breaks a text into lines of a width, between words; 0 or less: not at
// all.
func folded(text string, width int) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		for width > 0 && utf8.RuneCountInString(line) > width {
			at := -1
			n := 0
			for i, r := range line {
				if n++; n > width+1 {
					break
				}
				if r == ' ' && n > 1 {
					at = i
				}
			}
			if at < 0 { // the word is wider
				at = strings.IndexByte(line, ' ')
			}
			if at < 0 {
				break
			}
			out = append(out, line[:at])
			line = line[at+1:]
		}
		out = append(out, line)
	}
	return out
}

func (c *Console) say(id string, args words.Args) string { return c.o.Words.Say(id, args) }

// print shows a line. A screen that is gone is noticed by who reads keys.
func (c *Console) print(line string) { _, _ = fmt.Fprintln(c.o.Editor, line) }

func (c *Console) dim(text string) string { return c.style("2", text) }

func (c *Console) style(code, text string) string {
	if !c.o.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// took writes how long a reply took.
func took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// printable is a line that does nothing to the screen.
func printable(line []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError || !unicode.IsPrint(r):
			return '·'
		}
		return r
	}, string(line))
}

// decoded shows base64 as what it stands for, where that can be read.
func decoded(text []byte) (string, bool) {
	octets, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || !utf8.Valid(octets) {
		return "", false
	}
	return printable(octets), true
}

// hexdump shows octets as they are, 16 a line.
func hexdump(who string, octets []byte) string {
	var b strings.Builder
	for from := 0; from < len(octets); from += 16 {
		piece := octets[from:min(from+16, len(octets))]
		text := strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '.'
			}
			return r
		}, latin(piece))
		if from > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s  %04x  %-47s  %s", who, from, spaced(piece), text)
	}
	return b.String()
}

func spaced(octets []byte) string {
	var b strings.Builder
	for i, o := range octets {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%02x", o)
	}
	return b.String()
}

// latin makes a rune of each octet.
func latin(octets []byte) string {
	out := make([]rune, len(octets))
	for i, o := range octets {
		out[i] = rune(o)
	}
	return string(out)
}
