package report

import (
	"fmt"
	"image/color"

	"codeberg.org/go-pdf/fpdf"

	"posta/draw"
)

// block writes one; more says that others follow.
func (p *printer) block(b block, more bool) error {
	body := style{draw.Sans, textSize, dark()}
	switch b := b.(type) {
	case heading:
		p.heading(b)
	case paragraph:
		if b.quiet {
			body.ink = quiet()
		}
		p.flow(marginX, inner, body, b.text)
		p.y += 5
	case list:
		for _, point := range b.points {
			p.room(textSize * lineHigh)
			p.text(marginX+4, p.y+textSize, body, "•")
			p.flow(marginX+16, inner-16, body, point)
			p.y += 2
		}
		p.y += 4
	case table:
		p.table(b)
	case card:
		p.card(b)
	case question:
		p.question(b)
	case picture:
		return p.picture(b, more)
	case attached:
		p.files = append(p.files, fpdf.Attachment{Content: b.octets, Filename: b.name, Description: b.about})
		p.flow(marginX, inner, style{draw.SansBold, textSize, dark()}, b.name)
		p.flow(marginX, inner, style{draw.Sans, textSize, quiet()}, b.about)
		p.y += 5
	}
	return nil
}

// picture sets the diagram beneath its heading or, where it has too many
// lifelines for that, on pages of its own that lie on their side.
func (p *printer) picture(b picture, more bool) error {
	if !b.diagram.Upright() {
		if err := b.diagram.Print(p.doc, draw.Light, b.title.text, 14); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		if more {
			p.newPage()
		}
		return nil
	}
	p.room(pictureRoom)
	p.heading(b.title)
	if err := p.block(b.about, more); err != nil {
		return err
	}
	var err error
	p.y, err = b.diagram.Set(p.doc, draw.Light, draw.Place{Left: marginX - 6, Wide: inner + 12, Y: p.y + 6, Top: marginTop, Bottom: pageHigh - marginEnd, Next: p.newPage})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	p.y += 8
	return nil
}

// pictureRoom is what the beginning of a diagram takes, with its heading.
const pictureRoom = 300

func (p *printer) heading(h heading) {
	s := style{draw.SansBold, partSize, dark()}
	if h.level > 1 {
		s.size = subSize
		p.room(100)
		p.y += 8
		p.flow(marginX, inner, s, h.text)
		p.y += 3
		return
	}
	p.room(110)
	p.y += 16
	p.flow(marginX, inner, s, h.text)
	p.y += 2
	p.rule(p.y, 1.4, dark())
	p.y += 8
}

const cellPad = 3.0

// table writes rows, with the columns' names on each page.
func (p *printer) table(t table) {
	total, wide := 0.0, make([]float64, len(t.columns))
	for _, c := range t.columns {
		total += c.width
	}
	for i, c := range t.columns {
		wide[i] = inner * c.width / total
	}
	p.tableHead(t, wide)
	for _, r := range t.rows {
		cells := make([][]string, len(r.cells))
		most := 1
		for i, cell := range r.cells {
			cells[i] = p.lines(cellStyle(t.columns[i], r.tone), cell, wide[i]-2*cellPad)
			most = max(most, len(cells[i]))
		}
		p.row(t, wide, cells, r.tone, most)
	}
	p.y += 8
}

const cellHigh = cellSize * 1.34

