package draw

import (
	"math"
	"strconv"
)

// step makes the block of a step.
func (l *layout) step(band, n int) {
	s := &l.d.steps[n]
	switch {
	case s.packet:
		l.packet(band, n, s)
	case s.kind == arrow:
		l.arrow(band, n, s)
	case s.kind == pause:
		l.pause(band, n, s)
	default:
		l.box(band, n, s)
	}
}

// inkOf is the colour of a step.
func (l *layout) inkOf(s *step) ink {
	switch s.tone {
	case asked:
		return askInk
	case replied:
		return replyInk
	case bad:
		return badInk
	case lost:
		return lostInk
	case quiet:
		if s.cipher {
			return safeInk
		}
	}
	return middling
}

// label is a step's text in lines of runs.
func (l *layout) label(s *step, room float64) [][]run {
	ink := dark
	head := ink
	switch s.tone {
	case bad, lost:
		ink, head = l.inkOf(s), l.inkOf(s)
	case asked, replied:
		head = l.inkOf(s)
	}
	if s.cipher {
		head = safeInk
	}
	headFace, restFace := bold, mono
	if s.mail || s.cipher || s.remark || s.tone == lost || s.kind == arrow && s.phase == 0 {
		headFace, restFace = sansBold, sans
	}
	text := s.rest
	if s.mail && text != "" {
		s := ": "
		text = s + text
	} else if s.head != "" && text != "" {
		text = " " + text
	}
	whole := []run{{s.head, headFace, lineSize, head}, {text, restFace, lineSize, ink}}
	if s.more != "" {
		whole = append(whole, run{"  " + s.more, sans, underSize, middling})
	}
	return l.wrapRuns(whole, room, 3)
}

// wrapRuns breaks runs into lines.
func (l *layout) wrapRuns(all []run, room float64, most int) (lines [][]run) {
	joined, faces := "", []run{}
	for _, r := range all {
		for range []rune(r.text) {
			faces = append(faces, r)
		}
		joined += r.text
	}
	at := 0 // of the line in joined, in characters
	width := func(text string) (w float64) {
		for i, r := range []rune(text) {
			f := faces[min(at+i, len(faces)-1)]
			w += l.f.width(f.face, f.size, string(r))
		}
		return w
	}
	rest := joined
	for len(rest) > 0 {
		broken := breakLines(rest, 2, func(s string) bool { return width(s) <= room })
		text := broken[0]
		if len(lines) == most-1 {
			text = breakLines(rest, 1, func(s string) bool { return width(s) <= room })[0]
		}
		runes := []rune(text)
		var line []run
		for i, r := range runes {
			f := faces[min(at+i, len(faces)-1)]
			if n := len(line); n > 0 && line[n-1].face == f.face && line[n-1].ink == f.ink && line[n-1].size == f.size {
				line[n-1].text += string(r)
				continue
			}
			line = append(line, run{string(r), f.face, f.size, f.ink})
		}
		lines = append(lines, line)
		if len(lines) == most || len(broken) == 1 {
			return lines
		}
		left := []rune(rest)
		used := len(runes)
		for used < len(left) && left[used] == ' ' {
			used++
		}
		at += used
		rest = string(left[used:])
	}
	return lines
}

// arrow makes the block of an arrow: its text above, at the side of who speaks;
// what is to be known of it beneath.
func (l *layout) arrow(band, n int, s *step) {
	from, to := l.x[s.from], l.x[s.to]
	lane := math.Abs(to - from)
	signs := l.signs(s)
	room := lane - 2*inset - 22*float64(len(signs)) - 6
	if s.group > 0 {
		room -= 24
	}
	lines := l.label(s, room)
	drop := 0.0
	if s.group > 0 {
		drop = slope
	}
	line := 3 + lineHigh*float64(len(lines)) + 4
	var beneath []string
	var tones []tone
	for _, u := range s.under {
		for _, text := range breakLines(u.text, 3, func(t string) bool { return l.f.width(sans, underSize, t) <= lane-2*inset-20 }) {
			beneath, tones = append(beneath, text), append(tones, u.tone)
		}
	}
	h := line + drop + 9
	if len(beneath) > 0 {
		h = line + max(drop-6, 0) + underHigh*float64(len(beneath)) + 11
	}
	l.blocks = append(l.blocks, block{h: h, step: n, band: band, line: line, draw: func(p *page, y float64) {
		l.time(p, y+line+4, s)
		l.shaft(p, s, from, to, y+line, y+line+drop)
		l.text(p, s, signs, lines, y)
		l.under(p, s, beneath, tones, y+line+max(drop-6, 0))
	}})
}

