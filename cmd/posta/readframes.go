package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/filter"
	"posta/words"
)

// framesFlags are those of `posta read` that ask for frames.
type framesFlags struct {
	filter   string
	fields   []string
	decodeAs []string
}

// asked says that frames are to be listed.
func (f *framesFlags) asked() bool { return f.filter != "" || len(f.fields) > 0 || len(f.decodeAs) > 0 }

// frameList prints the frames that a filter holds of. It is a Sink of the
// capture's events.
type frameList struct {
	a       *app
	d       *dissect.Dissector
	matches *filter.Matcher
	columns []column // nil for the usual ones
	out     *bufio.Writer
	begun   [][]string // the table's first rows, which set its widths
	octets  int        // of them
	widths  []int
	screen  int // how wide it is, 0 for none
	line    []byte
	held    heldRows
	shown   int
	live    bool  // packets come as things happen
	failed  error // of writing
}

// column is what was asked of each frame: a field, or a column of Wireshark's.
type column struct {
	name string
	def  *field.Def
	text func(*overview) string
}

// newFrameList understands the flags.
func (a *app) newFrameList(f framesFlags) (*frameList, error) {
	l := &frameList{a: a, out: bufio.NewWriter(a.Out)}
	parsed, err := filter.Parse(f.filter, time.Local)
	if err != nil {
		return nil, usage(filterFailure(f.filter, err))
	}
	l.matches = parsed.Matcher()
	want, more := parsed.Needs(), field.Set{}
	asked := parsed.Needs()
	for _, name := range f.fields {
		one, err := newColumn(strings.TrimSpace(name))
		if err != nil {
			return nil, usage(err)
		}
		if one.def != nil {
			want.Add(one.def.ID)
			asked.Add(one.def.ID)
		}
		l.columns = append(l.columns, one)
	}
	if f.overview() {
		more.Add(overviewFields()...)
	}
	l.d = dissect.New(want, l.frame)
	l.d.Sift(l.matches.Match, more)
	for _, told := range f.decodeAs {
		if !decodeTold(l.d, told) {
			return nil, usage(words.Fail("fail.read_decode_as", words.Args{"Value": told}))
		}
	}
	return l, a.tellUnread(&asked)
}

// overview says that the usual columns are needed, or one of Wireshark's.
func (f *framesFlags) overview() bool {
	return len(f.fields) == 0 || slices.ContainsFunc(f.fields, func(name string) bool { return strings.HasPrefix(strings.TrimSpace(name), "_ws.") })
}

func newColumn(name string) (column, error) {
	switch name {
	case "_ws.col.Protocol":
		return column{name: name, text: func(o *overview) string { return o.protocol() }}, nil
	case "_ws.col.Info":
		return column{name: name, text: func(o *overview) string { return o.info() }}, nil
	}
	if def := field.ByName(name); def != nil {
		return column{name: name, def: def}, nil
	}
	if near := field.Nearest(name); near != "" {
		return column{}, words.Fail("filter.unknown_near", words.Args{"Name": name, "Near": near})
	}
	return column{}, words.Fail("filter.unknown", words.Args{"Name": name})
}

// tellUnread tells which of the fields no frame can have.
func (a *app) tellUnread(asked *field.Set) error {
	have := dissect.Fields()
	var unread []string
	for id := range asked.All() {
		if !have.Has(id) {
			unread = append(unread, field.Of(id).Name)
		}
	}
	if len(unread) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(a.Err, a.broken(a.Err, a.say("read.unread", words.Args{"Fields": strings.Join(unread, ", ")})))
	return err
}

// decodeTold understands Wireshark's form, tcp.port==2525,smtp.
func decodeTold(d *dissect.Dissector, told string) bool {
	ports, protocol, ok := strings.Cut(told, ",")
	number, tcp := strings.CutPrefix(strings.ReplaceAll(ports, " ", ""), "tcp.port==")
	port, err := strconv.ParseUint(number, 10, 16)
	return ok && tcp && err == nil && d.DecodeAs(uint16(port), strings.ToLower(strings.TrimSpace(protocol)))
}

// aroundMark is how much of a long filter is shown on each side of its mistake.
const aroundMark = 30

// filterFailure shows a filter with a mark under what is wrong.
func filterFailure(text string, err error) error {
	var wrong *filter.Error
	if !errors.As(err, &wrong) {
		return err
	}
	shown := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text))
	at := min(max(wrong.Column-1, 0), len(shown))
	from, to := max(0, at-aroundMark), min(len(shown), at+aroundMark)
	width := max(1, min(wrong.Width, to-at))
	return words.Fail("fail.read_filter", words.Args{"What": err, "Text": printable(string(shown[from:to])),
		"Mark": strings.Repeat(" ", at-from) + "^" + strings.Repeat("~", width-1)})
}

// Wants takes all octets.
func (l *frameList) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (l *frameList) Emit(e *event.Event) { l.d.Feed(e) }

