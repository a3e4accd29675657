package text

import (
	"bytes"
	"io"
)

// Stuffer is a writer that doubles the dot at the beginning of a line, as mail
// data (RFC 5321 §4.5.2) and POP3's multi-line responses (RFC 1939 §3) need
// it, and changes nothing else: what Dot gave out becomes what Dot was fed. A
// line begins at the start and after CRLF, nowhere else. W should be buffered.
type Stuffer struct {
	W     io.Writer
	where place
	last  [5]byte // what is written besides content, without allocating
}

type place uint8

const (
	lineStart place = iota
	within
	afterCR
)

// Write writes p with its dots doubled. n counts octets of p.
func (s *Stuffer) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if s.where == lineStart && p[n] == '.' {
			s.where = within
			if _, err := s.W.Write(append(s.last[:0], '.')); err != nil {
				return n, err
			}
		}
		k := s.advance(p[n:])
		if _, err := s.W.Write(p[n : n+k]); err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

// End writes what ends the data: a CRLF if the content ended without one, and
// the final dot. The Stuffer is then at the start of other data.
func (s *Stuffer) End() error {
	end := s.last[:0]
	if s.where != lineStart {
		end = append(end, "\r\n"...)
	}
	s.where = lineStart
	_, err := s.W.Write(append(end, ".\r\n"...))
	return err
}

// advance says how many octets of p come before a dot that must be doubled.
func (s *Stuffer) advance(p []byte) int {
	if s.where == afterCR && p[0] == '\n' {
		s.where = lineStart
		return 1
	}
	s.where = within
	switch i := bytes.Index(p, []byte("\r\n.")); {
	case i >= 0:
		s.where = lineStart
		return i + 2
	case bytes.HasSuffix(p, []byte("\r\n")):
		s.where = lineStart
	case p[len(p)-1] == '\r':
		s.where = afterCR
	}
	return len(p)
}
