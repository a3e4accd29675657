package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"

	"posta/draw"
)

//go:embed page.html
var page string

// HTML writes the report as one page that needs no other file, and that prints
// on A4. Boxes for answers can be written into in the browser.
func (r *Report) HTML(w io.Writer) error {
	t, err := template.New("report").Parse(page)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var blocks []template.HTML
	for _, b := range r.blocks {
		text, err := r.html(b)
		if err != nil {
			return err
		}
		blocks = append(blocks, text)
	}
	return t.Execute(w, struct {
		Lang, Title, Group, Foot string
		Head                     [][2]string
		Blocks                   []template.HTML
	}{r.lang, r.title, r.group, r.foot(), r.head, blocks})
}

func (r *Report) foot() string { return r.w.Say("report.foot", nil) }

// html writes one block. What was said by strangers goes through esc.
func (r *Report) html(b block) (template.HTML, error) {
	esc := escape
	var out strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	switch b := b.(type) {
	case heading:
		put("<h%d>%s</h%[1]d>", b.level+1, esc(b.text))
	case paragraph:
		class := ""
		if b.quiet {
			class = ` class="quiet"`
		}
		put("<p%s>%s</p>", class, esc(b.text))
	case list:
		put("<ul>")
		for _, point := range b.points {
			put("<li>%s</li>", esc(point))
		}
		put("</ul>")
	case table:
		htmlTable(&out, b)
	case card:
		put(`<div class="card %s"><b>%s</b><p>%s</p><small>%s</small></div>`, toneClass(b.tone), esc(b.title), esc(b.text), esc(b.foot))
	case question:
		put(`<div class="question"><b>%d. %s</b>`, b.number, esc(b.text))
		if b.answer == nil {
			put(`<div class="box" contenteditable="true" role="textbox" aria-multiline="true" aria-label="%s" style="min-height:%dem"></div>`, esc(b.text), 2*b.lines)
		} else {
			put(`<div class="answer">`)
			for _, one := range b.answer {
				put("<p>%s</p>", esc(one))
			}
			put("</div>")
		}
		put("</div>")
	case picture:
		var svg bytes.Buffer
		if err := b.diagram.SVG(&svg, draw.Light); err != nil {
			return "", fmt.Errorf("report: %w", err)
		}
		var strips bytes.Buffer
		if err := b.diagram.Strips(&strips, draw.Light); err != nil {
			return "", fmt.Errorf("report: %w", err)
		}
		side := ""
		if !b.diagram.Upright() {
			side = " side"
		}
		put(`<section class="picture%s"><h%d>%s</h%[2]d><p class="quiet">%[4]s</p><figure>%[5]s</figure><table class="strips">%[6]s</table></section>`,
			side, b.title.level+1, esc(b.title.text), esc(b.about.text), svg.String(), strips.String())
	case attached:
		put(`<p><a class="file" download="%s" href="data:application/octet-stream;base64,%s">%s</a> <span class="quiet">%s</span></p>`,
			esc(b.name), base64.StdEncoding.EncodeToString(b.octets), esc(b.name), esc(b.about))
	}
	return template.HTML(out.String()), nil
}

func htmlTable(out *strings.Builder, t table) {
	esc := escape
	total := 0.0
	for _, c := range t.columns {
		total += c.width
	}
	out.WriteString(`<div class="wide"><table><colgroup>`)
	for _, c := range t.columns {
		fmt.Fprintf(out, `<col style="width:%.1f%%">`, 100*c.width/total)
	}
	out.WriteString("</colgroup><thead><tr>")
	for _, c := range t.columns {
		fmt.Fprintf(out, `<th%s>%s</th>`, cellClass(c), esc(c.name))
	}
	out.WriteString("</tr></thead><tbody>\n")
	for _, r := range t.rows {
		fmt.Fprintf(out, `<tr class="%s">`, toneClass(r.tone))
		for i, cell := range r.cells {
			fmt.Fprintf(out, "<td%s>%s</td>", cellClass(t.columns[i]), esc(cell))
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</tbody></table></div>")
}

// escape makes a text part of a page. What would turn it around, or what a
// terminal would obey that it is pasted into, stands as \x1b.
func escape(text string) string { return template.HTMLEscapeString(harmless(text)) }

func harmless(text string) string {
	if strings.IndexFunc(text, isHarmful) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !isHarmful(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func isHarmful(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

func cellClass(c column) string {
	switch {
	case c.name == "":
		return ` class="who"`
	case c.mono:
		return ` class="mono"`
	case c.right:
		return ` class="right tight"`
	case c.width < 1.6:
		return ` class="tight"`
	}
	return ""
}

func toneClass(t tone) string {
	return [...]string{"", "client", "server", "aside", "bad", "noted", "warned", "endangered"}[t]
}
