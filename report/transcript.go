package report

import (
	"strconv"
	"strings"

	"posta/gloss"
	"posta/story"
	"posta/words"
)

// maxLines is how many lines of a session's transcript are printed.
const maxLines = 2000

// transcripts are what was said, line by line, and what it means.
func (m *maker) transcripts() {
	m.begin("report.transcript", nil)
	m.explain("report.transcript_about", nil)
	for i, s := range m.Sessions {
		m.add(heading{2, m.nameOf(i)})
		t := table{columns: []column{{name: m.say("report.col_time", nil), width: 1.35}, {name: m.say("report.col_frame", nil), width: 0.75, right: true},
			{name: "", width: 0.3}, {name: m.say("report.col_said", nil), width: 4.1, mono: true}, {name: m.say("report.col_meaning", nil), width: 4.9}}}
		for _, a := range s.Acts {
			if a.Kind == story.Fact || a.Kind == story.Note && s.Stream < 0 {
				continue // the server's own knowledge: nobody else has it
			}
			if len(t.rows) == maxLines {
				break
			}
			t.rows = append(t.rows, m.line(s, a))
		}
		m.add(t)
		if len(t.rows) == maxLines {
			m.explain("report.lines_left", words.Args{"Count": len(s.Acts) - maxLines})
		}
	}
}

func (m *maker) line(s *story.Session, a *story.Act) row {
	frame := ""
	if a.At.Frame > 0 {
		frame = strconv.FormatUint(uint64(a.At.Frame), 10)
	}
	who, t := "→", fromClient
	switch {
	case a.Kind == story.Over || a.Kind == story.TLS || a.Kind == story.Turned || a.Kind == story.Note:
		who, t = "·", aside
	case a.Refused || a.Kind == story.Gap || a.Kind == story.Stray:
		who, t = "←", bad
		if a.From == story.Client {
			who = "→"
		}
	case a.From == story.Server:
		who, t = "←", fromServer
	}
	return row{cells: []string{m.moment(a.At.Time), frame, who, m.text(s, a), m.meaning(s, a)}, tone: t}
}

// text is what was said.
func (m *maker) text(s *story.Session, a *story.Act) string {
	switch a.Kind {
	case story.Mail:
		return m.body(a)
	case story.Over, story.TLS, story.Turned, story.Gap, story.Cipher:
		return ""
	}
	lines := append([]string{a.Text}, a.More...)
	if a.Kind == story.List {
		lines = append(a.More, ".")
	}
	return shorten(lines, 40)
}

// body is the begin of a message.
func (m *maker) body(a *story.Act) string {
	if len(a.Message.Octets) == 0 {
		return m.say("report.body_left_out", words.Args{"Count": a.Message.Size})
	}
	text := strings.ReplaceAll(string(a.Message.Octets[:min(len(a.Message.Octets), 4000)]), "\r\n", "\n")
	return shorten(strings.Split(strings.TrimSuffix(text, "\n"), "\n"), 40) + "\n."
}

// shorten leaves lines out of the middle of many.
func shorten(lines []string, most int) string {
	if len(lines) > most {
		lines = append(append(lines[:most-5:most-5], "…"), lines[len(lines)-4:]...)
	}
	return strings.Join(lines, "\n")
}

// meaning is what an act means, on what that rests, and what it changes.
func (m *maker) meaning(s *story.Session, a *story.Act) string {
	g := gloss.Of(m.Words, s, a)
	text := cited(g.Meaning, g.Cites)
	for _, line := range g.Lines {
		if line.Meaning != "" {
			text += "\n" + cited(line.Text+": "+line.Meaning, line.Cites)
		}
	}
	if g.Before != g.After && g.After != "" {
		text += "\n" + m.say("report.state", words.Args{"State": g.After})
	}
	return strings.TrimPrefix(text, "\n")
}

func cited(text string, cites []string) string {
	if text == "" || len(cites) == 0 {
		return text
	}
	return text + " [" + strings.Join(cites, ", ") + "]"
}
