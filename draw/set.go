package draw

import (
	"bufio"
	"fmt"
	"io"

	"codeberg.org/go-pdf/fpdf"
)

// A diagram can be set into the pages of a document, among its text. Its lanes are
// narrower there, so that three lifelines have room across A4.
const (
	setLane    = 300.0
	maxUpright = 3 // lifelines
	setStrip   = 240.0
)

// Place is where in a document a diagram is set: from Y on the page at hand, and
// from Top on those that Next begins, to Bottom. All are points.
type Place struct {
	Left, Wide, Y, Top, Bottom float64
	Next                       func()
}

// Upright says that the diagram has room across a page of A4 that stands.
func (d *Diagram) Upright() bool { return len(d.actors) <= maxUpright }

// Set puts the diagram, without its title, into a document that has AddFonts's
// fonts. It gives the place beneath.
func (d *Diagram) Set(doc *fpdf.Fpdf, t Theme, at Place) (below float64, err error) {
	l, err := d.set()
	if err != nil {
		return 0, err
	}
	scale := at.Wide / l.w
	p := printer{l: l, doc: doc, scale: scale, colours: t.colours(), left: at.Left, top: at.Y}
	for i, one := range l.divided(sheets{first: (at.Bottom - at.Y) / scale, high: (at.Bottom - at.Top) / scale, bare: true}) {
		if i > 0 {
			at.Next()
			p.top = at.Top
		}
		for k := range one.shapes {
			p.shape(&one.shapes[k])
		}
		below = p.top + one.h*scale
	}
	return below, nil
}

func (d *Diagram) set() (*layout, error) {
	if d.Upright() && len(d.actors) > 2 {
		return laidOut(d, setLane)
	}
	return newLayout(d)
}

// Strips writes the diagram as rows of a table, whose head are the lifelines'
// names: a browser that prints it breaks it between rows, and says on each page
// whose the lifelines are. Its fonts are those of the SVG on the same page of HTML.
func (d *Diagram) Strips(w io.Writer, t Theme) error {
	l, err := d.set()
	if err != nil {
		return err
	}
	out, colours := bufio.NewWriter(w), t.colours()
	strip := func(p *page) {
		fmt.Fprintf(out, `<tr><td><svg viewBox="0 0 %s %s" aria-hidden="true">`+"\n", number(p.w), number(p.h))
		for i := range p.shapes {
			l.svg(out, &p.shapes[i], &colours)
		}
		out.WriteString("</svg></td></tr>\n")
	}
	head := &page{w: l.w}
	names := l.heads(head, 2)
	head.h = names + 8
	for _, x := range l.x[:len(d.actors)] {
		head.line(x, names, x, head.h, 1.6, faint, 0)
	}
	out.WriteString("<thead>")
	strip(head)
	out.WriteString("</thead><tbody>\n")
	for at := 0; at < len(l.blocks); {
		end, high := at, 0.0
		for end < len(l.blocks) && (end == at || l.blocks[end-1].keep || high+l.blocks[end].h <= setStrip && l.blocks[end].band == l.blocks[end-1].band) {
			high += l.blocks[end].h
			end++
		}
		p := &page{w: l.w, h: high}
		l.fill(p, 0, 0, at, end, false)
		strip(p)
		at = end
	}
	out.WriteString("</tbody>")
	return out.Flush()
}
