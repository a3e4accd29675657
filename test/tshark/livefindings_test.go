//go:build whole && linux

package tshark_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What posta finds stands in a live capture, too: at the packet at which it was
// known, with the number of the one that it is about.
func TestLiveFindings(t *testing.T) {
	b := newBench(t)
	addresses := b.lab(t)
	home := filepath.Dir(b.program)
	live, exported := filepath.Join(home, "live.pcapng"), filepath.Join(home, "exported.pcapng")
	s := call(t, addresses["smtp"])
	end := b.capturing(t, "-w", live, "--session", "1")
	s.say("EHLO first.example")
	s.say("AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00pepe\x00secret-2026")))
	s.say("DATA")
	s.say("STARTTLS")
	s.starttls("1.3")
	s.say("RCPT TO:<pepe@pepito.es>")
	s.conn.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) { // what is known at the end is there
		written, err := os.ReadFile(live)
		if err != nil || time.Now().After(deadline) || bytes.Contains(written, []byte("torn")) {
			break
		}
	}
	end()
	b.must(t, "posta", "session", "export", "1", "-o", exported)
	found, after := findingComments(b.must(t, "tshark", "-r", live, "-T", "fields", "-e", "frame.number", "-e", "frame.comment"))
	want, _ := findingComments(b.must(t, "tshark", "-r", exported, "-T", "fields", "-e", "frame.number", "-e", "frame.comment"))
	if !slices.Equal(found, want) || len(want) < 6 || after == 0 {
		t.Errorf("live, with %d told later:\n%s\nexported:\n%s", after, strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}

// findingComments are the findings among comments, each behind the frame that it
// is about, and how many stand at a later one.
func findingComments(listed string) (found []string, later int) {
	for _, line := range strings.Split(listed, "\n") {
		frame, comments, _ := strings.Cut(line, "\t")
		for _, severity := range []string{"note, ", "warning, ", "danger, "} {
			comments = strings.ReplaceAll(comments, severity, "\n"+severity)
		}
		for _, one := range strings.Split(comments, "\n")[1:] {
			text, about, told := strings.Cut(strings.Trim(one, ","), " [about frame ")
			at := frame
			if told {
				later++
				at, _, _ = strings.Cut(about, "]")
			}
			found = append(found, at+" "+text)
		}
	}
	slices.Sort(found)
	return found, later
}
