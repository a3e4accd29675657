package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"posta/story"
	"posta/words"
)

// asked is one of the practice's questions, those of docs/lab.md.
type asked struct {
	id     string
	lines  int // of room for an answer
	answer func(*maker) []string
}

func practice() []asked {
	return []asked{
		{"report.ask_connection", 4, (*maker).connections},
		{"report.ask_packets", 4, (*maker).packetsOfCommands},
		{"report.ask_sequence", 10, (*maker).sequence},
		{"report.ask_listener", 6, (*maker).listened},
		{"report.ask_tls", 5, (*maker).insideTLS},
		{"report.ask_name", 4, (*maker).somebodyElse},
	}
}

// questions are the practice's, with room for answers, or answered.
func (m *maker) questions() {
	m.begin("report.questions", nil)
	for i, one := range practice() {
		q := question{number: i + 1, text: m.say(one.id, nil), lines: one.lines}
		if m.Answers {
			q.answer = one.answer(m)
		}
		m.add(q)
	}
}

// The flags of TCP (RFC 9293 §3.1).
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// connections says which packets open and close each connection.
func (m *maker) connections() (out []string) {
	for i, s := range m.Sessions {
		var opened, closed []string
		closer := ""
		for _, p := range m.Packets {
			if p.Conn != s.Conn {
				continue
			}
			number := strconv.FormatUint(uint64(p.Number), 10)
			switch {
			case p.Flags&flagSYN != 0, len(opened) == 2 && p.Flags&flagACK != 0 && p.Payload == 0:
				if len(opened) < 3 {
					opened = append(opened, number)
				}
			case p.Flags&(flagFIN|flagRST) != 0:
				closed = append(closed, number)
				if closer == "" {
					closer = m.say("report.server", nil)
					if p.Dialer {
						closer = m.say("report.client", nil)
					}
				}
			}
		}
		if len(opened) == 0 && len(closed) == 0 {
			out = append(out, m.nameOf(i)+": "+m.say("report.answer_unseen", nil))
			continue
		}
		out = append(out, m.nameOf(i)+": "+m.say("report.answer_connection", words.Args{"Open": orNone(opened), "Close": orNone(closed), "Who": closer}))
	}
	return append(out, m.say("report.answer_handshake", nil))
}

func orNone(numbers []string) string {
	if len(numbers) == 0 {
		return "–"
	}
	return strings.Join(numbers, ", ")
}

// packetsOfCommands counts the packets that commands took.
func (m *maker) packetsOfCommands() (out []string) {
	for i, s := range m.Sessions {
		commands, packets := 0, 0
		for _, a := range s.Acts {
			if a.Kind == story.Command || a.Kind == story.Answer {
				commands++
			}
		}
		for _, p := range m.Packets {
			if p.Conn == s.Conn && p.Dialer && p.Payload > 0 {
				packets++
			}
		}
		out = append(out, m.nameOf(i)+": "+m.say("report.answer_packets", words.Args{"Commands": commands, "Count": packets}))
	}
	return append(out, m.say("report.answer_typing", nil))
}

// sequence tells the diagram in words.
func (m *maker) sequence() (out []string) {
	for i, s := range m.Sessions {
		var said []string
		for _, a := range s.Acts {
			switch {
			case a.Kind == story.Command && a.Verb != "":
				said = append(said, a.Verb)
			case a.Kind == story.Mail && a.From == story.Client:
				said = append(said, m.say("report.the_message", nil))
			}
		}
		if len(said) > 0 {
			out = append(out, m.nameOf(i)+": "+strings.Join(said, " → "))
		}
	}
	return append(out, m.say("report.answer_sequence", words.Args{"Part": 2}))
}

// listened says what somebody learnt who listened.
func (m *maker) listened() (out []string) {
	for _, l := range m.lessons {
		out = append(out, m.sessionOf(l.Conn)+": "+strings.Join(l.Clear(m.Words), " "))
	}
	if len(out) == 0 {
		return []string{m.say("report.nothing_heard", nil)}
	}
	return out
}

// insideTLS says what can still be seen where there is TLS.
func (m *maker) insideTLS() (out []string) {
	for _, l := range m.lessons {
		seen := l.OverTLS(m.Words)
		if seen == nil { // it was inside TLS
			seen = l.Clear(m.Words)
		}
		out = append(out, m.sessionOf(l.Conn)+": "+strings.Join(seen, " "))
	}
	return out
}

// somebodyElse says whether who sent had to show who it was.
func (m *maker) somebodyElse() (out []string) {
	for i, s := range m.Sessions {
		for _, a := range s.Acts {
			if a.Kind != story.Mail || a.From != story.Client || a.Message == nil || a.Answered == nil || a.Answered.Refused {
				continue
			}
			id := "report.answer_anybody"
			if a.Before.User != "" {
				id = "report.answer_logged_in"
			}
			out = append(out, m.nameOf(i)+": "+m.say(id, words.Args{"From": fmt.Sprintf("<%s>", a.Before.From), "Header": cmp.Or(a.Message.From, "–"), "User": a.Before.User}))
		}
	}
	return append(out, m.say("report.answer_name", nil))
}
