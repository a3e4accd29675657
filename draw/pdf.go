package draw

import (
	"cmp"
	"fmt"
	"image/color"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// A4 in points, and the margin that printers leave.
const (
	paperShort  = 595.28
	paperLong   = 841.89
	paperMargin = 24.0
	wide        = 1100 // drawings wider than that lie on their side
)

// PDF writes the diagram on as many pages of A4 as it needs; on each of them the
// lifelines have their names. Its text is text.
func (d *Diagram) PDF(w io.Writer, t Theme) error {
	doc := fpdf.New("P", "pt", "A4", "")
	doc.SetAutoPageBreak(false, 0)
	doc.SetMargins(0, 0, 0)
	doc.SetTitle(d.title, true)
	doc.SetSubject(d.about, true)
	doc.SetLang(d.w.Lang())
	doc.SetCreator("posta", true)
	doc.SetProducer("posta", true)
	doc.SetCatalogSort(true)
	made := time.Unix(0, 0).UTC() // the same diagram is the same file
	if len(d.steps) > 0 && !d.o.NoTimes && !d.steps[0].when.IsZero() {
		made = d.steps[len(d.steps)-1].until.UTC()
	}
	doc.SetCreationDate(made)
	doc.SetModificationDate(made)
	if _, err := AddFonts(doc); err != nil {
		return err
	}
	if err := d.Print(doc, t, "", 0); err != nil {
		return err
	}
	if err := doc.Output(w); err != nil {
		return fmt.Errorf("draw: PDF: %w", err)
	}
	return nil
}

// Print adds the diagram's pages to a document that has AddFonts's fonts, under
// another title if one is given, and leaves foot points free at the end of each.
func (d *Diagram) Print(doc *fpdf.Fpdf, t Theme, title string, foot float64) error {
	titled := *d
	titled.title = cmp.Or(title, d.title)
	l, err := newLayout(&titled)
	if err != nil {
		return err
	}
	way, across, down := "P", paperShort, paperLong
	if l.w > wide {
		way, across, down = "L", paperLong, paperShort
	}
	scale := (across - 2*paperMargin) / l.w
	p := printer{l: l, doc: doc, scale: scale, colours: t.colours(), left: paperMargin, top: paperMargin}
	for _, one := range l.pages((down - 2*paperMargin - foot) / scale) {
		doc.AddPageFormat(way, fpdf.SizeType{Wd: paperShort, Ht: paperLong})
		if t == Dark {
			p.ink(paper, doc.SetFillColor)
			doc.Rect(0, 0, across, down, "F")
		}
		for i := range one.shapes {
			p.shape(&one.shapes[i])
		}
	}
	return nil
}

func (f face) pdf() (family, style string) {
	return []string{"sans", "sans", "mono", "mono"}[f], []string{"", "B", "", "B"}[f]
}

// printer puts shapes on pages.
type printer struct {
	l       *layout
	doc     *fpdf.Fpdf
	scale   float64
	colours [inks]color.NRGBA

	left, top float64 // of the drawing on the page
}

func (p *printer) ink(i ink, set func(r, g, b int)) {
	c := p.colours[i]
	set(int(c.R), int(c.G), int(c.B))
}

func (p *printer) at(q point) (x, y float64) {
	return q.x*p.scale + p.left, q.y*p.scale + p.top
}

func (p *printer) shape(s *shape) {
	style := ""
	if s.fill != none {
		p.ink(s.fill, p.doc.SetFillColor)
		style = "F"
	}
	if s.stroke != none {
		p.ink(s.stroke, p.doc.SetDrawColor)
		p.doc.SetLineWidth(s.thick * p.scale)
		style += "D"
	}
	dashes := []float64{}
	if s.dash > 0 {
		dashes = []float64{s.dash * p.scale, s.dash * 0.7 * p.scale}
	}
	switch s.form {
	case rectangle:
		x, y := p.at(s.at)
		p.doc.RoundedRect(x, y, s.w*p.scale, s.h*p.scale, min(s.round, s.w/2, s.h/2)*p.scale, "1234", style)
	case line:
		p.doc.SetDashPattern(dashes, 0)
		x, y := p.at(s.points[0])
		x2, y2 := p.at(s.points[1])
		p.doc.Line(x, y, x2, y2)
		p.doc.SetDashPattern([]float64{}, 0)
	case polygon:
		var points []fpdf.PointType
		for _, q := range s.points {
			x, y := p.at(q)
			points = append(points, fpdf.PointType{X: x, Y: y})
		}
		p.doc.Polygon(points, style)
	case text:
		p.text(s)
	}
}

func (p *printer) text(s *shape) {
	x, y := p.at(s.at)
	runs := append([]run(nil), s.text...)
	for i := range runs {
		runs[i].text = p.l.f.printable(runs[i].face, runs[i].text)
	}
	switch s.anchor {
	case atMiddle:
		x -= p.l.runs(runs) * p.scale / 2
	case atEnd:
		x -= p.l.runs(runs) * p.scale
	}
	for _, r := range runs {
		if r.text == "" {
			continue
		}
		family, style := r.face.pdf()
		p.doc.SetFont(family, style, r.size*p.scale)
		p.ink(r.ink, p.doc.SetTextColor)
		p.doc.Text(x, y, r.text)
		x += p.l.f.width(r.face, r.size, r.text) * p.scale
	}
}
