//go:build whole

package captures

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"posta/admin"
	"posta/audit"
	"posta/capture"
	"posta/config"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// judging is a Sink that gives what is found in sessions, in English.
type judging struct {
	d     *dissect.Dissector
	a     *audit.Auditor
	found []string
}

func newJudging(t *testing.T) *judging {
	t.Helper()
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	j := &judging{}
	j.a = audit.New(func(f audit.Finding) {
		if f.Rule != "torn" { // those who knock say nothing
			j.found = append(j.found, f.Comment(w))
		}
	})
	j.d = dissect.New(field.Set{}, func(*dissect.Frame) {})
	j.d.Tell(story.New(story.Options{Out: j.a.Act}))
	return j
}

func (j *judging) Wants(uint64, event.Layer, event.Part) bool { return true }

func (j *judging) Emit(e *event.Event) { j.d.Feed(e) }

// all are the findings, in an order of their own.
func (j *judging) all() string {
	j.a.End()
	slices.Sort(j.found)
	return strings.Join(j.found, "\n")
}

func (j *judging) readCapture(t *testing.T, octets []byte) {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(octets))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := capture.Read(t.Context(), r, j, capture.Limits{}); err != nil {
		t.Fatal(err)
	}
}

// The findings of the lab's dialogues are the same from what the server recorded,
// from what it exports, and from what tshark caught of it.
func TestSameFindings(t *testing.T) {
	r := &recorder{closed: make(chan struct{}, 1<<10)}
	ports, operations := houseOf(t, config.Lab(), r)
	octets := caught(t, ports, r.closed, func() { byHand(t, ports, r.closed) })
	var recorded []admin.Recorded
	if err := operations.Call(t.Context(), "session.recorded", admin.RecordedWhich{}, &recorded); err != nil {
		t.Fatal(err)
	}
	var ids []uint64
	for _, one := range recorded {
		ids = append(ids, one.ID)
	}
	own, exported, seen := newJudging(t), newJudging(t), newJudging(t)
	if err := operations.Call(t.Context(), "session.watch", admin.SessionWatch{IDs: ids, Now: true}, event.NewRecords(own)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := operations.Call(t.Context(), "session.export", admin.SessionExport{IDs: ids}, &file); err != nil {
		t.Fatal(err)
	}
	exported.readCapture(t, file.Bytes())
	seen.readCapture(t, octets)
	a, b, c := own.all(), exported.all(), seen.all()
	if a != b || a != c {
		t.Errorf("its own recording:\n%s\n\nwhat it exports:\n%s\n\nwhat tshark caught:\n%s", a, b, c)
	}
	for _, rule := range []string{"password-clear", "lenient", "login-failed", "message-readable", "auth-without-tls", "tls-unused"} {
		if !strings.Contains(a, rule+":") {
			t.Errorf("no %s in\n%s", rule, a)
		}
	}
}
