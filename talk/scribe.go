package talk

import (
	"bytes"
	"fmt"
	"strings"
)

// Scribe writes a transcript down while it happens. What it gives can be played
// against the same server: replies are held to their codes alone, because
// their words name times and numbers that will be others; what was really
// said stands beside them as comments.
type Scribe struct {
	file  File
	after bool // the last step was sent: more of it is the same write
	heard int  // octets of the comments so far, and what holds them
}

// What a server says is not the person's to bound: a line is cut off, and when
// there is too much, only what is expected of it is written.
const (
	maxComment  = 2 << 10   // octets of one
	maxComments = 256 << 10 // of all
)

// NewScribe begins a transcript with comments.
func NewScribe(comments ...string) *Scribe {
	s := &Scribe{}
	for _, c := range comments {
		s.file.Header = append(s.file.Header, Field{Key: "#", Value: oneLine([]byte(c))})
	}
	s.file.Header = append(s.file.Header, Field{Key: "engine", Value: "server"})
	return s
}

// Do writes an action: "connect smtp", "tls", "closed".
func (s *Scribe) Do(action string) {
	s.add(Do, action)
	s.after = false
}

// Line writes a line that was sent. Lines of one write follow one another.
func (s *Scribe) Line(line []byte) { s.text(Literal(line)) }

// Octets writes octets that were sent as they are, without a line's end.
func (s *Scribe) Octets(p []byte) { s.text(Literal(p) + `\`) }

// Call writes a line that a function makes anew at each play, "$scram(a,b)",
// behind what goes before it.
func (s *Scribe) Call(before []byte, call string) { s.text(Literal(before) + call) }

func (s *Scribe) text(text string) {
	op := Send
	if s.after {
		op = With
	}
	s.add(op, text)
	s.after = true
}

// Reply writes lines that the server said, and what is expected for them: of
// SMTP "{code 250 2.1.0}", of POP3 "{ok}", or a pattern.
func (s *Scribe) Reply(said [][]byte, expect string) {
	for _, line := range said {
		s.comment(line)
	}
	s.add(Expect, expect)
	s.after = false
}

// Remark writes a comment.
func (s *Scribe) Remark(text string) { s.comment([]byte(text)) }

func (s *Scribe) comment(line []byte) {
	const step = 64 // about what one takes beside its text
	if s.heard >= maxComments {
		return
	}
	s.heard += step + min(len(line), maxComment)
	switch {
	case s.heard >= maxComments:
		s.add(Comment, "...")
	case len(line) > maxComment:
		s.add(Comment, oneLine(line[:maxComment])+"...")
	default:
		s.add(Comment, oneLine(line))
	}
}

func (s *Scribe) add(op Op, text string) {
	s.file.Steps = append(s.file.Steps, Step{Op: op, Text: text})
}

// Transcript gives the whole, checked to be one that can be played.
func (s *Scribe) Transcript() ([]byte, error) {
	out := Format(&s.file)
	if _, err := Parse(out); err != nil {
		return nil, fmt.Errorf("talk: what was said makes no transcript: %w", err)
	}
	return out, nil
}

// oneLine is text as a comment can hold it.
func oneLine(text []byte) string {
	text = bytes.ToValidUTF8(text, []byte("?"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, string(text)))
}

// Argument writes text as an argument of a function.
func Argument(text string) string {
	return strings.NewReplacer(",", `\,`, ")", `\)`).Replace(Literal([]byte(text)))
}
