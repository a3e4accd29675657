package draw

import (
	"strings"

	"golang.org/x/text/width"
)

// cells are the columns of a line: a wide character fills two of them.
type cells []string

func newCells(n int) cells {
	c := make(cells, n)
	for i := range c {
		c[i] = " "
	}
	return c
}

func (c cells) put(at int, text string) {
	for _, r := range text {
		wide := columnsOf(string(r))
		if at < 0 || at+wide > len(c) {
			return
		}
		if wide == 0 {
			if at > 0 {
				c[at-1] += string(r)
			}
			continue
		}
		c[at] = string(r)
		for i := 1; i < wide; i++ {
			c[at+i] = ""
		}
		at += wide
	}
}

func (c cells) String() string { return strings.Join(c, "") }

// columnsOf is how many columns a text takes.
func columnsOf(text string) (n int) {
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r >= 0x300 && r < 0x370 || r == 0x200d || r >= 0xfe00 && r < 0xfe10 { // combining
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// shorten cuts a text to a number of columns.
func shorten(text string, room int) string {
	if columnsOf(text) <= room {
		return text
	}
	out, n := "", 0
	for _, r := range text {
		if n += runeColumns(r); n >= room {
			break
		}
		out += string(r)
	}
	return out + "…"
}

// wrap breaks a text into lines, between words where there are any.
func wrap(text string, room, most int) []string {
	return breakLines(text, most, func(s string) bool { return columnsOf(s) <= room })
}

// breakLines breaks a text into lines that fit; the last ends with "…" if there
// would be more than most.
func breakLines(text string, most int, fits func(string) bool) (lines []string) {
	rest := []rune(text)
	for len(rest) > 0 {
		n := fitting(rest, fits)
		if n == len(rest) {
			return append(lines, string(rest))
		}
		if len(lines) == most-1 {
			for n > 1 && !fits(string(rest[:n])+"…") {
				n--
			}
			return append(lines, strings.TrimRight(string(rest[:n]), " ")+"…")
		}
		at := breakAt(rest, n)
		lines = append(lines, strings.TrimRight(string(rest[:at]), " "))
		rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// breakAt is where a line of at most n characters ends: before a space, else
// behind a sign, else in a word.
func breakAt(text []rune, n int) int {
	for at := n; at > n/3; at-- {
		if text[at] == ' ' {
			return at
		}
	}
	for at := n; at > n/2; at-- {
		if strings.ContainsRune("<@,:;-/.", text[at-1]) {
			return at
		}
	}
	return n
}

// fitting is how many characters fit, at least one.
func fitting(text []rune, fits func(string) bool) int {
	low, high := 1, len(text)
	for low < high {
		middle := (low + high + 1) / 2
		if fits(string(text[:middle])) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}
