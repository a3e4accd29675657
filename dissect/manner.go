package dissect

import (
	"bytes"

	"posta/story"
)

// manner looks at mail data as they were sent, in pieces: at CRs and LFs that
// stand alone, and at dots between them that a careless server takes for the
// end of the data. The dot that is one is passed over.
type manner struct {
	story.Sent
	line  int     // octets of the line under way
	cr    bool    // the octet before was a CR
	begun bool    // not the first line
	end   lineEnd // of the line before
	dot   dotLine
	which *story.Lookalike // whose line behind is under way
	last  bool             // nothing came behind the last one
	at    story.Moment
}

type lineEnd uint8

const (
	noEnd lineEnd = iota
	crlf
	loneLF
	loneCR
)

func (e lineEnd) String() string { return [...]string{"", "\r\n", "\n", "\r"}[e] }

// dotLine is how far a line is a dot and nothing else.
type dotLine uint8

const (
	atBegin dotLine = iota
	atDot
	noDot
)

// told gives what was found, and begins anew.
func (s *manner) told() story.Sent {
	out := s.Sent
	if s.last {
		out.Lookalikes[len(out.Lookalikes)-1].Ended = true
	}
	*s = manner{}
	return out
}

// scan takes the next octets.
func (s *manner) scan(p []byte, at story.Moment) {
	s.at = at
	for len(p) > 0 {
		if s.cr {
			s.cr = false
			if p[0] == '\n' {
				s.ended(crlf)
				p = p[1:]
				continue
			}
			s.ended(loneCR)
		}
		n := bytes.IndexAny(p, "\r\n")
		if n < 0 {
			s.inside(p)
			return
		}
		s.inside(p[:n])
		if s.cr = p[n] == '\r'; !s.cr {
			s.ended(loneLF)
		}
		p = p[n+1:]
	}
}

// inside takes octets of a line.
func (s *manner) inside(p []byte) {
	if len(p) == 0 {
		return
	}
	s.line, s.last = s.line+len(p), false
	s.Longest = max(s.Longest, s.line)
	if s.dot == atBegin && len(p) == 1 && p[0] == '.' {
		s.dot = atDot
	} else {
		s.dot = noDot
	}
	if w := s.which; w != nil {
		w.Behind += string(p[:min(len(p), story.MaxBehind-len(w.Behind))])
	}
}

// ended ends a line.
func (s *manner) ended(e lineEnd) {
	if e != crlf {
		s.Bare++
	}
	s.last = false
	before := s.end
	if !s.begun {
		before = crlf // of DATA's own line
	}
	if s.which != nil && s.line > 0 {
		s.which = nil
	}
	if s.dot == atDot && (before != crlf || e != crlf) && len(s.Lookalikes) < story.MaxLookalikes {
		s.Lookalikes = append(s.Lookalikes, story.Lookalike{Ends: before.String() + "." + e.String(), At: s.at})
		s.which, s.last = &s.Lookalikes[len(s.Lookalikes)-1], true
	}
	s.line, s.dot, s.end, s.begun = 0, atBegin, e, true
}
