package draw

import "image/color"

// A picture is a list of shapes, on one page or several. Its numbers are in
// points of the drawing; y grows downwards.

type point struct{ x, y float64 }

// shape is one of: a rectangle with round corners, a line, a polygon, a text.
type shape struct {
	form   form
	at     point // of a rectangle its corner, of a text where its baseline is anchored
	w, h   float64
	round  float64
	points []point // of lines and polygons
	fill   ink
	stroke ink
	thick  float64
	dash   float64 // length of dashes and of the room between them; 0: none
	text   []run
	anchor anchor
}

type form uint8

const (
	rectangle form = iota
	line
	polygon
	text
)

type anchor uint8

const (
	atStart anchor = iota
	atMiddle
	atEnd
)

// run is a piece of a text.
type run struct {
	text string
	face face
	size float64
	ink  ink
}

// page is a piece of paper.
type page struct {
	w, h   float64
	shapes []shape
}

func (p *page) add(s shape) { p.shapes = append(p.shapes, s) }

func (p *page) rect(x, y, w, h, round float64, fill, stroke ink) {
	p.add(shape{form: rectangle, at: point{x, y}, w: w, h: h, round: round, fill: fill, stroke: stroke, thick: 1})
}

func (p *page) line(x, y, x2, y2, thick float64, stroke ink, dash float64) {
	p.add(shape{form: line, points: []point{{x, y}, {x2, y2}}, stroke: stroke, thick: thick, dash: dash})
}

func (p *page) polygon(fill ink, points ...point) {
	p.add(shape{form: polygon, points: points, fill: fill})
}

func (p *page) say(x, y float64, a anchor, runs ...run) {
	p.add(shape{form: text, at: point{x, y}, text: runs, anchor: a})
}

// ink is a colour by what it is for.
type ink uint8

const (
	none ink = iota
	paper
	dark // what is to be read
	middling
	faint  // lifelines
	border // of heads
	headFill
	askInk
	replyInk
	badInk
	lostInk
	lostFill
	secretInk
	safeInk
	safeFill
	onInk // on signs of full colour
	bandInk
	bandFill = bandInk + 8 // one a phase, as the inks before
	inks     = bandFill + 8
)

// Theme is the colours of a picture.
type Theme uint8

const (
	Light Theme = iota
	Dark
)

// colours of the theme, by ink. Texts have a contrast of at least 4.5 to what
// they stand on (WCAG 2.2, 1.4.3), which a test holds.
func (t Theme) colours() [inks]color.NRGBA {
	if t == Dark {
		return [inks]color.NRGBA{paper: rgb(0x11151b), dark: rgb(0xeef1f5), middling: rgb(0xa3afbd), faint: rgb(0x4d5a69), border: rgb(0x5f6e80),
			headFill: rgb(0x1d242d), askInk: rgb(0x78b2ff), replyInk: rgb(0x5fd0b4), badInk: rgb(0xff8a80), lostInk: rgb(0xf0b860), lostFill: rgb(0x332a18),
			secretInk: rgb(0xf2b866), safeInk: rgb(0x63c98d), safeFill: rgb(0x16301f), onInk: rgb(0x11151b),
			bandInk: rgb(0xa3afbd), rgb(0xa3afbd), rgb(0xe8b868), rgb(0x8fbcf5), rgb(0xbfa8f5), rgb(0xf0a0bb), rgb(0xa3afbd), rgb(0x5fd0b4),
			bandFill: rgb(0x171c23), rgb(0x171c23), rgb(0x231e14), rgb(0x151e2c), rgb(0x1e1a2c), rgb(0x26191f), rgb(0x171c23), rgb(0x12241f)}
	}
	return [inks]color.NRGBA{paper: rgb(0xffffff), dark: rgb(0x17202b), middling: rgb(0x566374), faint: rgb(0xa9b4c1), border: rgb(0x8996a6),
		headFill: rgb(0xf2f5f9), askInk: rgb(0x1559b3), replyInk: rgb(0x0b6b5d), badInk: rgb(0xb3201a), lostInk: rgb(0x8f5200), lostFill: rgb(0xfff3d9),
		secretInk: rgb(0x8a4b00), safeInk: rgb(0x217346), safeFill: rgb(0xdcefe3), onInk: rgb(0xffffff),
		bandInk: rgb(0x566374), rgb(0x566374), rgb(0x83540a), rgb(0x2a5b9c), rgb(0x5a40a0), rgb(0x94305a), rgb(0x566374), rgb(0x0b6b5d),
		bandFill: rgb(0xf4f6f8), rgb(0xf4f6f8), rgb(0xfdf6e9), rgb(0xedf4fc), rgb(0xf5f2fc), rgb(0xfcf1f5), rgb(0xf4f6f8), rgb(0xedf7f4)}
}

func rgb(v uint32) color.NRGBA { return color.NRGBA{byte(v >> 16), byte(v >> 8), byte(v), 0xff} }
