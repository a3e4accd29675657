// Package filter is Wireshark's display-filter language over field.Trees. A
// filter is parsed once into a flat program; matching a Tree with it allocates
// nothing.
//
// It knows no protocol: what fields there are, package field says. What
// differs from Wireshark is told in docs/dissection.md. Start reading at Parse,
// then parse.go for the language, compile.go and run.go for the program.
package filter

import (
	"regexp"
	"strings"
	"time"

	"posta/field"
)

// Filter is a filter that was understood. It is never changed, and may be used
// by many goroutines, each with a Matcher of its own.
type Filter struct {
	root     test // nil where everything matches
	code     []instr
	consts   []field.Value
	patterns []*regexp.Regexp
	spans    [][]span
	sets     [][]element
	regs     int // of values
	slots    int // of half results
	needs    field.Set
}

// Parse understands a filter's text. Dates and times without a zone are of the
// given one; nil is the machine's. A text without any test matches everything.
// The error is an *Error.
func Parse(text string, zone *time.Location) (*Filter, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	if zone == nil {
		zone = time.Local
	}
	c := &compiler{text: text, zone: zone, f: &Filter{root: root}, sorts: map[operand]sort{}}
	if root != nil {
		if err := c.test(root); err != nil {
			return nil, err
		}
	}
	return c.f, nil
}

// String writes the filter in one form for all that mean the same.
func (f *Filter) String() string {
	if f.root == nil {
		return ""
	}
	var b strings.Builder
	f.root.print(&b)
	return b.String()
}

// Needs gives the fields that the filter asks for: a Tree need hold no others.
func (f *Filter) Needs() field.Set { return f.needs }

// Matcher makes what matches Trees, for one goroutine.
func (f *Filter) Matcher() *Matcher {
	return &Matcher{f: f, regs: make([][]field.Value, f.regs), slots: make([]bool, f.slots)}
}
