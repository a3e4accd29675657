package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// print gives a result: as JSON if asked, else as human writes it.
func (a *app) print(result any, human func(io.Writer) error) error {
	if a.json {
		return writeJSON(a.Out, result)
	}
	return human(a.Out)
}

// writeJSON writes a value on one line, as scripts read it.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// line is a human's form of a result that is one line.
func line(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := fmt.Fprintln(w, text)
		return err
	}
}
