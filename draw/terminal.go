package draw

import (
	"io"
	"strings"
)

// TextOptions say how a diagram is written for a terminal.
type TextOptions struct {
	Width int  // columns; 0: 80
	ASCII bool // no other characters for what posta itself draws
}

// leastLane is how many columns a label has between two lifelines.
const leastLane = 16

// Text writes the diagram for a terminal.
func (d *Diagram) Text(w io.Writer, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 80
	}
	s := screen{d: d, signs: boxSigns(), clockWidth: 1, own: strings.NewReplacer()}
	if o.ASCII {
		s.signs, s.own = asciiSigns(), strings.NewReplacer("…", "...", "·", "|", "\u00a0", " ")
	}
	if !d.o.NoTimes && len(d.steps) > 0 {
		s.clockWidth = len(clock(d.steps[len(d.steps)-1].at)) + 2
	}
	if d.numbered() {
		longest := 0
		for _, l := range d.labels {
			longest = max(longest, len(l.Number))
		}
		s.clockWidth += longest + 3
	}
	s.place(o.Width - s.clockWidth - 1)
	s.title()
	s.heads()
	bands := d.bands()
	for i := range bands {
		s.band(&bands[i])
		for n := bands[i].first; n < bands[i].end; n++ {
			s.step(&d.steps[n])
		}
	}
	s.line("", s.lifelines(-1), "")
	_, err := io.WriteString(w, s.out.String())
	return err
}

// signs are the characters that lines are made of.
type signs struct {
	life, safe, from, into, line, dots, right, left, band, bad, cut string
}

func boxSigns() signs {
	return signs{life: "│", safe: "║", from: "├", into: "┤", line: "─", dots: "╌", right: "▶", left: "◀", band: "┈", bad: "✗", cut: "┊"}
}

func asciiSigns() signs {
	return signs{life: "|", safe: "#", from: "|", into: "|", line: "-", dots: ".", right: ">", left: "<", band: "=", bad: "!!", cut: ":"}
}

// screen writes lines of characters.
type screen struct {
	d          *Diagram
	signs      signs
	out        strings.Builder
	columns    []int             // of the lifelines, from the clock's right
	clockWidth int               // also of the session's number
	own        *strings.Replacer // of what posta itself writes
}

// place gives each lifeline a column.
func (s *screen) place(room int) {
	n := len(s.d.actors)
	if n == 0 {
		return
	}
	lane := max(room/max(n-1, 1), leastLane)
	for i := range n {
		s.columns = append(s.columns, i*lane)
	}
	if last := room - 1; n > 1 && s.columns[n-1] < last { // the columns that are left over
		s.columns[n-1] = last
	}
}

func (s *screen) title() {
	s.out.WriteString(s.d.title + "\n")
	if s.d.about != "" {
		for _, line := range wrap(s.own.Replace(s.d.about), max(20, s.clockWidth+s.columns[len(s.columns)-1]), 3) {
			s.out.WriteString(line + "\n")
		}
	}
	s.out.WriteString("\n")
}

// heads name the lifelines: the first to the right of its own, the last to the
// left, those between around theirs.
func (s *screen) heads() {
	high := 0
	for _, a := range s.d.actors {
		high = max(high, 2+len(a.lines))
	}
	for row := range high {
		cells := newCells(s.columns[len(s.columns)-1] + 1)
		for i, a := range s.d.actors {
			text := append([]string{a.name, a.role}, a.lines...)
			if row >= len(text) {
				continue
			}
			room := s.room(i)
			said := s.own.Replace(shorten(text[row], room))
			at := s.columns[i] - columnsOf(said)/2
			switch {
			case i == 0:
				at = s.columns[i]
			case i == len(s.columns)-1:
				at = s.columns[i] + 1 - columnsOf(said)
			}
			cells.put(at, said)
		}
		s.line("", cells, "")
	}
}

// room is how wide a head may be.
func (s *screen) room(i int) int {
	lane := leastLane
	if len(s.columns) > 1 {
		lane = s.columns[1] - s.columns[0]
	}
	if len(s.columns) < 3 {
		return lane/2 - 1
	}
	if i == 0 || i == len(s.columns)-1 {
		return lane*2/3 - 1
	}
	return lane * 2 / 3
}

// lifelines are a line of nothing else; those of a session inside TLS are double.
func (s *screen) lifelines(step int) cells {
	c := newCells(s.columns[len(s.columns)-1] + 1)
	for _, column := range s.columns {
		c.put(column, s.signs.life)
	}
	if step >= 0 && s.d.steps[step].inside {
		c.put(s.columns[s.d.steps[step].from], s.signs.safe)
		c.put(s.columns[s.d.steps[step].to], s.signs.safe)
	}
	return c
}

