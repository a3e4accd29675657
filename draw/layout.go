package draw

import (
	"strings"

	"posta/words"
)

// The measures of a picture, in points.
const (
	edge      = 14.0  // around everything
	clockEnd  = 92.0  // where times end
	firstLife = 206.0 // the first lifeline
	lastRoom  = 118.0 // to the right of the last
	headWide  = 212.0
	inset     = 18.0 // of texts from the lifeline

	titleSize = 25.0
	aboutSize = 14.0
	nameSize  = 17.0
	roleSize  = 13.0
	smallMono = 12.5
	lineSize  = 15.0 // what was said
	underSize = 13.5
	bandSize  = 12.0

	lineHigh  = 20.0
	underHigh = 18.0
	bandHigh  = 17.0 // of a band's name, beside which the first text may begin
	slope     = 15.0 // of the arrows of a pipelined group
)

// lanes are the rooms between lifelines, by how many there are.
func lanes(n int) float64 {
	switch {
	case n <= 1:
		return 660
	case n == 2:
		return 500
	}
	return 430
}

// layout puts a diagram on paper.
type layout struct {
	d      *Diagram
	f      *fonts
	x      []float64 // of the lifelines
	w      float64
	bands  []band
	blocks []block
	height float64 // of the page that was filled last
}

// block is a piece of a picture that is not cut.
type block struct {
	h    float64
	keep bool // with the next
	step int  // -1 for none
	band int
	draw func(p *page, y float64)
	line float64 // how far below its top the arrow begins
	safe int     // the session inside whose TLS it is, from 1
}

func newLayout(d *Diagram) (*layout, error) { return laidOut(d, lanes(len(d.actors)-1)) }

func laidOut(d *Diagram, lane float64) (*layout, error) {
	f, err := newFonts()
	if err != nil {
		return nil, err
	}
	l := &layout{d: d, f: f, bands: d.bands()}
	for i := range max(1, len(d.actors)) {
		l.x = append(l.x, firstLife+float64(i)*lane)
	}
	if len(l.x) == 1 {
		l.x = append(l.x, firstLife+lane)
	}
	l.w = l.x[len(l.x)-1] + lastRoom
	begun := map[int]bool{}
	for i := range l.bands {
		b := &l.bands[i]
		if b.session >= 0 {
			if d.numbered() && !begun[b.session] {
				l.session(i)
				begun[b.session] = true
			}
			if !b.again {
				l.band(i)
			}
		}
		for n := b.first; n < b.end; n++ {
			l.step(i, n)
		}
		nothing := func(*page, float64) {}
		l.blocks = append(l.blocks, block{h: 4, step: -1, band: i, draw: nothing}, block{h: 6, step: -1, band: -1, draw: nothing})
	}
	l.secure()
	l.together()
	return l, nil
}

// session is the line with which one of several begins.
func (l *layout) session(at int) {
	b := &l.bands[at]
	n := b.session
	s := &l.d.sessions[n]
	from, to := l.d.actors[s.ends[0]].name, l.d.actors[s.ends[1]].name
	l.blocks = append(l.blocks, block{h: 44, keep: true, step: -1, band: -1, draw: func(p *page, y float64) {
		number := l.d.labels[n].Number
		wide := l.badgeWidth(number, true)
		l.badge(p, edge+4+wide/2, y+25, number, dark, true)
		said := []run{{l.d.which(n), sansBold, 16, dark}, {"   " + from + " → " + to, sans, 14, middling}}
		p.rect(edge+10+wide, y+8, l.runs(said)+12, 34, 0, paper, none)
		p.say(edge+14+wide, y+31, atStart, said...)
	}})
}

// band is the line with which a phase begins.
func (l *layout) band(at int) {
	l.blocks = append(l.blocks, block{h: bandHigh, keep: true, step: -1, band: at, draw: func(p *page, y float64) { l.bandName(p, y, at, false) }})
}

func (l *layout) bandName(p *page, y float64, at int, continued bool) {
	b := &l.bands[at]
	x := edge + 12
	if l.d.numbered() {
		number := l.d.labels[b.session].Number
		wide := l.badgeWidth(number, false)
		l.badge(p, x-0.5+wide/2, y+15, number, bandInk+ink(b.phase), false)
		x += wide + 7
	}
	p.say(x, y+19, atStart, run{strings.ToUpper(l.d.name(b, continued)), sansBold, bandSize, bandInk + ink(b.phase)})
}

// The sizes of a badge: its height is two radii.
const (
	badgeRadius, badgeSize   = 8.5, 11.5
	filledRadius, filledSize = 12, 14
)

// badgeWidth is how wide a badge is: a long sign makes it longer than a circle.
func (l *layout) badgeWidth(sign string, filled bool) float64 {
	if filled {
		return max(2*filledRadius, l.f.width(sansBold, filledSize, sign)+10)
	}
	return max(2*badgeRadius, l.f.width(sansBold, badgeSize, sign)+8)
}

