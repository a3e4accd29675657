package smtp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
)

// talked is what was said in one stream: commands and their parameters as they
// stand, the codes of replies, and the texts of their lines.
type talked struct{ commands, parameters, codes, texts []string }

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
			told += len(want.commands) + len(want.codes)
			compareTalked(t, fmt.Sprintf("%s %d", strings.TrimPrefix(filepath.ToSlash(name), shared+"/"), stream), got, want)
		}
	}
	t.Logf("%d streams, %d commands and replies", streams, told)
}

func compareTalked(t *testing.T, stream string, got, want *talked) {
	t.Helper()
	same := slices.Equal(got.commands, want.commands) && slices.Equal(got.parameters, want.parameters) &&
		slices.Equal(got.codes, want.codes) && slices.Equal(got.texts, want.texts)
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
		commands, codes := f.Texts("smtp.req.command"), f.Texts("smtp.response.code")
		if len(commands)+len(codes) == 0 {
			return
		}
		s := streams[f.Stream()]
		if s == nil {
			s = &talked{}
			streams[f.Stream()] = s
		}
		s.commands = append(s.commands, commands...)
		s.parameters = append(s.parameters, f.Texts("smtp.req.parameter")...)
		s.codes = append(s.codes, codes...)
		s.texts = append(s.texts, f.Texts("smtp.rsp.parameter")...)
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
	if f.d.Turned() {
		side = 1 - side
	}
	switch e.Kind {
	case event.Data:
		f.push(side, e.Data)
	case event.Gap:
		f.d.Lost(side, e.Len)
		f.part[side] = nil
	}
}

func (s *talked) line(side Side, line string) {
	if side == Client {
		name, arg, _ := strings.Cut(line, " ")
		if strings.EqualFold(name, "STARTTLS") {
			name, arg = name[:4], name[5:] // as tshark has it: four letters, and what is behind the octet after them
		}
		s.commands = append(s.commands, name)
		if arg != "" {
			s.parameters = append(s.parameters, short(arg))
		}
		return
	}
	code, text, last, ok := parseReplyLine(line)
	if !ok {
		s.texts = append(s.texts, "? "+line)
		return
	}
	if last {
		s.codes = append(s.codes, fmt.Sprint(code))
	}
	s.texts = append(s.texts, short(text))
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
		"arkime/socks5-smtp-503.pcap 0":                                           "",
		"ndpi/smtps.pcapng 0":                                                     "",
		"suricata-verify/smtp-errors.pcap 0":                                      "",
		"suricata-verify/smtp-errors.pcap 1":                                      "HELO MAIL RCPT DATA",
		"suricata-verify/ruletype-firewall-133-smtp-out-of-order-commands.pcap 0": "helo rcpt data mail rcpt data QUIT",
		"suricata-verify/smtp-bdat-last-next-mail.pcap 0":                         "ehlo mail rcpt BDAT mail rcpt data QUIT",
		"suricata-verify/smtp-long-command.pcap 0":                                "EHLO AUTH",
		"suricata-verify/smtp-pipelining.pcap 0":                                  "EHLO MAIL RCPT DATA",
		"zeek/smtp-bdat-cmd-chunk-size-overflow.pcap 0":                           "EHLO MAIL RCPT BDAT QUIT",
		"zeek/smtp-bdat-gap.pcap 0":                                               "EHLO MAIL RCPT BDAT DATA QUIT",
		"zeek/smtp-mail-transactions-invalid.pcap 0":                              "EHLO MAIL RCPT DATA RCPT DATA Hello, . MAIL DATA Hello, . DATA Hello, . MAIL RCPT DATA QUIT",
		"pcapplusplus/Smtp.pcap 0":                                                "AUTH",
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
