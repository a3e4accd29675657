// Package talk holds the .talk format: a transcript of one or several
// connections that is a test of the server, a script for the client, and what
// "save this session" writes. It parses, prints and plays transcripts.
//
// It refuses to know how a server is built: it is given a Host. It knows no
// mailbox format and no store. docs/testing.md describes the format for its
// writers. Start reading at File, then Runner in run.go.
package talk

import (
	"bytes"
	"fmt"
	"strings"
)

// Op is what a line of a transcript's body does.
type Op uint8

const (
	Blank   Op = iota + 1 // an empty line
	Comment               // "# …"
	Send                  // "C: …" the client sends a line
	With                  // "C| …" the same write as the line before goes on
	Keys                  // "C~ …" sent octet by octet
	Expect                // "S: …" the server sends this line next
	Joined                // "S| …" and this one came in the same write
	Any                   // "S* …" one line of this reply, in any order
	Not                   // "S! …" no line of this reply
	Line                  // "M: …" the next line of the message
	Later                 // "M~ …" a later line of the message
	Never                 // "M! …" no line of the message
	Do                    // an action: "connect smtp", "wait 5m"
)

// Step is one line of a transcript's body.
type Step struct {
	Op   Op
	Conn string // the connection's name; "" is the first
	Text string // as written, escapes included
	Line int    // in the file, from 1
}

// Field is one line of the header. A comment has the Key "#".
type Field struct {
	Key, Value string
	Line       int
}

// File is a transcript.
type File struct {
	Header []Field
	Steps  []Step
}

// marks are the two characters that stand around a connection's name.
var marks = [...]struct {
	op      Op
	who, by byte
}{
	{Send, 'C', ':'}, {With, 'C', '|'}, {Keys, 'C', '~'},
	{Expect, 'S', ':'}, {Joined, 'S', '|'}, {Any, 'S', '*'}, {Not, 'S', '!'},
	{Line, 'M', ':'}, {Later, 'M', '~'}, {Never, 'M', '!'},
}

// Value gives the last header value of a key, or fallback.
func (f *File) Value(key, fallback string) string {
	for _, h := range f.Header {
		if h.Key == key {
			fallback = h.Value
		}
	}
	return fallback
}

// Requirements gives the ids that the transcript's "# rfc:" comments name.
func (f *File) Requirements() []string {
	var ids []string
	add := func(comment string) {
		rest, ok := strings.CutPrefix(comment, "rfc:")
		if !ok {
			return
		}
		ids = append(ids, strings.Fields(strings.ReplaceAll(rest, ",", " "))...)
	}
	for _, h := range f.Header {
		if h.Key == "#" {
			add(h.Value)
		}
	}
	for _, s := range f.Steps {
		if s.Op == Comment {
			add(s.Text)
		}
	}
	return ids
}

// Ways says how the transcript is to be played; "lines" when it does not say.
func (f *File) Ways() []Way {
	var ways []Way
	for _, w := range strings.Fields(f.Value("ways", "lines")) {
		ways = append(ways, Way(w))
	}
	return ways
}

// Format prints a transcript in its canonical form; what it prints parses back
// to an equal File.
func Format(f *File) []byte {
	var b bytes.Buffer
	for _, h := range f.Header {
		switch {
		case h.Key == "#":
			comment(&b, h.Value)
		case h.Value == "":
			fmt.Fprintf(&b, "%s:\n", h.Key)
		default:
			fmt.Fprintf(&b, "%s: %s\n", h.Key, h.Value)
		}
	}
	b.WriteByte('\n')
	for _, s := range f.Steps {
		formatStep(&b, s)
	}
	return b.Bytes()
}

func formatStep(b *bytes.Buffer, s Step) {
	switch s.Op {
	case Blank:
	case Comment:
		comment(b, s.Text)
		return
	case Do:
		b.WriteString(s.Text)
	default:
		for _, m := range marks {
			if m.op == s.Op {
				fmt.Fprintf(b, "%c%s%c", m.who, s.Conn, m.by)
			}
		}
		if s.Text != "" {
			b.WriteString(" " + s.Text)
		}
	}
	b.WriteByte('\n')
}

func comment(b *bytes.Buffer, text string) {
	b.WriteByte('#')
	if text != "" {
		b.WriteString(" " + text)
	}
	b.WriteByte('\n')
}
