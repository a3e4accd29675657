package pop3

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"posta/capture"
	"posta/event"
)

// shared is where public captures and tshark's answers lie, beside the repository.
const shared = "../../shared/captures"

// talked is what was said in one stream: commands and their parameters as they
// stand, the indicators of replies, and the texts of their lines.
type talked struct{ commands, parameters, indicators, texts []string }

// What Dialog makes of each stream of the captures is what tshark makes of it.
func TestDialogIsTsharks(t *testing.T) {
	answers, err := filepath.Glob(shared + "/*/*.tshark.jsonl")
	if err != nil || len(answers) == 0 {
		t.Skip("there are no shared captures beside the repository: nothing was held against tshark")
	}
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
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	streams := map[int]*talked{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var frame map[string]any
		if err := json.Unmarshal(lines.Bytes(), &frame); err != nil {
			t.Fatal(err)
		}
		of := func(name string) (out []string) {
			many, ok := frame[name].([]any)
			if !ok && frame[name] != nil {
				many = []any{frame[name]}
			}
			for _, one := range many {
				out = append(out, one.(string))
			}
			return out
		}
		commands, indicators := of("pop.request.command"), of("pop.response.indicator")
		if len(commands)+len(indicators) == 0 {
			continue
		}
		stream, _ := strconv.Atoi(frame["tcp.stream"].(string))
		if streams[stream] == nil {
			streams[stream] = &talked{}
		}
		s := streams[stream]
		s.commands = append(s.commands, commands...)
		s.parameters = append(s.parameters, of("pop.request.parameter")...)
		s.indicators = append(s.indicators, indicators...)
		s.texts = append(s.texts, of("pop.response.description")...)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
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
