package dsn

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"posta/imf"
)

// subjectMost bounds what is said of a subject, in characters.
const subjectMost = 100

// named is the message as the reader knows it: by its subject and its date. Where
// nothing of its header is there, it is any.
func (r *Report) named(words *Words, as *Naming) string {
	subject, date, there := r.titles()
	switch {
	case !there || date.IsZero():
		return as.Any
	case subject == "":
		return fmt.Sprintf(as.Dated, words.date(date))
	}
	return fmt.Sprintf(as.Titled, subject, words.date(date))
}

// titles reads the subject and the date of the message reported on; its arrival
// stands in for a date that is none.
func (r *Report) titles() (subject string, date time.Time, there bool) {
	s := imf.Scanner{Max: len(r.Header) + 2}
	s.Scan(r.Header)
	s.Finish()
	titled := false
	for _, f := range s.Fields() {
		switch {
		case f.Kind == imf.Subject && !titled:
			subject, titled = title(f.Text(r.Header)), true
		case f.Kind == imf.Date && date.IsZero():
			date, _ = imf.ParseDate(f.Text(r.Header))
		}
	}
	if date.IsZero() {
		date = r.Arrival
	}
	return subject, date, len(s.Fields()) > 0
}

// title makes a subject fit to stand in a line: decoded, short, and without what
// breaks lines, turns the direction of writing or cannot be seen.
func title(raw string) string {
	text := strings.ToValidUTF8(imf.DecodeWords(strings.ToValidUTF8(raw, "?")), "?")
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c), unicode.IsControl(c):
			return ' '
		case !unicode.IsGraphic(c):
			return -1
		}
		return c
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if all := []rune(text); len(all) > subjectMost {
		text = strings.TrimSpace(string(all[:subjectMost])) + "…"
	}
	return text
}