// text sets the lines of a step's label.
func (l *layout) text(p *page, s *step, signs []func(p *page, x, y float64), lines [][]run, y float64) {
	from, toRight := l.x[s.from], l.x[s.from] < l.x[s.to]
	in := inset
	if s.group > 0 {
		in += 22
	}
	for i, runs := range lines {
		at := y + 3 + lineHigh*float64(i) + 15
		if toRight {
			x := from + in
			if i == 0 {
				for _, sign := range signs {
					sign(p, x+9, at-5)
					x += 24
				}
			}
			l.say(p, s, x, at, atStart, runs...)
			continue
		}
		x := from - in
		l.say(p, s, x, at, atEnd, runs...)
		if i == 0 {
			x -= l.runs(runs) + 8
			for k := len(signs) - 1; k >= 0; k-- {
				signs[k](p, x-9, at-5)
				x -= 24
			}
		}
	}
}

func (l *layout) under(p *page, s *step, lines []string, tones []tone, y float64) {
	for i, text := range lines {
		ink := middling
		switch tones[i] {
		case secret:
			ink = secretInk
		case plain:
			ink = dark
		}
		at := y + underHigh*float64(i) + 17
		if l.x[s.from] < l.x[s.to] {
			l.say(p, s, l.x[s.from]+inset, at, atStart, run{text, sans, underSize, ink})
		} else {
			l.say(p, s, l.x[s.from]-inset, at, atEnd, run{text, sans, underSize, ink})
		}
	}
}

// time sets when a step began, and of which session it is, where another one came between.
func (l *layout) time(p *page, y float64, s *step) {
	if s.again && l.d.numbered() {
		l.badge(p, clockEnd+18, y-4.5, l.d.labels[s.session].Number, bandInk+ink(s.phase), false)
	}
	if !l.d.o.NoTimes && !s.untimed {
		p.say(clockEnd, y, atEnd, run{clock(s.at), mono, smallMono, middling})
	}
}

// shaft draws the arrow itself.
func (l *layout) shaft(p *page, s *step, from, to, y, y2 float64) {
	i := l.inkOf(s)
	thick, dash := 1.8, 0.0
	if s.mail {
		thick = 3.4
	}
	if s.tone == replied || s.tone == bad {
		dash = 7
	}
	if s.tone == lost || s.cipher || s.tone == quiet {
		dash = 3
	}
	if s.mail {
		dash = 0
	}
	if s.packet {
		thick, dash = 0.9, 0
	}
	way := 1.0
	if to < from {
		way = -1
	}
	beside := 1.0
	if s.inside {
		beside = 2
	}
	from, to = from+way*beside, to-way*beside
	angle := math.Atan2(y2-y, math.Abs(to-from))
	long, broad := 12.0, 5.2
	if s.mail {
		long, broad = 14, 7
	}
	if s.packet {
		long, broad = 8, 3.2
	}
	turn := func(dx, dy float64) point { // along the shaft, from its tip
		return point{to + way*(dx*math.Cos(angle)-dy*math.Sin(angle)), y2 + dx*math.Sin(angle) + dy*math.Cos(angle)}
	}
	foot := turn(-long+1, 0)
	p.line(from, y, foot.x, foot.y, thick, i, dash)
	p.polygon(i, turn(0, 0), turn(-long, -broad), turn(-long, broad))
	if s.group > 0 {
		at := turn(0, 0)
		at.x, at.y = from+way*23, y+23*math.Tan(angle)
		l.badge(p, at.x, y-12, strconv.Itoa(s.mark), i, false)
	}
}

