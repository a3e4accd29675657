package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with a filter, and where. It is said in other
// languages by the sentence's id, which Words gives.
type Error struct {
	Column int // where it begins, in characters from 1
	Width  int // how many characters it concerns; 0 at the filter's end
	What   error
}

// Error says it in English.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.What) }

func (e *Error) Unwrap() error { return e.What }

// Words gives the sentence's id and what stands in its places.
func (e *Error) Words() (id string, args map[string]any) {
	return "filter.at", map[string]any{"Column": e.Column, "What": e.What}
}

// wrong is what is wrong, without the place.
type wrong struct {
	id   string
	text string // English, with {{.Name}} where an argument stands
	args map[string]any
}

func malformed(id, text string, args map[string]any) error { return &wrong{id, text, args} }

// Error says it in English.
func (w *wrong) Error() string {
	pairs := make([]string, 0, 2*len(w.args))
	for name, v := range w.args {
		pairs = append(pairs, "{{."+name+"}}", fmt.Sprint(v))
	}
	return strings.NewReplacer(pairs...).Replace(w.text)
}

// Words gives the sentence's id and what stands in its places.
func (w *wrong) Words() (string, map[string]any) { return w.id, w.args }

// place is where something stands in the filter's text, in octets.
type place struct{ from, to int }

// to is the place from the one's begin to the other's end.
func (p place) until(q place) place { return place{p.from, max(p.to, q.to)} }

// at makes an Error of what is wrong at a place.
func (p place) at(text string, what error) *Error {
	from := min(p.from, len(text))
	to := max(min(p.to, len(text)), from)
	return &Error{
		Column: utf8.RuneCountInString(text[:from]) + 1,
		Width:  utf8.RuneCountInString(text[from:to]),
		What:   what,
	}
}
