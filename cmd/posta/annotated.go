package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"posta/gloss"
	"posta/story"
)

// annotatedAct is a line of a session with what it means, as JSON has it.
type annotatedAct struct {
	place
	Kind    string          `json:"kind"`
	From    string          `json:"from,omitempty"`
	TLS     bool            `json:"tls,omitempty"`
	Line    string          `json:"line,omitempty"`
	More    []string        `json:"more,omitempty"`
	Size    int64           `json:"size"`
	Meaning string          `json:"meaning,omitempty"`
	Lines   []annotatedLine `json:"lines,omitempty"`
	Cites   []string        `json:"cites,omitempty"`
	Before  string          `json:"before,omitempty"`
	After   string          `json:"after,omitempty"`
}

// annotatedLine is a further line that means something by itself.
type annotatedLine struct {
	Line    string   `json:"line"`
	Meaning string   `json:"meaning"`
	Cites   []string `json:"cites,omitempty"`
}

// annotator writes the acts of sessions as they come, with what they mean.
type annotator struct {
	a     *app
	out   *bufio.Writer
	paint paint
	shown int
	err   error
}

func newAnnotator(a *app) *annotator {
	return &annotator{a: a, out: bufio.NewWriter(a.Out), paint: a.paint(a.Out)}
}

// kindOf is an act's kind as programs spell it; "" for what a transcript leaves out.
func kindOf(k story.Kind) string {
	switch k {
	case story.Command:
		return "command"
	case story.Answer:
		return "answer"
	case story.Greeting:
		return "greeting"
	case story.Reply:
		return "reply"
	case story.Challenge:
		return "challenge"
	case story.Mail:
		return "message"
	case story.List:
		return "list"
	case story.Stray:
		return "stray"
	case story.TLS:
		return "tls"
	case story.Cipher:
		return "ciphertext"
	case story.Gap:
		return "gap"
	case story.Note:
		return "note"
	case story.Turned:
		return "turned"
	case story.Over:
		return "over"
	}
	return ""
}

// said says that an act is of one of the sides.
func said(k story.Kind) bool {
	switch k {
	case story.TLS, story.Note, story.Turned, story.Over:
		return false
	}
	return true
}

// act writes one.
func (n *annotator) act(s *story.Session, act *story.Act) {
	if kindOf(act.Kind) == "" || n.err != nil {
		return
	}
	n.shown++
	line := n.a.annotated(s, act)
	if n.a.json {
		n.err = writeJSON(n.out, line)
		return
	}
	n.text(act, line)
}

func (a *app) annotated(s *story.Session, act *story.Act) *annotatedAct {
	g := gloss.Of(a.words, s, act)
	line := &annotatedAct{place: placeOf(s.Conn, s.Stream, act.At), Kind: kindOf(act.Kind), TLS: act.Secure, Line: act.Text, More: act.More,
		Size: act.Octets, Meaning: g.Meaning, Cites: g.Cites, Before: g.Before, After: g.After}
	if act.Kind == story.Over {
		line.Line = ended(a.words, act.Text)
	}
	if said(act.Kind) {
		line.From = [2]string{"client", "server"}[act.From&1]
	}
	for _, one := range g.Lines {
		if one.Meaning != "" {
			line.Lines = append(line.Lines, annotatedLine{one.Text, one.Meaning, one.Cites})
		}
	}
	return line
}

// text writes one for people: what was sent, and below it what it means.
func (n *annotator) text(act *story.Act, l *annotatedAct) {
	head := n.head(l)
	side := "  "
	switch l.From {
	case "client":
		side = n.paint.client("C:")
	case "server":
		side = n.paint.server("S:")
	}
	indent := strings.Repeat(" ", utf8.RuneCountInString(head)+1)
	line := func(text string) {
		n.write(head + " " + side + " " + printable(text) + "\n")
		head = strings.Repeat(" ", utf8.RuneCountInString(head))
	}
	means := map[string]annotatedLine{}
	for _, one := range l.Lines {
		means[one.Line] = one
	}
	switch {
	case act.Kind == story.Mail:
		n.message(act, line)
	case act.Kind == story.List:
	case l.Line != "":
		line(l.Line)
	default:
		n.write(strings.TrimRight(head+" "+side, " ") + "\n")
	}
	for _, more := range l.More {
		line(more)
		if m, ok := means[more]; ok {
			n.note(indent, m.Meaning, m.Cites)
		}
	}
	n.note(indent, l.Meaning, l.Cites)
	if l.After != l.Before && l.After != "" {
		n.note(indent, l.Before+" → "+l.After, nil)
	}
}

// head is what a line begins with: its frame and time.
func (n *annotator) head(l *annotatedAct) string {
	at := l.Time.Local().Format("15:04:05.000")
	if l.Frame != 0 {
		return fmt.Sprintf("%6d %s", l.Frame, at)
	}
	return at
}

// maxMessageLines is how much of a message a transcript shows.
const maxMessageLines = 20

// message writes the beginning of one.
func (n *annotator) message(act *story.Act, line func(string)) {
	count, left := 0, 0
	for text := range strings.Lines(string(act.Message.Octets)) {
		if count++; count > maxMessageLines {
			left++
			continue
		}
		line(strings.TrimRight(text, "\r\n"))
	}
	if left > 0 {
		line("… " + n.a.say("read.lines_left", map[string]any{"Count": left}))
	}
	if count == 0 {
		line("…")
	}
}

// note writes what something means, set off and in lines that a terminal shows.
func (n *annotator) note(indent, text string, cites []string) {
	const fixed = "\x01" // a blank at which no line is broken
	text = printable(text)
	if len(cites) > 0 {
		text += " [" + strings.ReplaceAll(strings.Join(cites, "; "), " ", fixed) + "]"
		text = strings.ReplaceAll(text, ";"+fixed, ", ")
	}
	if text == "" {
		return
	}
	var b strings.Builder
	wrap(&b, indent+"│ ", text)
	for i, one := range strings.Split(strings.TrimSuffix(strings.ReplaceAll(b.String(), fixed, " "), "\n"), "\n") {
		if i > 0 {
			one = indent + "│ " + strings.TrimLeft(one, " ")
		}
		n.write(n.paint.aside(one) + "\n")
	}
}

func (n *annotator) write(text string) {
	if n.err == nil {
		_, n.err = io.WriteString(n.out, text)
	}
}

// end writes what waits.
func (n *annotator) end() error {
	if n.err == nil {
		n.err = n.out.Flush()
	}
	return n.err
}