// badge is a number or a letter in a circle around x, y.
func (l *layout) badge(p *page, x, y float64, sign string, i ink, filled bool) {
	r, size := badgeRadius, badgeSize
	if filled {
		r, size = filledRadius, filledSize
	}
	wide := l.badgeWidth(sign, filled)
	if filled {
		p.rect(x-wide/2, y-r, wide, 2*r, r, i, none)
		i = onInk
	} else {
		p.rect(x-wide/2, y-r, wide, 2*r, r, paper, i)
	}
	p.say(x, y+size*0.36, atMiddle, run{sign, sansBold, size, i})
}

func (l *layout) runs(all []run) (wide float64) {
	for _, r := range all {
		wide += l.f.width(r.face, r.size, r.text)
	}
	return wide
}

// heads name the lifelines; their height is that of the highest.
func (l *layout) heads(p *page, y float64) (below float64) {
	type head struct {
		name  []string
		lines []string
		a     *actor
	}
	var all []head
	high := 0.0
	for i := range l.d.actors {
		a := &l.d.actors[i]
		name := breakLines(a.name, 3, func(s string) bool { return l.f.width(sansBold, nameSize, s) <= headWide-24 })
		var lines []string
		for _, text := range a.lines {
			lines = append(lines, breakLines(text, 2, func(s string) bool { return l.f.width(mono, smallMono, s) <= headWide-16 })...)
		}
		all = append(all, head{name, lines, a})
		high = max(high, 20+float64(len(name))*21+17+float64(len(lines))*16)
	}
	for i, h := range all {
		x := l.x[i]
		p.rect(x-headWide/2, y, headWide, high, 9, headFill, border)
		at := y + 25
		for _, text := range h.name {
			p.say(x, at, atMiddle, run{text, sansBold, nameSize, dark})
			at += 21
		}
		p.say(x, at-2, atMiddle, run{h.a.role, sans, roleSize, middling})
		at += 15
		for _, text := range h.lines {
			p.say(x, at, atMiddle, run{text, mono, smallMono, middling})
			at += 16
		}
	}
	return y + high
}

// cut is where the page ends whose first block is at: after what it has room for,
// less what is kept with the next.
func (l *layout) cut(at int, room float64, bounded bool) (end int) {
	end = at
	for h := 0.0; end < len(l.blocks); end++ {
		if h += l.blocks[end].h; bounded && h > room && end > at {
			break
		}
	}
	if end == len(l.blocks) {
		return end
	}
	for back := end; back > at+1; back-- {
		if !l.blocks[back-1].keep {
			return back
		}
	}
	return end
}

// sheets say how high pages are.
type sheets struct {
	first, high float64
	bare        bool // they have neither the title nor numbers
}

// pages divide the blocks so that each page is at most high; 0: one page.
func (l *layout) pages(high float64) []*page { return l.divided(sheets{first: high, high: high}) }

func (l *layout) divided(s sheets) []*page {
	var all []*page
	high := s.first
	for at := 0; at < len(l.blocks) || len(all) == 0; {
		p := &page{w: l.w}
		y := edge + 6
		if s.bare {
			y = 4
		} else if len(all) == 0 {
			y = l.heading(p, y)
		}
		top := l.heads(p, y)
		continued := at > 0 && at < len(l.blocks) && l.blocks[at].step >= 0 && l.named(l.blocks[at].band)
		y = top + 14
		if continued {
			y += bandHigh
		}
		room := high - y - edge
		if !s.bare {
			room -= 24
		}
		end := l.cut(at, room, high > 0)
		l.fill(p, top, y, at, end, continued)
		p.h = l.height
		all = append(all, p)
		at, high = end, s.high
	}
	if s.bare {
		return all
	}
	for i, p := range all {
		if high > 0 {
			p.h = high
		}
		if len(all) > 1 {
			text := l.d.w.Say("draw.page", words.Args{"Page": i + 1, "Pages": len(all)})
			p.say(l.w-edge, p.h-edge, atEnd, run{text, sans, roleSize, middling})
		}
	}
	return all
}

// named says that a page which begins within a band says its name: a pause between
// sessions has none.
func (l *layout) named(band int) bool { return band >= 0 && l.bands[band].session >= 0 }

// heading is the title, and what the diagram is about.
func (l *layout) heading(p *page, y float64) float64 {
	p.say(edge+2, y+24, atStart, run{l.d.title, sansBold, titleSize, dark})
	y += 36
	if l.d.about != "" {
		for _, text := range breakLines(l.d.about, 2, func(s string) bool { return l.f.width(sans, aboutSize, s) <= l.w-2*edge }) {
			p.say(edge+2, y+13, atStart, run{text, sans, aboutSize, middling})
			y += 19
		}
	}
	return y + 16
}