func (s *screen) line(before string, c cells, after string) {
	text := before + strings.Repeat(" ", max(0, s.clockWidth-columnsOf(before))) + c.String() + after
	s.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

// band begins a phase.
func (s *screen) band(b *band) {
	if b.session < 0 || b.again {
		return
	}
	c := s.lifelines(-1)
	if s.d.steps[b.first].inside {
		c = s.lifelines(b.first)
	}
	wide := len(c)
	name := " " + s.d.name(b, false) + " "
	if which := s.d.which(b.session); which != "" {
		name = " " + which + ":" + name
	}
	for i := range wide {
		if c[i] == " " {
			c[i] = s.signs.band
		}
	}
	c.put(3, name)
	s.line("", c, "")
}

// step writes one.
func (s *screen) step(one *step) {
	before := ""
	if one.kind != pause && one.kind != folded {
		if s.d.numbered() {
			before = "(" + s.d.labels[one.session].Number + ") "
		}
		if !s.d.o.NoTimes && !one.untimed {
			before = clock(one.at) + " " + before
		}
		before = strings.Repeat(" ", max(0, s.clockWidth-len(before))) + before
	}
	left, right := s.columns[one.from], s.columns[one.to]
	toRight := left < right
	if !toRight {
		left, right = right, left
	}
	if one.kind != arrow {
		s.between(one, before, left, right)
		return
	}
	room := max(1, right-left-7)
	if one.group > 0 {
		room -= 4
	}
	lines := wrap(s.label(one), room, 4)
	for i, text := range lines {
		c := s.frame(one)
		if i == 0 {
			s.arrow(c, one, text, left, right, toRight)
		} else {
			put(c, text, left, right, toRight)
		}
		s.line(before, c, "")
		before = ""
	}
	s.under(one, left, right, toRight)
}

// frame are the lifelines beside a step.
func (s *screen) frame(one *step) cells {
	c := newCells(s.columns[len(s.columns)-1] + 1)
	for _, column := range s.columns {
		c.put(column, s.signs.life)
	}
	if one.inside {
		c.put(s.columns[one.from], s.signs.safe)
		c.put(s.columns[one.to], s.signs.safe)
	}
	return c
}

// label is a step's text in one line.
func (s *screen) label(one *step) string {
	var parts []string
	if one.tone == bad {
		parts = append(parts, s.signs.bad)
	}
	if one.letter != "" {
		parts = append(parts, "["+one.letter+"]")
	}
	head := one.head
	if one.mail && one.rest != "" {
		head += ":"
	}
	for _, text := range []string{head, one.rest, one.more} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return s.own.Replace(strings.Join(parts, " "))
}

// arrow draws a line with its text, at the side of who speaks.
func (s *screen) arrow(c cells, one *step, text string, left, right int, toRight bool) {
	line := s.signs.line
	if one.cipher || one.tone == lost || one.tone == quiet {
		line = s.signs.dots
	}
	for i := left + 1; i < right; i++ {
		c.put(i, line)
	}
	text = " " + text + " "
	mark := ""
	if one.group > 0 {
		mark = "(" + string(rune('0'+one.mark%10)) + ")"
		if one.mark > 9 {
			mark = "(+)"
		}
	}
	if toRight {
		if !one.inside {
			c.put(left, s.signs.from)
		}
		c.put(right-1, s.signs.right)
		c.put(left+2, mark)
		c.put(left+2+columnsOf(mark), text)
		return
	}
	if !one.inside {
		c.put(right, s.signs.into)
	}
	c.put(left+1, s.signs.left)
	c.put(right-1-columnsOf(mark), mark)
	c.put(right-1-columnsOf(mark)-columnsOf(text), text)
}

// put sets a text between two lifelines, at the side of who speaks.
func put(c cells, text string, left, right int, toRight bool) {
	if toRight {
		c.put(left+3, text)
		return
	}
	c.put(right-2-columnsOf(text), text)
}

// under writes what stands beneath a step.
func (s *screen) under(one *step, left, right int, toRight bool) {
	for _, u := range one.under {
		sign := "  "
		if u.tone == secret {
			sign = "= "
		}
		for _, text := range wrap(sign+s.own.Replace(u.text), max(1, right-left-6), 3) {
			c := s.frame(one)
			put(c, text, left, right, toRight)
			s.line("", c, "")
		}
	}
}

// between writes a step that is no arrow.
func (s *screen) between(one *step, before string, left, right int) {
	if one.kind == pause {
		c := newCells(s.columns[len(s.columns)-1] + 1)
		for _, column := range s.columns {
			c.put(column, s.signs.cut)
		}
		said := s.signs.cut + " " + one.rest
		c.put(left+3, said)
		s.line("", c, "")
		return
	}
	text := s.label(one)
	if one.kind == secure {
		text = "TLS: " + strings.TrimPrefix(text, "TLS ")
	}
	lines := wrap(text, max(1, right-left-3), 4)
	if len(lines) == 1 && columnsOf(text) < right-left-5 {
		lines[0] = "[ " + text + " ]"
	}
	for _, line := range lines {
		c := s.frame(one)
		c.put(left+(right-left+1-columnsOf(line))/2, line)
		s.line(before, c, "")
		before = ""
	}
	s.under(one, left, right, true)
}
