package pop3

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
)

// talked is what was said in one stream: commands and their parameters as they
// stand, the indicators of replies, and the texts of their lines.
type talked struct{ commands, parameters, indicators, texts []string }

// What Dialog makes of each stream of the captures is what tshark makes of it.
func TestDialogIsTsharks(t *testing.T) {
	shared, answers := capturetest.Dir(t), capturetest.Answers(t)
	streams, told := 0, 0
	for _, answer := range answers {
		theirs := readTalked(t, answer)
		if len(theirs) == 0 {
			continue
		}
		name := strings.TrimSuffix(answer, ".tshark.jsonl")
		ours := follow(t, name)
		for stream, want := range theirs {
			got := ours[uint64(stream)+1]
			if got == nil {
				t.Errorf("%s: there is no stream %d", name, stream)
				continue
			}
			streams++
			told += len(want.commands) + len(want.indicators)
			compareTalked(t, fmt.Sprintf("%s %d", strings.TrimPrefix(filepath.ToSlash(name), shared+"/"), stream), got, want)
		}
	}
	t.Logf("%d streams, %d commands and replies", streams, told)
}

func compareTalked(t *testing.T, stream string, got, want *talked) {
	t.Helper()
	same := slices.Equal(got.commands, want.commands) && slices.Equal(got.parameters, want.parameters) &&
		slices.Equal(got.indicators, want.indicators) && slices.Equal(got.texts, want.texts)
	switch commands, known := differs(stream); {
	case known && same:
		t.Errorf("%s: tshark says the same now", stream)
	case known && commands != "" && strings.Join(got.commands, " ") != commands:
		t.Errorf("%s: %q", stream, got.commands)
	case !known && !same:
		t.Errorf("%s:\n  tshark %q\n  posta  %q", stream, *want, *got)
	}
}

// readTalked reads what tshark found, by stream.
func readTalked(t *testing.T, path string) map[int]*talked {
	t.Helper()
	streams := map[int]*talked{}
	capturetest.Frames(t, path, func(f capturetest.Frame) {
		commands, indicators := f.Texts("pop.request.command"), f.Texts("pop.response.indicator")
		if len(commands)+len(indicators) == 0 {
			return
		}
		s := streams[f.Stream()]
		if s == nil {
			s = &talked{}
			streams[f.Stream()] = s
		}
		s.commands = append(s.commands, commands...)
		s.parameters = append(s.parameters, f.Texts("pop.request.parameter")...)
		s.indicators = append(s.indicators, indicators...)
		s.texts = append(s.texts, f.Texts("pop.response.description")...)
	})
	return streams
}

// captured follows all streams of a capture.
type captured struct {
	streams map[uint64]*follower
	said    map[uint64]*talked
}

func (c *captured) Wants(uint64, event.Layer, event.Part) bool { return true }

func (c *captured) Emit(e *event.Event) {
	if e.Kind == event.Open {
		s := &talked{}
		c.said[e.Conn] = s
		f := &follower{told: func(Side, string) {}, raw: s.line}
		c.streams[e.Conn] = f
		return
	}
	f := c.streams[e.Conn]
	if f == nil {
		return
	}
	side := Side(e.Dir)
	switch e.Kind {
	case event.Data:
		f.push(side, e.Data)
	case event.Gap:
		f.lost(side)
	}
}

// line takes a line as tshark would: to it an answer to AUTH is a command.
func (s *talked) line(side Side, octets []byte) {
	line := ascii(octets)
	name, arg, _ := strings.Cut(line, " ")
	if side == Client {
		s.commands = append(s.commands, short(name))
		if arg != "" {
			s.parameters = append(s.parameters, short(arg))
		}
		return
	}
	if name == "+" {
		return // a challenge of AUTH, which tshark does not tell of
	}
	s.indicators = append(s.indicators, short(name))
	if arg != "" {
		s.texts = append(s.texts, short(arg))
	}
}

// ascii is a line as tshark shows it: other octets are U+FFFD, one each.
func ascii(line []byte) string {
	var out strings.Builder
	for _, c := range line {
		if c >= 0x80 {
			out.WriteRune(utf8.RuneError)
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

// short cuts a text as the answers are cut.
func short(s string) string {
	if len(s) <= 200 {
		return s
	}
	return s[:200] + fmt.Sprintf("...[%d]", len(s))
}

// differs is a stream of which tshark says something else. docs/dissection.md
// tells why; commands are what was truly said, where lines were said at all.
func differs(stream string) (commands string, ok bool) {
	commands, ok = map[string]string{
		"zeek/pop3-unknown-commands.pcap 0": "USER PASS STAT QUIT",
	}[stream]
	return commands, ok
}

func follow(t *testing.T, path string) map[uint64]*talked {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := capture.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := &captured{map[uint64]*follower{}, map[uint64]*talked{}}
	if err := capture.Read(t.Context(), r, c, capture.Limits{}); err != nil {
		t.Logf("%s: %v", path, err)
	}
	return c.said
}