// frame takes a frame, and keeps rows back until those before them have come.
func (l *frameList) frame(f *dissect.Frame) {
	row := heldRow{number: f.Packet}
	if l.live {
		row.at = time.Now()
	}
	if l.a.json {
		row.line = l.object(f)
	} else {
		row.cells = l.cells(f)
	}
	l.held.add(&row)
	waits := l.d.Waiting()
	for one := l.held.first(); one != nil && (waits == 0 || one.number < waits || l.held.full() || l.overdue(one)); one = l.held.first() {
		l.row(l.held.take())
	}
}

// values are a field's in a frame.
func values(f *dissect.Frame, def *field.Def) (all []string) {
	if !f.Tree.Has(def.ID) {
		return nil
	}
	for i := range f.Tree.Nodes {
		if n := &f.Tree.Nodes[i]; n.Def == def {
			all = append(all, string(def.AppendShown(nil, n.Val, time.Local)))
		}
	}
	return all
}

// object is a frame as tshark's -T json -e has it: a text where a field stands
// once, a list where it stands more often, nothing where it does not.
func (l *frameList) object(f *dissect.Frame) []byte {
	columns := l.columns
	if columns == nil {
		columns = usualColumns()
	}
	line := []byte{'{'}
	o := overview{a: l.a, f: f}
	for _, c := range columns {
		var value any
		if c.def == nil {
			value = c.text(&o)
		} else if all := values(f, c.def); len(all) == 1 {
			value = all[0]
		} else if len(all) > 1 {
			value = all
		}
		if value == nil {
			continue
		}
		if len(line) > 1 {
			line = append(line, ',')
		}
		line = append(appendJSON(line, c.name), ':')
		line = appendJSON(line, value)
	}
	return append(line, '}')
}

// appendJSON writes texts and lists of them, which cannot fail.
func appendJSON(dst []byte, value any) []byte {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(value)
	return append(dst, strings.TrimSuffix(text.String(), "\n")...)
}

// cells are a frame's row in a table.
func (l *frameList) cells(f *dissect.Frame) (cells []string) {
	o := overview{a: l.a, f: f}
	if l.columns == nil {
		return []string{strconv.FormatUint(uint64(f.Packet), 10), o.time(), o.end(field.IPSrc, field.IPv6Src), o.end(field.IPDst, field.IPv6Dst),
			o.protocol(), printable(o.info())}
	}
	lineEnds := strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`) // a frame is one line, as tshark has it
	for _, c := range l.columns {
		if c.def == nil {
			cells = append(cells, printable(c.text(&o)))
			continue
		}
		cells = append(cells, printable(lineEnds.Replace(strings.Join(values(f, c.def), ","))))
	}
	return cells
}

// headings are the table's.
func (l *frameList) headings() (all []string) {
	if l.columns == nil {
		for _, id := range []string{"read.number", "read.time", "read.source", "read.destination", "read.protocol", "read.info"} {
			all = append(all, strings.ToUpper(l.a.say(id, nil)))
		}
		return all
	}
	for _, c := range l.columns {
		all = append(all, c.name)
	}
	return all
}

func (l *frameList) row(r *heldRow) {
	l.shown++
	if l.a.json {
		l.write(r.line)
		return
	}
	if l.shown == 1 {
		l.begun = append(l.begun, l.headings())
	}
	if l.begun == nil {
		l.aligned(r.cells)
		return
	}
	l.octets += r.cost()
	if l.begun = append(l.begun, r.cells); len(l.begun) > measured || l.octets > maxHeldOctets {
		l.begin()
	}
}

const (
	measured = 200 // rows that set the widths of columns
	maxCell  = 40  // how wide a column may be for the sake of its longest cell
)

// begin writes the rows that were measured.
func (l *frameList) begin() {
	l.screen = l.a.width(l.a.Out)
	if len(l.begun) > 0 && len(l.widths) == 0 {
		l.widths = l.leastWidths()
	}
	for _, cells := range l.begun {
		for i, cell := range cells {
			if i == len(l.widths) {
				l.widths = append(l.widths, 0)
			}
			l.widths[i] = max(l.widths[i], min(utf8.RuneCountInString(cell), maxCell))
		}
	}
	for _, cells := range l.begun {
		l.aligned(cells)
	}
	l.begun = nil
}

// aligned writes cells in columns.
func (l *frameList) aligned(cells []string) {
	line := l.line[:0]
	for i, cell := range cells {
		line = append(line, cell...)
		for range max(0, l.widths[i]-utf8.RuneCountInString(cell)) + 2 {
			line = append(line, ' ')
		}
	}
	line = bytes.TrimRight(line, " ")
	if l.screen > 0 && utf8.RuneCount(line) > l.screen {
		line = append(line[:0], string([]rune(string(line))[:l.screen-1])+"…"...)
	}
	l.line = line
	l.write(line)
}

func (l *frameList) write(line []byte) {
	if l.failed == nil {
		_, l.failed = l.out.Write(append(line, '\n'))
	}
}

// end writes what is left.
func (l *frameList) end() error {
	for l.held.first() != nil {
		l.row(l.held.take())
	}
	l.begin()
	if l.shown == 0 && !l.a.json {
		l.write([]byte(l.a.say("read.none", nil)))
	}
	if l.failed != nil {
		return l.failed
	}
	return l.out.Flush()
}
