package report

import (
	"fmt"
	"image/color"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"posta/draw"
)

// A page of A4 in points.
const (
	pageWide  = 595.28
	pageHigh  = 841.89
	marginX   = 42.0
	marginTop = 46.0
	marginEnd = 52.0
	inner     = pageWide - 2*marginX
)

// The sizes of letters in points, and a line's height in parts of them.
const (
	titleSize = 22.0
	partSize  = 14.0
	subSize   = 11.5
	textSize  = 9.5
	cellSize  = 7.6
	lineHigh  = 1.38
)

// PDF writes the report on pages of A4, with the captures as its attachments.
func (r *Report) PDF(w io.Writer) error {
	doc := fpdf.New("P", "pt", "A4", "")
	doc.SetMargins(marginX, marginTop, marginX)
	doc.SetAutoPageBreak(false, marginEnd)
	doc.SetTitle(r.title, true)
	doc.SetLang(r.lang)
	doc.SetCreator("posta", true)
	doc.SetProducer("posta", true)
	doc.SetCatalogSort(true)
	made := r.made
	if made.IsZero() {
		made = time.Unix(0, 0)
	}
	doc.SetCreationDate(made.UTC())
	doc.SetModificationDate(made.UTC())
	fonts, err := draw.AddFonts(doc)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	p := &printer{doc: doc, fonts: fonts, r: r}
	doc.SetFooterFunc(p.footer)
	p.newPage()
	p.head()
	for i, b := range r.blocks {
		if err := p.block(b, i+1 < len(r.blocks)); err != nil {
			return err
		}
	}
	doc.SetAttachments(p.files)
	if err := doc.Output(w); err != nil {
		return fmt.Errorf("report: PDF: %w", err)
	}
	return nil
}

// printer writes blocks from the top of pages to their end.
type printer struct {
	doc   *fpdf.Fpdf
	fonts *draw.Fonts
	r     *Report
	y     float64
	files []fpdf.Attachment
}

// style is how text looks.
type style struct {
	face draw.Face
	size float64
	ink  color.NRGBA
}

func ink(v uint32) color.NRGBA { return color.NRGBA{byte(v >> 16), byte(v >> 8), byte(v), 0xff} }

func dark() color.NRGBA  { return ink(0x17202b) }
func quiet() color.NRGBA { return ink(0x566374) }
func hair() color.NRGBA  { return ink(0xd5dce4) }

func (p *printer) newPage() {
	p.doc.AddPageFormat("P", fpdf.SizeType{Wd: pageWide, Ht: pageHigh})
	p.y = marginTop
}

// room begins a page where so much is not left.
func (p *printer) room(h float64) {
	if p.y+h > pageHigh-marginEnd && p.y > marginTop {
		p.newPage()
	}
}

func (p *printer) footer() {
	wide, high := p.doc.GetPageSize()
	s := style{draw.Sans, 7.5, quiet()}
	p.text(marginX, high-20, s, p.r.foot())
	number := fmt.Sprint(p.doc.PageNo())
	p.text(wide-marginX-p.width(s, number), high-20, s, number)
}

func (p *printer) width(s style, text string) float64 { return p.fonts.Width(s.face, s.size, text) }

// text writes one line; y is its baseline.
func (p *printer) text(x, y float64, s style, text string) {
	if text == "" {
		return
	}
	p.fonts.Use(p.doc, s.face, s.size)
	p.doc.SetTextColor(int(s.ink.R), int(s.ink.G), int(s.ink.B))
	p.doc.Text(x, y, p.fonts.Printable(s.face, text))
}

// lines breaks text to a width; what has no blanks is broken anywhere.
func (p *printer) lines(s style, text string, wide float64) (out []string) {
	for _, paragraph := range strings.Split(harmless(text), "\n") {
		out = append(out, p.wrap(s, strings.ReplaceAll(paragraph, "\t", "    "), wide)...)
	}
	return out
}

func (p *printer) wrap(s style, text string, wide float64) (out []string) {
	line, at := "", 0.0
	flush := func() {
		out = append(out, strings.TrimRight(line, " "))
		line, at = "", 0
	}
	for _, word := range strings.SplitAfter(text, " ") {
		if w := p.width(s, strings.TrimRight(word, " ")); at+w > wide && line != "" {
			flush()
		}
		for p.width(s, strings.TrimRight(word, " ")) > wide {
			n := p.fitting(s, word, wide-at)
			if n == 0 {
				if line == "" {
					break
				}
				flush()
				continue
			}
			line += word[:n]
			word = word[n:]
			flush()
		}
		line += word
		at += p.width(s, word)
	}
	if line != "" || len(out) == 0 {
		flush()
	}
	return out
}

// fitting is how many octets of a word have room.
func (p *printer) fitting(s style, word string, wide float64) (n int) {
	for i, c := range word {
		if p.width(s, word[:i]+string(c)) > wide {
			return i
		}
	}
	return len(word)
}

// flow writes text over lines and pages.
func (p *printer) flow(x, wide float64, s style, text string) {
	high := s.size * lineHigh
	for _, one := range p.lines(s, text, wide) {
		p.room(high)
		p.text(x, p.y+s.size, s, one)
		p.y += high
	}
}

// rule draws a line across.
func (p *printer) rule(y, thick float64, c color.NRGBA) {
	p.doc.SetDrawColor(int(c.R), int(c.G), int(c.B))
	p.doc.SetLineWidth(thick)
	p.doc.Line(marginX, y, pageWide-marginX, y)
}

// head is the report's title and who hands it in.
func (p *printer) head() {
	p.flow(marginX, inner, style{draw.SansBold, titleSize, dark()}, p.r.title)
	p.y += 4
	label := style{draw.Sans, textSize, quiet()}
	wide := 0.0
	for _, one := range p.r.head {
		wide = max(wide, p.width(label, one[0]))
	}
	for _, one := range p.r.head {
		p.text(marginX, p.y+textSize, label, one[0])
		p.flow(marginX+wide+14, inner-wide-14, style{draw.SansBold, textSize, dark()}, one[1])
	}
	p.y += 4
}
