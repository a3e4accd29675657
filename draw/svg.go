package draw

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"image/color"
	"io"
	"strconv"
	"strings"

	"posta/words"
)

// families name the faces in a picture that carries them, and what may stand for
// them where it cannot be read.
func (f face) family() (name, weight string) {
	switch f {
	case sansBold:
		return "posta-sans,Inter,'Helvetica Neue',Arial,sans-serif", "600"
	case mono:
		return "posta-mono,'JetBrains Mono','DejaVu Sans Mono',monospace", "400"
	case bold:
		return "posta-mono,'JetBrains Mono','DejaVu Sans Mono',monospace", "700"
	}
	return "posta-sans,Inter,'Helvetica Neue',Arial,sans-serif", "400"
}

// SVG writes the diagram as one picture. Its text is text, in fonts that the
// picture carries.
func (d *Diagram) SVG(w io.Writer, t Theme) error {
	l, err := newLayout(d)
	if err != nil {
		return err
	}
	p := l.pages(0)[0]
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" role="img" lang="%s" aria-labelledby="title desc">`+"\n",
		number(p.w), number(p.h), d.w.Lang())
	fmt.Fprintf(out, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", escape(d.title+", "+d.about), escape(d.described()))
	l.styles(out, p)
	colours := t.colours()
	fmt.Fprintf(out, `<rect width="%s" height="%s" fill="%s"/>`+"\n", number(p.w), number(p.h), hex(colours[paper]))
	for i := range p.shapes {
		l.svg(out, &p.shapes[i], &colours)
	}
	out.WriteString("</svg>\n")
	return out.Flush()
}

// described says in a sentence what the picture shows, for whom cannot see it.
func (d *Diagram) described() string {
	var names []string
	for i := range d.actors {
		names = append(names, d.actors[i].name+" ("+d.actors[i].role+")")
	}
	return d.w.Say("draw.described", words.Args{"Actors": strings.Join(names, ", ")})
}

// styles are the fonts, with the characters that are used.
func (l *layout) styles(out *bufio.Writer, p *page) {
	used := [faces]map[rune]bool{}
	for _, s := range p.shapes {
		for _, r := range s.text {
			if used[r.face] == nil {
				used[r.face] = map[rune]bool{}
			}
			for _, c := range r.text {
				used[r.face][c] = true
			}
		}
	}
	out.WriteString("<style>\n")
	for f := range faces {
		if used[f] == nil {
			continue
		}
		family, weight := f.family()
		family, _, _ = strings.Cut(family, ",")
		fmt.Fprintf(out, "@font-face{font-family:%s;font-weight:%s;src:url(data:font/ttf;base64,%s)}\n", family, weight,
			base64.StdEncoding.EncodeToString(l.f.subset(f, used[f])))
		family, weight = f.family()
		fmt.Fprintf(out, ".f%d{font-family:%s;font-weight:%s}\n", f, family, weight)
	}
	out.WriteString("text{white-space:pre}\n</style>\n")
}

// svg writes a shape.
func (l *layout) svg(out *bufio.Writer, s *shape, colours *[inks]color.NRGBA) {
	switch s.form {
	case rectangle:
		fmt.Fprintf(out, `<rect x="%s" y="%s" width="%s" height="%s"`, number(s.at.x), number(s.at.y), number(s.w), number(s.h))
		if s.round > 0 {
			fmt.Fprintf(out, ` rx="%s"`, number(s.round))
		}
		paint(out, s, colours)
	case line:
		fmt.Fprintf(out, `<path d="M%s %sL%s %s"`, number(s.points[0].x), number(s.points[0].y), number(s.points[1].x), number(s.points[1].y))
		paint(out, s, colours)
	case polygon:
		out.WriteString(`<path d="`)
		for i, p := range s.points {
			fmt.Fprintf(out, "%c%s %s", "ML"[min(i, 1)], number(p.x), number(p.y))
		}
		out.WriteString(`Z"`)
		paint(out, s, colours)
	case text:
		l.svgText(out, s, colours)
	}
}

func paint(out *bufio.Writer, s *shape, colours *[inks]color.NRGBA) {
	fill := "none"
	if s.fill != none {
		fill = hex(colours[s.fill])
	}
	fmt.Fprintf(out, ` fill="%s"`, fill)
	if s.stroke != none {
		fmt.Fprintf(out, ` stroke="%s" stroke-width="%s"`, hex(colours[s.stroke]), number(s.thick))
	}
	if s.dash > 0 {
		fmt.Fprintf(out, ` stroke-dasharray="%s %s"`, number(s.dash), number(s.dash*0.7))
	}
	out.WriteString("/>\n")
}

// svgText writes a text; its length is told, so that another font keeps its place.
func (l *layout) svgText(out *bufio.Writer, s *shape, colours *[inks]color.NRGBA) {
	x, wide := s.at.x, l.runs(s.text)
	switch s.anchor {
	case atMiddle:
		x -= wide / 2
	case atEnd:
		x -= wide
	}
	fmt.Fprintf(out, `<text x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs"`, number(x), number(s.at.y), number(wide))
	if len(s.text) == 1 {
		l.svgRun(out, &s.text[0], colours)
		out.WriteString("</text>\n")
		return
	}
	out.WriteString(">")
	for i := range s.text {
		if s.text[i].text != "" {
			out.WriteString("<tspan")
			l.svgRun(out, &s.text[i], colours)
			out.WriteString("</tspan>")
		}
	}
	out.WriteString("</text>\n")
}

func (l *layout) svgRun(out *bufio.Writer, r *run, colours *[inks]color.NRGBA) {
	fmt.Fprintf(out, ` class="f%d" font-size="%s" fill="%s">%s`, r.face, number(r.size), hex(colours[r.ink]), escape(r.text))
}

func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}
