package audit_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posta/audit"
	"posta/capture"
	"posta/capture/capturetest"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// update writes the golden file anew.
func update(t *testing.T) bool {
	t.Helper()
	return flag.Lookup("test.run") != nil && os.Getenv("UPDATE_FINDINGS") != ""
}

// feed is an event.Sink over a Dissector.
type feed struct{ d *dissect.Dissector }

func (f feed) Emit(e *event.Event)                      { f.d.Feed(e) }
func (feed) Wants(uint64, event.Layer, event.Part) bool { return true }

// judge gives the findings and the lessons of a capture.
func judge(t testing.TB, path string) ([]audit.Finding, []*audit.Lesson) {
	t.Helper()
	var all []audit.Finding
	a := audit.New(func(f audit.Finding) { all = append(all, f) })
	var lessons []*audit.Lesson
	class := audit.NewClass(func(l *audit.Lesson) { lessons = append(lessons, l) })
	book := story.New(story.Options{Out: func(s *story.Session, act *story.Act) {
		a.Act(s, act)
		class.Act(s, act)
	}})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(book)
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
	if err := capture.Read(t.Context(), r, feed{d}, capture.Limits{}); err != nil {
		t.Logf("%s: %v", path, err)
	}
	a.End()
	class.End()
	slices.SortStableFunc(all, audit.ByPlace)
	return all, lessons
}

// The findings of all public captures are those that were looked at, one by one.
func TestFindingsOfTheCaptures(t *testing.T) {
	dir := capturetest.Dir(t)
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".pcap") || strings.HasSuffix(d.Name(), "l") || strings.HasSuffix(d.Name(), ".txt") {
			return err
		}
		found, lessons := judge(t, path)
		name, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&got, "%s\n", filepath.ToSlash(name))
		for _, f := range found {
			fmt.Fprintf(&got, "  %d %s %s: %s [%s]\n", f.At.Frame, f.Severity, f.Rule, telling(f.What(w)), strings.Join(f.Cites, ", "))
		}
		for _, l := range lessons {
			l.Began = l.Began.UTC()
			for _, line := range l.Clear(w)[3:] { // who, when and how much was looked at, too
				fmt.Fprintf(&got, "  stream %s: %s\n", strconv.FormatInt(l.Stream, 10), line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "findings.txt")
	if update(t) {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the findings are others than those of %s:\n%s", golden, difference(string(want), got.String()))
	}
}

// telling leaves out octets that are no text: what a dissector makes of them is
// not what is looked at here.
func telling(text string) string {
	if strings.Contains(text, `\x`) {
		return "octets that are no text"
	}
	return text
}

// difference are the lines that only one of two texts has.
func difference(want, got string) string {
	var b strings.Builder
	a, c := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range a {
		if !slices.Contains(c, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range c {
		if !slices.Contains(a, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	return b.String()
}
