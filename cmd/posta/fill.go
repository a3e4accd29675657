package main

import (
	"strings"
	"unicode/utf8"
)

// helpWidth is what a terminal shows in one line where nobody has widened it.
const helpWidth = 80

// explained is a word and what it means.
type explained struct{ word, meaning string }

// twoColumns sets words beside their meanings, no line wider than helpWidth.
func twoColumns(all []explained) string {
	const left, between = 2, 3
	widest := 0
	for _, one := range all {
		widest = max(widest, utf8.RuneCountInString(one.word))
	}
	indent := left + widest + between
	var b strings.Builder
	for _, one := range all {
		head := strings.Repeat(" ", left) + one.word
		head += strings.Repeat(" ", indent-utf8.RuneCountInString(head))
		meaning := fill(one.meaning, helpWidth-indent)
		b.WriteString(head + strings.ReplaceAll(meaning, "\n", "\n"+strings.Repeat(" ", indent)) + "\n")
	}
	return b.String()
}

// fill breaks a text into lines of at most so many characters. Empty lines
// part paragraphs; one in which a line begins with a blank stands as it is.
func fill(text string, width int) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, one := range paragraphs {
		if !strings.Contains("\n"+one, "\n ") {
			paragraphs[i] = fillOne(one, width)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

func fillOne(paragraph string, width int) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(paragraph) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
