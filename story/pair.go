package story

// Exchange is something that was asked and what was answered, or one of both:
// a greeting, a message that was fetched, the end.
type Exchange struct {
	Session *Session
	Asked   *Act // a Command, an Answer or Mail of the client; nil for none
	Told    *Act // a Reply or a Challenge, or an act that nobody asked for; nil while there is none
}

// Pairs makes exchanges of acts: give Take to Options.Out. An exchange comes
// when its reply has, so that pipelined commands come one by one; what has had
// no reply comes at the session's end.
type Pairs struct {
	out     func(Exchange)
	waiting map[uint64][]*Act
	count   int // of all that waits
}

// NewPairs makes Pairs.
func NewPairs(out func(Exchange)) *Pairs {
	return &Pairs{out: out, waiting: map[uint64][]*Act{}}
}

// Take takes the next act.
func (p *Pairs) Take(s *Session, a *Act) {
	waiting := p.waiting[s.Conn]
	switch {
	case a.Kind == Command || a.Kind == Answer || a.Kind == Mail && a.From == Client:
		if len(waiting) == maxWaiting || p.count >= maxWaitingAll && len(waiting) > 0 {
			p.out(Exchange{s, waiting[0], nil})
			waiting[0] = nil
			waiting = waiting[1:]
			p.count--
		}
		p.count++
		p.waiting[s.Conn] = append(waiting, a)
	case a.Kind == Reply || a.Kind == Challenge:
		e := Exchange{s, nil, a}
		if i := asking(waiting, a); i >= 0 {
			e.Asked = waiting[i]
			p.count--
			p.waiting[s.Conn] = append(waiting[:i:i], waiting[i+1:]...)
		}
		p.out(e)
	default:
		if a.Kind == Over {
			for _, one := range waiting {
				p.out(Exchange{s, one, nil})
			}
			p.count -= len(waiting)
			delete(p.waiting, s.Conn)
		}
		p.out(Exchange{s, nil, a})
	}
}

// asking finds what a reply answers: the command that it belongs to, or where
// that has had its 334 or 354, what followed it.
func asking(waiting []*Act, reply *Act) int {
	for i, one := range waiting {
		if one == reply.Re || reply.Re != nil && one.Re == reply.Re {
			return i
		}
	}
	if reply.Re == nil && len(waiting) > 0 {
		return 0
	}
	return -1
}
