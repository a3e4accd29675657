package smtp

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
)

// What Dialog makes of each stream of the captures is what tshark makes of it.
func TestDialogIsTsharks(t *testing.T) {
	fields := capturetest.SaidFields{Command: "smtp.req.command", Parameter: "smtp.req.parameter", Reply: "smtp.response.code", Text: "smtp.rsp.parameter"}
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
		f := &follower{told: func(Side, string) {}, raw: func(side Side, line string) { note(s, side, line) }}
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

// note takes a line as tshark would.
func note(s *capturetest.Said, side Side, line string) {
	if side == Client {
		name, arg, _ := strings.Cut(line, " ")
		if strings.EqualFold(name, "STARTTLS") {
			name, arg = name[:4], name[5:] // as tshark has it: four letters, and what is behind the octet after them
		}
		s.Commands = append(s.Commands, name)
		if arg != "" {
			s.Parameters = append(s.Parameters, capturetest.Short(arg))
		}
		return
	}
	code, text, last, ok := parseReplyLine(line)
	if !ok {
		s.Texts = append(s.Texts, "? "+line)
		return
	}
	if last {
		s.Replies = append(s.Replies, fmt.Sprint(code))
	}
	s.Texts = append(s.Texts, capturetest.Short(text))
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
