package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"posta/config"
	"posta/words"
)

// print gives a result: as JSON if asked, else as human writes it.
func (a *app) print(result any, human func(io.Writer) error) error {
	if a.json {
		return writeJSON(a.Out, result)
	}
	return human(a.Out)
}

// printAll gives a list: as JSON an object a line, else as human writes it.
func printAll[T any](a *app, all []T, human func(io.Writer) error) error {
	if !a.json {
		return human(a.Out)
	}
	for _, one := range all {
		if err := writeJSON(a.Out, one); err != nil {
			return err
		}
	}
	return nil
}

// width is how many columns the screen has that is written to; 0 where the
// output goes elsewhere, as into a pipe, where a line has room.
func (a *app) width(out io.Writer) int {
	if n, err := strconv.Atoi(a.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	f, ok := out.(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}

// broken breaks the lines of a text that its screen would break within words.
func (a *app) broken(out io.Writer, text string) string {
	width := a.width(out)
	if width == 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, one := range lines {
		if utf8.RuneCountInString(one) > width {
			lines[i] = fillOne(one, width)
		}
	}
	return strings.Join(lines, "\n")
}

// table writes rows in columns. Its headings are ids of words/.
type table struct {
	out     io.Writer
	text    *strings.Builder
	columns *tabwriter.Writer
}

func (a *app) table(w io.Writer, headings ...string) table {
	text := &strings.Builder{}
	t := table{w, text, tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)}
	for i, id := range headings {
		headings[i] = strings.ToUpper(a.say(id, nil))
	}
	if len(headings) > 0 {
		t.row(headings...)
	}
	return t
}

func (t table) row(cells ...string) { _, _ = fmt.Fprintln(t.columns, strings.Join(cells, "\t")) }

// end writes the table, without the spaces that fill up empty last cells.
func (t table) end() error {
	if err := t.columns.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	for row := range strings.Lines(t.text.String()) {
		b.WriteString(strings.TrimRight(row, " \n") + "\n")
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

// lister gives the human form of a list: a table, or a sentence where it is empty.
func lister[T any](a *app, all []T, headings []string, cells func(T) []string) func(io.Writer) error {
	return func(w io.Writer) error {
		if len(all) == 0 {
			_, err := fmt.Fprintln(w, a.say("list.empty", nil))
			return err
		}
		t := a.table(w, headings...)
		for _, one := range all {
			t.row(cells(one)...)
		}
		return t.end()
	}
}

// fact is a line of what is shown of one thing: an id of words/ and a value.
type fact struct{ id, value string }

// facts is the human form of one thing; those without a value are left out. On a
// screen a long value goes on beneath itself.
func (a *app) facts(all ...fact) func(io.Writer) error {
	return func(w io.Writer) error {
		t := a.table(w)
		widest := 0
		for _, f := range all {
			if f.value != "" {
				widest = max(widest, utf8.RuneCountInString(a.say(f.id, nil))+3)
			}
		}
		for _, f := range all {
			if f.value == "" {
				continue
			}
			label := a.say(f.id, nil) + ":"
			if room := a.width(w) - widest; a.width(w) > 0 && room > 20 && utf8.RuneCountInString(f.value) > room {
				for one := range strings.SplitSeq(fillOne(f.value, room), "\n") {
					t.row(label, one)
					label = ""
				}
				continue
			}
			t.row(label, f.value)
		}
		return t.end()
	}
}

// when writes a time for people, at their place; JSON has it in UTC.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// whenListed is a time in a list, where room is dear: today's without the day.
func whenListed(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.Local()
	if t.Format(time.DateOnly) == time.Now().Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format("2006-01-02 15:04")
}

// limit writes a bound where 0 is none.
func (a *app) limit(octets int64) string {
	if octets == 0 {
		return a.say("list.no_limit", nil)
	}
	return config.Size(octets).String()
}

// yes says it of a switch that is on, and nothing of one that is off.
func (a *app) yes(on bool) string {
	if !on {
		return ""
	}
	return a.say("list.yes", nil)
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

// nothing is what --json says where there is nothing to show.
type nothing struct {
	OK bool `json:"ok"`
}

// done says that something was done which has nothing to show.
func (a *app) done(id string, args words.Args) error {
	return a.print(nothing{true}, line(a.broken(a.Out, a.say(id, args))))
}

// warn writes what a person should look at behind what was asked for.
func (a *app) warn(w io.Writer, text string) {
	_, _ = fmt.Fprintln(w, a.broken(w, a.say("config.warning", words.Args{"Text": text})))
}
