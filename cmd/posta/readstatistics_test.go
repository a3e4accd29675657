package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"posta/capture/capturetest"
	"posta/words"
)

// What is counted is what tshark sees.
func TestReadStatisticsAsTshark(t *testing.T) {
	for _, name := range []string{"ndpi/smtp.pcap", "suricata-verify/bug-3616-smtp.pcap", "zeek/pop3.pcap", "zeek/smtp-mail-transactions-invalid.pcap"} {
		_, out, errs := readCapture(t, public(t, name), "--statistics", "--format", "json")
		var got statistics
		if err := json.Unmarshal([]byte(out), &got); err != nil || errs != "" {
			t.Fatal(err, errs)
		}
		counts, replies := map[string]int{}, map[string]int{}
		for line := range bytes.Lines(public(t, name+".tshark.jsonl")) {
			var f capturetest.Frame
			if err := json.Unmarshal(line, &f); err != nil {
				t.Fatal(err)
			}
			for _, field := range []string{"smtp.req.command", "pop.request.command"} {
				for _, command := range f.Texts(field) {
					counts[strings.ToUpper(command)]++
				}
			}
			for _, field := range []string{"smtp.response.code", "pop.response.indicator"} {
				for _, reply := range f.Texts(field) {
					replies[reply]++
				}
			}
		}
		for _, c := range got.Commands {
			if c.Command != "." && c.Command != "?" && counts[c.Command] != c.Count {
				t.Errorf("%s: %s %d times, tshark has %d", name, c.Command, c.Count, counts[c.Command])
			}
		}
		for _, r := range got.Replies {
			if r.Reply != "+" && replies[r.Reply] != r.Count {
				t.Errorf("%s: %s %d times, tshark has %d", name, r.Reply, r.Count, replies[r.Reply])
			}
		}
		if len(got.Commands) < 4 || len(got.Replies) < 2 || len(got.Intervals) == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A filter chooses what is counted.
func TestReadStatisticsFiltered(t *testing.T) {
	_, out, _ := readCapture(t, labCapture, "--statistics", "--lang", "en", "--filter", `smtp.req.command == "HELO"`)
	if !strings.Contains(out, "\nsmtp      HELO     1 ") || strings.Contains(out, "MAIL") || strings.Contains(out, "pop3") {
		t.Error(out)
	}
	if status, _, _ := readCapture(t, labCapture, "--statistics", "--fail-empty", "--filter", "imap"); status != exitFailed {
		t.Errorf("nothing to count: %d", status)
	}
}

func TestReadEndpoints(t *testing.T) {
	_, out, _ := readCapture(t, labCapture, "--endpoints", "--lang", "en")
	want := `ADDRESS     DIALED  LISTENED  PORTS   PACKETS  SENT  RECEIVED
192.0.2.10  3       0                 29       81    112
192.0.2.25  0       3         25,110  29       112   81
`
	if out != want {
		t.Error(out)
	}
}

// What came at no time that a clock shows has a line of its own, without a rate.
func TestReadStatisticsWithoutTimes(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	l := statisticsList{a: &app{words: w}}
	s := statistics{Commands: []commandCount{{Protocol: "smtp", Command: "NOOP", Count: 7}}, Intervals: []intervalCount{{Commands: 7, Messages: 2, Octets: 50}}}
	if err := l.text(&out, &s); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if got := strings.Fields(lines[len(lines)-1]); strings.Join(got, " ") != "? 0 7 2 50" {
		t.Errorf("%q", got)
	}
}