// box makes the block of a note, of TLS, or of what is not drawn.
func (l *layout) box(band, n int, s *step) {
	left, right := l.x[min(s.from, s.to)], l.x[max(s.from, s.to)]
	fill, edgeInk, headInk := paper, border, dark
	signs := 0.0
	switch {
	case s.kind == secure:
		fill, edgeInk, headInk, signs = paper, safeInk, safeInk, 24
	case s.tone == lost:
		fill, edgeInk, headInk, signs = lostFill, lostInk, lostInk, 24
	}
	runs := []run{{s.head, sansBold, lineSize, headInk}, {s.rest, sans, lineSize, dark}}
	if s.head != "" && s.rest != "" {
		runs[1].text = "  " + s.rest
	}
	lines := l.wrapRuns(runs, right-left-80-signs, 3)
	var beneath []string
	for _, u := range s.under {
		beneath = append(beneath, breakLines(u.text, 2, func(t string) bool { return l.f.width(sans, underSize, t) <= right-left-80 })...)
	}
	wide := 0.0
	for _, r := range lines {
		wide = max(wide, l.runs(r)+signs)
	}
	for _, text := range beneath {
		wide = max(wide, l.f.width(sans, underSize, text))
	}
	high := 12 + lineHigh*float64(len(lines)) + underHigh*float64(len(beneath))
	l.blocks = append(l.blocks, block{h: high + 16, step: n, band: band, line: high / 2, draw: func(p *page, y float64) {
		middleX := (left + right) / 2
		if s.kind != folded {
			l.time(p, y+8+high/2+4, s)
		}
		p.rect(middleX-wide/2-20, y+8, wide+40, high, 7, fill, edgeInk)
		at := y + 8 + 6 + 15
		for i, r := range lines {
			x := middleX - l.runs(r)/2
			if i == 0 && signs > 0 {
				x += signs / 2
				if s.kind == secure {
					l.lock(p, x-15, at-5)
				} else {
					l.warning(p, x-15, at-5)
				}
			}
			p.say(x, at, atStart, r...)
			at += lineHigh
		}
		at -= 2
		for _, text := range beneath {
			p.say(middleX, at, atMiddle, run{text, sans, underSize, middling})
			at += underHigh
		}
	}})
}

// packet makes the block of a segment: thin and small, so that what is said stands out.
func (l *layout) packet(band, n int, s *step) {
	from, to := l.x[s.from], l.x[s.to]
	said := []run{{s.head, mono, smallMono, middling}, {"  " + s.rest, mono, smallMono, middling}}
	if s.more != "" {
		said = append(said, run{"  " + s.more, sans, smallMono, lostInk})
	}
	l.blocks = append(l.blocks, block{h: 25, step: n, band: band, line: 19, draw: func(p *page, y float64) {
		l.time(p, y+23, s)
		l.shaft(p, s, from, to, y+19, y+19)
		middleX := (from + to) / 2
		l.say(p, s, middleX, y+14, atMiddle, said...)
	}})
}

// pause makes the block of a time in which nothing happened.
func (l *layout) pause(band, n int, s *step) {
	l.blocks = append(l.blocks, block{h: 30, step: n, band: band, draw: func(p *page, y float64) {
		at := y + 15
		back := paper
		if s.session >= 0 {
			back = bandFill + ink(s.phase)
		}
		for i := range l.d.actors {
			p.rect(l.x[i]-7, at-5, 14, 10, 0, back, none)
			p.line(l.x[i]-6, at-2, l.x[i]+6, at-7, 1.6, faint, 0)
			p.line(l.x[i]-6, at+7, l.x[i]+6, at+2, 1.6, faint, 0)
		}
		p.line(clockEnd+8, at, l.w-edge-10, at, 1.4, faint, 2)
		p.say(clockEnd, at+4.5, atEnd, run{"+ " + s.rest, sansBold, roleSize, middling})
	}})
}
