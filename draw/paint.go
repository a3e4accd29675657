package draw

// fill paints blocks onto a page: first what lies behind, the bands, what is
// inside TLS, the lifelines; then the blocks.
func (l *layout) fill(p *page, top, y float64, at, end int, continued bool) {
	tops := make([]float64, 0, end-at+1)
	for _, b := range l.blocks[at:end] {
		tops = append(tops, y)
		y += b.h
	}
	tops = append(tops, y)
	stretch := func(of func(b *block) int, paint func(first, after int, y, y2 float64)) {
		for i := at; i < end; {
			first, what := i, of(&l.blocks[i])
			for i < end && of(&l.blocks[i]) == what {
				i++
			}
			if what >= 0 {
				paint(first, i, tops[first-at], tops[i-at])
			}
		}
	}
	stretch(func(b *block) int { return b.band }, func(first, after int, y, y2 float64) {
		band := &l.bands[l.blocks[first].band]
		if band.session < 0 {
			return
		}
		if first == at && continued {
			y -= bandHigh
		}
		p.rect(edge, y, l.w-2*edge, y2-y, 7, bandFill+ink(band.phase), none)
	})
	stretch(func(b *block) int { return b.safe - 1 }, func(first, after int, y, y2 float64) {
		ends := l.ends(&l.blocks[first])
		left, right := l.x[min(ends[0], ends[1])], l.x[max(ends[0], ends[1])]
		p.rect(left, y, right-left, y2-y, 0, safeFill, none)
	})
	for i := range l.d.actors {
		p.line(l.x[i], top, l.x[i], y, 1.6, faint, 0)
	}
	stretch(func(b *block) int { return b.safe - 1 }, func(first, after int, y, y2 float64) {
		for _, a := range l.ends(&l.blocks[first]) {
			p.line(l.x[a], y, l.x[a], y2, 4, safeInk, 0)
		}
	})
	if continued {
		l.bandName(p, tops[0]-bandHigh, l.blocks[at].band, true)
	}
	for i := at; i < end; i++ {
		l.blocks[i].draw(p, tops[i-at])
	}
	l.brackets(p, at, end, tops)
	l.height = y + edge
}

// secure finds what is inside TLS; what stands between two steps inside is, too.
func (l *layout) secure() {
	last := -1 // the block of the step before
	for i := range l.blocks {
		b := &l.blocks[i]
		if b.step < 0 {
			continue
		}
		if s := &l.d.steps[b.step]; s.inside && s.session >= 0 {
			b.safe = s.session + 1
		}
		for k := last + 1; last >= 0 && l.blocks[last].safe == b.safe && k < i; k++ {
			l.blocks[k].safe = b.safe
		}
		last = i
	}
}

// ends are the actors of the session inside whose TLS a block is.
func (l *layout) ends(b *block) [2]int { return l.d.sessions[b.safe-1].ends }

// groupHigh is how high a pipelined group may be that is not cut.
const groupHigh = 420

// together keeps the arrows that left together on one page.
func (l *layout) together() {
	for i := 0; i < len(l.blocks); {
		last, n := l.group(i, len(l.blocks))
		high := 0.0
		for _, b := range l.blocks[i : last+1] {
			high += b.h
		}
		for k := i; n > 1 && high <= groupHigh && k < last; k++ {
			l.blocks[k].keep = true
		}
		i = last + 1
	}
}

// group gives the last block of the pipelined group that begins with a block, and of
// how many arrows it is: none where it begins none.
func (l *layout) group(at, end int) (last, n int) {
	b := &l.blocks[at]
	if b.step < 0 || l.d.steps[b.step].group == 0 {
		return at, 0
	}
	s := &l.d.steps[b.step]
	last, n = at, 1
	for i := at + 1; i < end && (l.blocks[i].step < 0 || l.goesOn(s, &l.d.steps[l.blocks[i].step], n)); i++ {
		if l.blocks[i].step >= 0 {
			last, n = i, n+1
		}
	}
	return last, n
}

// brackets join the arrows that left together.
func (l *layout) brackets(p *page, at, end int, tops []float64) {
	for i := at; i < end; {
		from := i
		last, n := l.group(from, end)
		i = last + 1
		if n < 2 {
			continue
		}
		s := &l.d.steps[l.blocks[from].step]
		y, y2 := tops[from-at]+l.blocks[from].line, tops[last-at]+l.blocks[last].line
		x, out, a := l.x[s.from]-15, -6.0, atEnd
		if s.from > s.to {
			x, out, a = l.x[s.from]+15, 6, atStart
		}
		p.line(x, y, x, y2, 1.6, l.inkOf(s), 0)
		p.line(x, y, x-out, y, 1.6, l.inkOf(s), 0)
		p.line(x, y2, x-out, y2, 1.6, l.inkOf(s), 0)
		if s.tone == asked {
			lines := breakLines(l.d.groupName(s.group), 3, func(t string) bool { return l.f.width(sans, roleSize, t) <= 86 })
			ty := y + 5 // beside the first, where no band's name is
			if s.again {
				ty += 18
			}
			for _, text := range lines {
				p.say(x+out, ty, a, run{text, sans, roleSize, middling})
				ty += 16
			}
		}
	}
}

// goesOn says that a step belongs to the group of another, n steps before it.
func (l *layout) goesOn(first, s *step, n int) bool {
	return s.group == first.group && s.session == first.session && s.from == first.from && s.mark == first.mark+n
}

// say sets a step's text. A lifeline that would run through it is interrupted.
func (l *layout) say(p *page, s *step, x, y float64, a anchor, runs ...run) {
	left, wide, high := x, l.runs(runs), 0.0
	switch a {
	case atMiddle:
		left -= wide / 2
	case atEnd:
		left -= wide
	}
	for _, r := range runs {
		high = max(high, r.size)
	}
	back := bandFill + ink(s.phase)
	if s.inside {
		back = safeFill
	}
	for i, at := range l.x {
		if i != s.from && i != s.to && at > left-4 && at < left+wide+4 {
			p.rect(at-2.5, y-high, 5, high*1.3, 0, back, none)
		}
	}
	p.say(x, y, a, runs...)
}
