package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"posta/words"
)

// MaxRows bounds the people of one class list.
const MaxRows = 10_000

// maxCell bounds one cell, in octets: no name is longer.
const maxCell = 1024

// Row is one line of a class list, as it was written.
type Row struct {
	Line     int    // in the file, from 1
	Address  string // "ana@pepito.es", "ana", or "" where only a name is given
	Name     string // "Ana García"; "García López, Ana" as school programs write it
	Surname  string // where the list has a column of its own for it
	Password string
	Domain   string // "pepito.es", or a group, "Grupo 3"
	Quota    string // "50MB"
}

// List is a class list.
type List struct {
	Rows  []Row
	Comma rune // what stood between the cells, so that an answer can be written the same way
}

// Read takes a class list: cells between semicolons, commas or tabs; UTF-8,
// UTF-16 or Windows-1252; with a first line that names the columns, in English
// or Spanish, or with the addresses or names alone. The errors are words.Error
// and name the line.
func Read(file []byte) (List, error) {
	text, err := decode(file)
	if err != nil {
		return List{}, err
	}
	var list List
	if text, list.Comma, err = comma(text); err != nil {
		return List{}, err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = list.Comma, -1, true, list.Comma != '\t'
	t := table{list: &list}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return List{}, words.FailOf(err, "roster.unreadable", nil)
		}
		for i, c := range cells {
			cells[i] = unsafed(strings.TrimSpace(c))
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
			continue
		}
		line, _ := r.FieldPos(0)
		if err := t.take(cells, line); err != nil {
			return List{}, err
		}
	}
	if t.columns == nil && t.titles > 0 {
		return List{}, noHeader(t.title)
	}
	if len(list.Rows) == 0 {
		return List{}, words.Fail("roster.empty", nil)
	}
	return list, nil
}

// mostTitles bounds the lines above the one that names the columns.
const mostTitles = 5

// table is a list whose lines are being read.
type table struct {
	list    *List
	columns []column
	titles  int // lines so far that stood above the columns' names
	title   int // the first of them
}

// take reads a line that is not empty: a title, the names of the columns, or a
// person.
func (t *table) take(cells []string, line int) error {
	if t.columns == nil {
		columns, named, err := header(cells, line)
		switch {
		case err != nil && isTitle(cells) && t.titles < mostTitles:
			if t.titles++; t.titles == 1 {
				t.title = line
			}
			return nil
		case err != nil && t.titles > 0:
			return noHeader(t.title)
		case err != nil:
			return err
		}
		if t.columns = columns; named {
			return nil
		}
	}
	if len(t.list.Rows) == MaxRows {
		return words.Fail("roster.too_many", words.Args{"Most": MaxRows})
	}
	row, err := fill(t.columns, cells, line)
	if err != nil {
		return err
	}
	t.list.Rows = append(t.list.Rows, row)
	return nil
}

// isTitle says that a line fills one of its cells only, as "Class 1A;;;" does.
func isTitle(cells []string) bool {
	filled := 0
	for _, c := range cells {
		if c != "" {
			filled++
		}
	}
	return len(cells) > 1 && filled == 1
}

// comma finds what stands between the cells: Excel's own "sep=;" line says it,
// else it is the one most frequent in the first line that is not empty.
func comma(text []byte) ([]byte, rune, error) {
	first := text
	for len(first) > 0 {
		line, rest, _ := bytes.Cut(first, []byte("\n"))
		line = bytes.TrimSpace(line)
		if sep, ok := bytes.CutPrefix(line, []byte("sep=")); ok && len(sep) == 1 && bytes.ContainsAny(sep, ";,\t|") {
			// The line stays as an empty one, so that line numbers hold.
			return append([]byte("\n"), rest...), rune(sep[0]), nil
		}
		if len(line) > 0 {
			return text, mostFrequent(line), nil
		}
		first = rest
	}
	return nil, 0, words.Fail("roster.empty", nil)
}

func mostFrequent(line []byte) rune {
	best, most := ';', 0
	for _, c := range ";\t," {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	// "García López, Ana" alone on a line is one name, not two cells: but then
	// the whole list has no other separator, and header sorts that out.
	return best
}
