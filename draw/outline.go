package draw

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/font/sfnt"
)

// outline collects paths, to be filled at once.
type outline struct {
	parts [][]piece
	low   point
	high  point
}

// piece is a step of a path: to a point, in a straight line or a curve.
type piece struct {
	op byte // 'M', 'L', 'Q', 'C'
	p  [3]point
}

func (o *outline) add(op byte, points ...point) {
	one := piece{op: op}
	copy(one.p[:], points)
	for _, p := range points {
		if len(o.parts) == 0 && op == 'M' {
			o.low, o.high = p, p
		}
		o.low = point{min(o.low.x, p.x), min(o.low.y, p.y)}
		o.high = point{max(o.high.x, p.x), max(o.high.y, p.y)}
		if op == 'M' {
			o.parts = append(o.parts, nil)
		}
	}
	o.parts[len(o.parts)-1] = append(o.parts[len(o.parts)-1], one)
}

func (o *outline) closed(points []point) {
	for i, p := range points {
		if i == 0 {
			o.add('M', p)
			continue
		}
		o.add('L', p)
	}
}

// round adds a rectangle with round corners; back says that it goes the other
// way round, and so cuts out of another one.
func (o *outline) round(x, y, w, h, r float64, back bool) {
	r = min(r, w/2, h/2)
	k := r * (1 - 0.5522847498) // of a quarter of a circle
	x2, y2 := x+w, y+h
	if back {
		o.add('M', point{x + r, y})
		o.add('C', point{x + k, y}, point{x, y + k}, point{x, y + r})
		o.add('L', point{x, y2 - r})
		o.add('C', point{x, y2 - k}, point{x + k, y2}, point{x + r, y2})
		o.add('L', point{x2 - r, y2})
		o.add('C', point{x2 - k, y2}, point{x2, y2 - k}, point{x2, y2 - r})
		o.add('L', point{x2, y + r})
		o.add('C', point{x2, y + k}, point{x2 - k, y}, point{x2 - r, y})
		return
	}
	o.add('M', point{x + r, y})
	o.add('L', point{x2 - r, y})
	o.add('C', point{x2 - k, y}, point{x2, y + k}, point{x2, y + r})
	o.add('L', point{x2, y2 - r})
	o.add('C', point{x2, y2 - k}, point{x2 - k, y2}, point{x2 - r, y2})
	o.add('L', point{x + r, y2})
	o.add('C', point{x + k, y2}, point{x, y2 - k}, point{x, y2 - r})
	o.add('L', point{x, y + r})
	o.add('C', point{x, y + k}, point{x + k, y}, point{x + r, y})
}

// glyph adds a character's outline; segments are in units of the font.
func (o *outline) glyph(segments sfnt.Segments, x, y, unit float64) {
	for _, s := range segments {
		at := func(i int) point { return point{x + float64(s.Args[i].X)*unit, y + float64(s.Args[i].Y)*unit} }
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			o.add('M', at(0))
		case sfnt.SegmentOpLineTo:
			o.add('L', at(0))
		case sfnt.SegmentOpQuadTo:
			o.add('Q', at(0), at(1))
		case sfnt.SegmentOpCubeTo:
			o.add('C', at(0), at(1), at(2))
		}
	}
}

// fill paints what a function outlines.
func (r *raster) fill(i ink, trace func(*outline)) {
	var o outline
	trace(&o)
	if len(o.parts) == 0 {
		return
	}
	bounds := image.Rect(int(math.Floor(o.low.x*r.scale))-1, int(math.Floor(o.low.y*r.scale))-1,
		int(math.Ceil(o.high.x*r.scale))+1, int(math.Ceil(o.high.y*r.scale))+1).Intersect(r.to.Bounds())
	if bounds.Empty() {
		return
	}
	r.v.Reset(bounds.Dx(), bounds.Dy())
	at := func(p point) (float32, float32) {
		return float32(p.x*r.scale - float64(bounds.Min.X)), float32(p.y*r.scale - float64(bounds.Min.Y))
	}
	for _, part := range o.parts {
		for _, one := range part {
			ax, ay := at(one.p[0])
			bx, by := at(one.p[1])
			cx, cy := at(one.p[2])
			switch one.op {
			case 'M':
				r.v.MoveTo(ax, ay)
			case 'L':
				r.v.LineTo(ax, ay)
			case 'Q':
				r.v.QuadTo(ax, ay, bx, by)
			case 'C':
				r.v.CubeTo(ax, ay, bx, by, cx, cy)
			}
		}
		r.v.ClosePath()
	}
	r.v.DrawOp = draw.Over
	r.v.Draw(r.to, bounds, image.NewUniform(r.colours[i]), image.Point{})
}
