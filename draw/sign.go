package draw

// signs are what stands before a label.
func (l *layout) signs(s *step) (all []func(p *page, x, y float64)) {
	if s.tone == bad {
		all = append(all, l.cross)
	}
	if s.tone == lost {
		all = append(all, l.warning)
	}
	if s.cipher {
		all = append(all, l.lock)
	}
	if s.mail {
		all = append(all, func(p *page, x, y float64) { l.envelope(p, x, y, l.inkOf(s)) })
	}
	if s.letter != "" {
		all = append(all, func(p *page, x, y float64) { l.badge(p, x, y, s.letter, l.inkOf(s), false) })
	}
	return all
}

// cross is the sign of a refusal.
func (l *layout) cross(p *page, x, y float64) {
	p.rect(x-8.5, y-8.5, 17, 17, 8.5, badInk, none)
	p.line(x-3.6, y-3.6, x+3.6, y+3.6, 2.2, onInk, 0)
	p.line(x-3.6, y+3.6, x+3.6, y-3.6, 2.2, onInk, 0)
}

// warning is the sign of what is missing.
func (l *layout) warning(p *page, x, y float64) {
	p.polygon(lostInk, point{x, y - 9}, point{x + 10, y + 8}, point{x - 10, y + 8})
	p.line(x, y-3, x, y+2.5, 2.2, onInk, 0)
	p.line(x, y+4, x, y+6.2, 2.2, onInk, 0)
}

// lock is the sign of TLS.
func (l *layout) lock(p *page, x, y float64) {
	p.rect(x-4.2, y-8.5, 8.4, 12, 4.2, none, safeInk)
	p.shapes[len(p.shapes)-1].thick = 2
	p.rect(x-7, y-2, 14, 10, 2, safeInk, none)
}

// envelope is the sign of a message.
func (l *layout) envelope(p *page, x, y float64, i ink) {
	p.rect(x-9.5, y-6.5, 19, 13, 1.5, paper, i)
	p.shapes[len(p.shapes)-1].thick = 1.6
	p.line(x-9, y-5.5, x, y+1.5, 1.6, i, 0)
	p.line(x, y+1.5, x+9, y-5.5, 1.6, i, 0)
}
