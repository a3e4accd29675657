package draw

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Mermaid writes the diagram as a sequenceDiagram in Mermaid's language, for
// pages that draw it themselves.
func (d *Diagram) Mermaid(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "---\ntitle: %s\n---\nsequenceDiagram\n", quoted(d.title))
	fmt.Fprintf(out, "    accTitle: %s\n    accDescr: %s\n", oneLine(d.title), oneLine(d.described()))
	for i := range d.actors {
		a := &d.actors[i]
		text := a.name + "<br/>" + a.role
		for _, more := range a.lines {
			text += "<br/>" + more
		}
		parts := strings.Split(text, "<br/>")
		for k := range parts {
			parts[k] = mermaid(parts[k])
		}
		fmt.Fprintf(out, "    participant p%d as %s\n", i, strings.Join(parts, "<br/>"))
	}
	for _, b := range d.bands() {
		if b.session < 0 {
			continue
		}
		ends := d.sessions[b.session].ends
		name := d.name(&b, false)
		if which := d.which(b.session); which != "" {
			name = which + ": " + name
		}
		colours := Light.colours()
		c := colours[bandInk+ink(b.phase)] // seen through, as the page may be dark
		fmt.Fprintf(out, "    rect rgba(%d, %d, %d, 0.08)\n        Note over p%d,p%d: %s\n", c.R, c.G, c.B, min(ends[0], ends[1]), max(ends[0], ends[1]), mermaid(name))
		for n := b.first; n < b.end; n++ {
			d.mermaidStep(out, &d.steps[n])
		}
		out.WriteString("    end\n")
	}
	return out.Flush()
}

// mermaidLine is how many characters of a text stand in a line.
const mermaidLine = 60

// mermaidStep writes a step as a message, or as a note.
func (d *Diagram) mermaidStep(out *bufio.Writer, s *step) {
	var lines []string
	head := s.head
	if s.mail && s.rest != "" {
		head += ":"
	}
	said := strings.Join(strings.Fields(strings.Join([]string{head, s.rest, s.more}, " ")), " ")
	switch {
	case s.tone == bad:
		said = "✗ " + said
	case s.tone == lost:
		said = "⚠ " + said
	case s.kind == secure:
		said = "🔒 " + said
	case s.kind == pause:
		said = "+ " + said
	}
	if s.group > 0 {
		said = fmt.Sprintf("(%d/%d) %s", s.mark, s.group, said)
	}
	if s.letter != "" {
		said = "[" + s.letter + "] " + said
	}
	lines = append(lines, said)
	for _, u := range s.under {
		lines = append(lines, u.text)
	}
	if !d.o.NoTimes && s.kind == arrow {
		lines[0] = clock(s.at) + "  " + lines[0]
	}
	var short []string
	for _, text := range lines {
		for _, one := range wrap(text, mermaidLine, 4) {
			short = append(short, mermaid(one))
		}
	}
	text := strings.Join(short, "<br/>")
	if s.kind != arrow {
		fmt.Fprintf(out, "        Note over p%d,p%d: %s\n", min(s.from, s.to), max(s.from, s.to), text)
		return
	}
	shaft := "->>"
	switch {
	case s.tone == bad, s.tone == lost:
		shaft = "--x"
	case s.tone == replied && !s.mail, s.cipher:
		shaft = "-->>"
	case s.group > 0:
		shaft = "-)"
	}
	fmt.Fprintf(out, "        p%d%sp%d: %s\n", s.from, shaft, s.to, text)
}

// mermaid escapes a text: characters that mean something to Mermaid or HTML
// become its numbered entities, and so does the word "end", which it may take
// for its own.
func mermaid(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("#;<>&\"'`{}()[]\\%*_~$@|^", r) || r == '\n' {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	words := strings.Split(b.String(), " ")
	for i, word := range words {
		if strings.EqualFold(word, "end") {
			words[i] = fmt.Sprintf("#%d;%s", word[0], word[1:])
		}
	}
	return strings.Join(words, " ")
}

// oneLine is a text for the lines that Mermaid takes as they are.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(";", ",", "#", " ", "{", "(", "}", ")").Replace(text)), " ")
}

// quoted is a text as YAML has it in single quotes.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