// row writes a row, over several pages where it has no room on one.
func (p *printer) row(t table, wide []float64, cells [][]string, how tone, most int) {
	if need := float64(most)*cellHigh + 2*cellPad; p.y+need > pageHigh-marginEnd && need < (pageHigh-marginTop-marginEnd)/5 {
		p.newPage()
		p.tableHead(t, wide)
	}
	for from := 0; from < most; {
		n := min(most-from, int((pageHigh-marginEnd-p.y-2*cellPad)/cellHigh))
		if n < 1 {
			p.newPage()
			p.tableHead(t, wide)
			continue
		}
		high := float64(n)*cellHigh + 2*cellPad
		if how == aside {
			p.fill(marginX, p.y, inner, high, ink(0xf4f6f8))
		}
		x := marginX
		for i, lines := range cells {
			s := cellStyle(t.columns[i], how)
			for k := from; k < min(from+n, len(lines)); k++ {
				at := x + cellPad
				if t.columns[i].right {
					at = x + wide[i] - cellPad - p.width(s, lines[k])
				}
				p.text(at, p.y+cellPad+float64(k-from)*cellHigh+cellSize, s, lines[k])
			}
			x += wide[i]
		}
		p.y += high
		p.rule(p.y, 0.5, hair())
		from += n
	}
}

func (p *printer) tableHead(t table, wide []float64) {
	s := style{draw.SansBold, cellSize, quiet()}
	most, names := 1, make([][]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = p.lines(s, c.name, wide[i]-2*cellPad)
		most = max(most, len(names[i]))
	}
	x := marginX
	for i, lines := range names {
		for k, one := range lines {
			at := x + cellPad
			if t.columns[i].right {
				at = x + wide[i] - cellPad - p.width(s, one)
			}
			p.text(at, p.y+cellPad+float64(k)*cellHigh+cellSize, s, one)
		}
		x += wide[i]
	}
	p.y += float64(most)*cellHigh + 2*cellPad
	p.rule(p.y, 1, dark())
}

func cellStyle(c column, how tone) style {
	s := style{draw.Sans, cellSize, dark()}
	if c.mono {
		s.face = draw.Mono
	}
	if c.mono || c.name == "" {
		switch how {
		case fromClient:
			s.ink = ink(0x1559b3)
		case fromServer:
			s.ink = ink(0x0b6b5d)
		case bad:
			s.ink = ink(0xb3201a)
		}
	}
	if how == aside {
		s.ink = quiet()
	}
	return s
}

func (p *printer) fill(x, y, w, h float64, c color.NRGBA) {
	p.doc.SetFillColor(int(c.R), int(c.G), int(c.B))
	p.doc.Rect(x, y, w, h, "F")
}

// card writes a finding.
func (p *printer) card(c card) {
	title, body, foot := style{draw.SansBold, textSize, dark()}, style{draw.Sans, textSize, dark()}, style{draw.Sans, 8, quiet()}
	wide := inner - 26
	high := float64(len(p.lines(title, c.title, wide))+len(p.lines(body, c.text, wide)))*textSize*lineHigh +
		float64(len(p.lines(foot, c.foot, wide)))*foot.size*lineHigh + 14
	p.room(high)
	side := map[tone]color.NRGBA{noted: quiet(), warned: ink(0xb97700), endangered: ink(0xb3201a)}[c.tone]
	h := hair()
	p.doc.SetDrawColor(int(h.R), int(h.G), int(h.B))
	p.doc.SetLineWidth(0.7)
	p.doc.Rect(marginX, p.y, inner, high, "D")
	p.fill(marginX, p.y, 4, high, side)
	p.y += 6
	p.flow(marginX+15, wide, title, c.title)
	p.flow(marginX+15, wide, body, c.text)
	p.flow(marginX+15, wide, foot, c.foot)
	p.y += 14
}

// question writes one, and its answer or room for it.
func (p *printer) question(q question) {
	title, body := style{draw.SansBold, textSize, dark()}, style{draw.Sans, textSize, dark()}
	box := float64(q.lines) * 19
	p.room(box + 40)
	p.flow(marginX, inner, title, fmt.Sprintf("%d. %s", q.number, q.text))
	p.y += 4
	if q.answer == nil {
		p.doc.SetDrawColor(0x89, 0x96, 0xa6)
		p.doc.SetLineWidth(1)
		p.doc.Rect(marginX, p.y, inner, box, "D")
		p.y += box + 14
		return
	}
	for _, one := range q.answer {
		p.flow(marginX+12, inner-12, body, one)
		p.y += 4
	}
	p.y += 10
}
