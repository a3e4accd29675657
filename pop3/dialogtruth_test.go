package pop3

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
)

// What Dialog makes of each stream of the captures is what tshark makes of it.
func TestDialogIsTsharks(t *testing.T) {
	fields := capturetest.SaidFields{Command: "pop.request.command", Parameter: "pop.request.parameter", Reply: "pop.response.indicator", Text: "pop.response.description"}
	capturetest.CompareSaid(t, fields, func(path string) map[int]*capturetest.Said { return follow(t, path) }, differs)
}

// captured follows all streams of a capture.
type captured struct {
	streams map[uint64]*follower
	said    map[int]*capturetest.Said
}

func (c *captured) Wants(uint64, event.Layer, event.Part) bool { return true }

func (c *captured) Emit(e *event.Event) {
	if e.Kind == event.Open {
		s := &capturetest.Said{}
		c.said[int(e.Conn)-1] = s // tshark counts from 0
		f := &follower{told: func(Side, string) {}, raw: func(side Side, line []byte) { note(s, side, line) }}
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

// note takes a line as tshark would: to it an answer to AUTH is a command.
func note(s *capturetest.Said, side Side, octets []byte) {
	line := ascii(octets)
	name, arg, _ := strings.Cut(line, " ")
	if side == Client {
		s.Commands = append(s.Commands, capturetest.Short(name))
		if arg != "" {
			s.Parameters = append(s.Parameters, capturetest.Short(arg))
		}
		return
	}
	if name == "+" {
		return // a challenge of AUTH, which tshark does not tell of
	}
	s.Replies = append(s.Replies, capturetest.Short(name))
	if arg != "" {
		s.Texts = append(s.Texts, capturetest.Short(arg))
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

// differs is a stream of which tshark says something else. docs/dissection.md
// tells why; commands are what was truly said, where lines were said at all.
func differs(stream string) (commands string, ok bool) {
	commands, ok = map[string]string{
		"zeek/pop3-unknown-commands.pcap 0": "USER PASS STAT QUIT",
	}[stream]
	return commands, ok
}

func follow(t *testing.T, path string) map[int]*capturetest.Said {
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
	c := &captured{map[uint64]*follower{}, map[int]*capturetest.Said{}}
	if err := capture.Read(t.Context(), r, c, capture.Limits{}); err != nil {
		t.Logf("%s: %v", path, err)
	}
	return c.said
}
