package draw

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"posta/story"
)

// A packet belongs to the phase of what it bears, an acknowledgement to that of
// what came before.
func TestPhasesOfPackets(t *testing.T) {
	all := []step{
		{phase: story.Connection},
		{packet: true},              // SYN
		{packet: true, bears: true}, // the greeting
		{phase: story.Opening},
		{packet: true},                                           // its acknowledgement
		{packet: true, bears: true}, {packet: true, bears: true}, // MAIL, in two
		{phase: story.Transaction},
		{packet: true, bears: true}, // nothing comes behind it
	}
	phasesOfPackets(all)
	want := []story.Phase{story.Connection, story.Connection, story.Opening, story.Opening, story.Opening, story.Transaction, story.Transaction, story.Transaction, story.Transaction}
	for i := range all {
		if all[i].phase != want[i] {
			t.Errorf("step %d is of %v, not %v", i, all[i].phase, want[i])
		}
	}
}

func TestEmptyLine(t *testing.T) {
	var b bytes.Buffer
	d := New(hear(t, spoken{client: "192.0.2.7:51000", server: "192.0.2.1:25", turns: []string{"S 1 220 x|", "C 1 |", "S 1 500 5.5.2 what|"}}), Options{Words: english(t)})
	if err := errors.Join(d.Text(&b, TextOptions{}), d.SVG(&b, Light)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "(empty line)"); n != 2 {
		t.Errorf("an empty line is named %d times in\n%s", n, b.String())
	}
}
