package filter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/capture/capturetest"
	"posta/field"
)

// frameOf is a frame of tshark's answers.
type frameOf struct {
	number int
	tree   *field.Tree
}

// The filters of the table find in tshark's lists of fields the frames that
// tshark finds.
func TestTruth(t *testing.T) {
	answers := readAnswers(t)
	if len(answers) < 60 {
		t.Fatalf("%d filters", len(answers))
	}
	count := 0
	captures := readFrames(t)
	for text, want := range answers {
		f, err := Parse(text, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		m := f.Matcher()
		for capture, frames := range captures {
			var ours []int
			for _, fr := range frames {
				if m.Match(fr.tree) {
					ours = append(ours, fr.number)
				}
			}
			count += len(ours)
			if fmt.Sprint(ours) != fmt.Sprint(want[capture]) {
				t.Errorf("%s: %s\n  tshark %v\n  posta  %v", capture, text, want[capture], ours)
			}
		}
	}
	t.Logf("%d filters, %d captures, %d answers", len(answers), len(captures), count)
}

// readAnswers reads tshark's answers: filter → capture → numbers of frames.
func readAnswers(t *testing.T) map[string]map[string][]int {
	t.Helper()
	text, err := os.ReadFile("testdata/tshark.txt")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]map[string][]int{}
	var of map[string][]int
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		list, ok := strings.CutPrefix(line, "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case !ok:
			of = map[string][]int{}
			answers[line] = of
		default:
			parts := strings.Fields(list)
			for _, run := range parts[1:] {
				first, last, _ := strings.Cut(run, "-")
				a, err := strconv.Atoi(first)
				b, err2 := strconv.Atoi(last)
				if last == "" {
					b, err2 = a, nil
				}
				if err != nil || err2 != nil {
					t.Fatalf("testdata/tshark.txt: %q", line)
				}
				for n := a; n <= b; n++ {
					of[parts[0]] = append(of[parts[0]], n)
				}
			}
		}
	}
	return answers
}

// readFrames makes a Tree of each line of tshark's lists of fields.
func readFrames(t *testing.T) map[string][]frameOf {
	t.Helper()
	shared := capturetest.Dir(t)
	paths, err := filepath.Glob(shared + "/*/*.tshark.jsonl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no answers of tshark's: %v", err)
	}
	captures := map[string][]frameOf{}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(shared, strings.TrimSuffix(path, ".tshark.jsonl"))
		name = filepath.ToSlash(name)
		captures[name] = nil
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			captures[name] = append(captures[name], frameOfLine(t, lines.Bytes()))
		}
		file.Close()
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return captures
}

func frameOfLine(t *testing.T, line []byte) frameOf {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatal(err)
	}
	fr := frameOf{tree: &field.Tree{}}
	for name, v := range fields {
		d := field.ByName(name)
		if d == nil {
			continue // a column
		}
		many, ok := v.([]any)
		if !ok {
			many = []any{v}
		}
		for _, one := range many {
			if text := one.(string); ok && strings.HasPrefix(text, "... ") {
				break // the list is cut here
			}
			fr.tree.Add(field.Node{Def: d, Val: valueOf(t, d, one.(string))})
		}
		if d.ID == field.FrameNumber {
			fr.number, _ = strconv.Atoi(v.(string))
		}
	}
	return fr
}

// valueOf reads a value as tshark -T json writes it.
func valueOf(t *testing.T, d *field.Def, text string) field.Value {
	t.Helper()
	switch {
	case d.Type == field.String:
		return field.Octets([]byte(text))
	case d.Type == field.Addr4 || d.Type == field.Addr6:
		a, err := netip.ParseAddr(text)
		if err != nil {
			t.Fatal(err)
		}
		return field.Octets(a.AsSlice())
	case d.Type == field.None:
		return field.Value{}
	case d.Type == field.Duration:
		whole, fraction, _ := strings.Cut(text, ".")
		s, err := strconv.ParseInt(whole, 10, 64)
		ns, err2 := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		if err != nil || err2 != nil {
			t.Fatalf("%s is %s", d.Name, text)
		}
		return field.Int(s*1e9 + ns)
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		t.Fatalf("%s is %s", d.Name, text)
	}
	return field.Int(n)
}
