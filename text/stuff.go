package text

import (
	"bytes"
	"io"
)

// Stuffer is a writer that doubles the dot at the beginning of a line, as mail
// data (RFC 5321 §4.5.2) and POP3's multi-line responses (RFC 1939 §3) need
// it, and changes nothing else. A line begins at the start and after CRLF. The
// final dot is the caller's.
type Stuffer struct {
	W     io.Writer
	where place
}

type place uint8

const (
	lineStart place = iota
	within
	afterCR
)

// Write writes p with its dots doubled. n counts octets of p.
func (s *Stuffer) Write(p []byte) (n int, err error) {
	done := 0 // octets of p written
	for i := 0; i < len(p); {
		if s.where == lineStart && p[i] == '.' {
			if _, err := s.W.Write(p[done : i+1]); err != nil {
				return done, err
			}
			done = i // the dot goes out a second time with what follows
		}
		i = s.advance(p, i)
	}
	if done < len(p) {
		if _, err := s.W.Write(p[done:]); err != nil {
			return done, err
		}
	}
	return len(p), nil
}

// advance goes from octet i to the next beginning of a line, or to the end.
func (s *Stuffer) advance(p []byte, i int) int {
	if s.where == afterCR && p[i] == '\n' {
		s.where = lineStart
		return i + 1
	}
	s.where = within
	if j := bytes.Index(p[i:], []byte("\r\n")); j >= 0 {
		s.where = lineStart
		return i + j + 2
	}
	if p[len(p)-1] == '\r' {
		s.where = afterCR
	}
	return len(p)
}
