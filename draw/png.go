package draw

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// A picture is this many pixels a point of the drawing, or fewer, so that it has
// no more than this many pixels.
const (
	usualScale = 2
	maxPixels  = 16 << 20
)

// PNG writes the diagram as one picture.
func (d *Diagram) PNG(w io.Writer, t Theme) error {
	l, err := newLayout(d)
	if err != nil {
		return err
	}
	p := l.pages(0)[0]
	scale := min(usualScale, math.Sqrt(maxPixels/(p.w*p.h)))
	r := raster{l: l, scale: scale, colours: t.colours()}
	r.to = image.NewRGBA(image.Rect(0, 0, int(math.Ceil(p.w*scale)), int(math.Ceil(p.h*scale))))
	draw.Draw(r.to, r.to.Bounds(), image.NewUniform(r.colours[paper]), image.Point{}, draw.Src)
	for i := range p.shapes {
		r.shape(&p.shapes[i])
	}
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	if p.w*p.h*scale*scale < maxPixels/2 {
		e.CompressionLevel = png.DefaultCompression
	}
	return e.Encode(w, r.to)
}

// raster paints shapes as pixels.
type raster struct {
	l       *layout
	to      *image.RGBA
	scale   float64
	colours [inks]color.NRGBA
	v       vector.Rasterizer
}

func (r *raster) shape(s *shape) {
	switch s.form {
	case rectangle:
		r.rectangle(s)
	case line:
		r.line(s)
	case polygon:
		r.fill(s.fill, func(o *outline) { o.closed(s.points) })
	case text:
		r.text(s)
	}
}

func (r *raster) rectangle(s *shape) {
	if s.fill != none {
		r.fill(s.fill, func(o *outline) { o.round(s.at.x, s.at.y, s.w, s.h, s.round, false) })
	}
	if s.stroke != none {
		half := s.thick / 2
		r.fill(s.stroke, func(o *outline) {
			o.round(s.at.x-half, s.at.y-half, s.w+s.thick, s.h+s.thick, s.round+half, false)
			o.round(s.at.x+half, s.at.y+half, s.w-s.thick, s.h-s.thick, max(0, s.round-half), true)
		})
	}
}

func (r *raster) line(s *shape) {
	a, b := s.points[0], s.points[1]
	long := math.Hypot(b.x-a.x, b.y-a.y)
	if long == 0 {
		return
	}
	ux, uy := (b.x-a.x)/long, (b.y-a.y)/long
	nx, ny := -uy*s.thick/2, ux*s.thick/2
	piece, step := long, long
	if s.dash > 0 {
		piece, step = s.dash, s.dash*1.7
	}
	r.fill(s.stroke, func(o *outline) {
		for at := 0.0; at < long; at += step {
			from, to := at, min(at+piece, long)
			p, q := point{a.x + ux*from, a.y + uy*from}, point{a.x + ux*to, a.y + uy*to}
			o.closed([]point{{p.x + nx, p.y + ny}, {q.x + nx, q.y + ny}, {q.x - nx, q.y - ny}, {p.x - nx, p.y - ny}})
		}
	})
}

// text paints the outlines of its characters.
func (r *raster) text(s *shape) {
	x := s.at.x
	switch s.anchor {
	case atMiddle:
		x -= r.l.runs(s.text) / 2
	case atEnd:
		x -= r.l.runs(s.text)
	}
	for _, one := range s.text {
		font := r.l.f.all[one.face]
		ppem := fixed.Int26_6(font.UnitsPerEm())
		unit := one.size / float64(ppem)
		r.fill(one.ink, func(o *outline) {
			for _, c := range one.text {
				wide := r.l.f.advance(one.face, c)
				if wide < 0 {
					c, wide = r.l.f.instead(one.face), missingWidth
				}
				glyph, err := font.GlyphIndex(&r.l.f.buf, c)
				if err != nil {
					glyph = 0
				}
				segments, err := font.LoadGlyph(&r.l.f.buf, glyph, ppem, nil)
				if err == nil {
					o.glyph(segments, x, s.at.y, unit)
				}
				x += wide * one.size
			}
		})
	}
}
