package report

import "posta/draw"

// A report is a list of blocks; html.go and pdf.go write each kind.
type block interface{ isBlock() }

// heading begins a part. Its level is 1 for parts, 2 inside of them.
type heading struct {
	level int
	text  string
}

// paragraph is text that flows.
type paragraph struct {
	text  string
	quiet bool // it explains, and may be skipped
}

// list is a list of points.
type list struct{ points []string }

// table has rows of cells. Columns of kind mono keep what was typed as it was.
type table struct {
	columns []column
	rows    []row
}

type column struct {
	name  string
	width float64 // in parts of the page's
	mono  bool
	right bool // numbers
}

type row struct {
	cells []string
	tone  tone
}

// tone is what a row or a card is like.
type tone uint8

const (
	plain tone = iota
	fromClient
	fromServer
	aside
	bad
	noted
	warned
	endangered
)

// card is a finding.
type card struct {
	tone              tone
	title, text, foot string
}

// question is one of the practice's, with room for its answer, or the answer.
type question struct {
	number int
	text   string
	answer []string // paragraphs; nil: it is to be filled in
	lines  int      // of room
}

// picture is the diagram, with a heading and what it is.
type picture struct {
	title   heading
	about   paragraph
	diagram *draw.Diagram
}

// attached is a file that goes along.
type attached struct {
	name, about string
	octets      []byte
}

func (heading) isBlock()   {}
func (paragraph) isBlock() {}
func (list) isBlock()      {}
func (table) isBlock()     {}
func (card) isBlock()      {}
func (question) isBlock()  {}
func (picture) isBlock()   {}
func (attached) isBlock()  {}
