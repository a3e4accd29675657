package main

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// safe writes text that a stranger wrote so that a terminal obeys none of it:
// control characters, and octets that are no UTF-8, stand as \x1b. A CRLF is
// a line end. It is for eyes; programs want the octets.
type safe struct {
	w    io.Writer
	rest []byte // of a character or a line end that came in pieces
	out  []byte
}

func newSafe(w io.Writer) *safe { return &safe{w: w} }

func (s *safe) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	if err := s.flush(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what waited for more.
func (s *safe) Close() error { return s.flush(true) }

func (s *safe) flush(last bool) error {
	text := s.rest
	s.out = s.out[:0]
	for len(text) > 0 {
		if !last && (!utf8.FullRune(text) || text[0] == '\r' && len(text) == 1) {
			break
		}
		text = text[s.one(text):]
	}
	s.rest = append(s.rest[:0], text...)
	_, err := s.w.Write(s.out)
	return err
}

// one writes the first character of text and gives its length.
func (s *safe) one(text []byte) int {
	r, n := utf8.DecodeRune(text)
	switch {
	case r == '\r' && len(text) > 1 && text[1] == '\n':
		s.out = append(s.out, '\n')
		return 2
	case r == '\t':
		s.out = append(s.out, '\t')
	case r == utf8.RuneError && n == 1:
		s.out = fmt.Appendf(s.out, `\x%02x`, text[0])
	case r < utf8.RuneSelf && !unicode.IsPrint(r):
		s.out = fmt.Appendf(s.out, `\x%02x`, r)
	case !unicode.IsPrint(r) && r <= 0xffff:
		s.out = fmt.Appendf(s.out, `\u%04x`, r)
	case !unicode.IsPrint(r):
		s.out = fmt.Appendf(s.out, `\U%08x`, r)
	default:
		s.out = append(s.out, text[:n]...)
	}
	return n
}

// plain says that a text is nothing but printable ASCII, as most are.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// printable is a short text made safe.
func printable(text string) string {
	if plain(text) {
		return text
	}
	s := safe{}
	for rest := []byte(text); len(rest) > 0; {
		n := s.one(rest)
		rest = rest[n:]
	}
	return string(s.out)
}
