//go:build whole

package tshark_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/field"
	"posta/filter"
)

var update = flag.Bool("update", false, "write filter/testdata/tshark.txt")

// filters reads the two parts of the table of filters.
func filters(t *testing.T) (mail, any []string) {
	t.Helper()
	text, err := os.ReadFile("../../filter/testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	part := &mail
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "# The second part"):
			part = &any
		case line != "" && !strings.HasPrefix(line, "#"):
			*part = append(*part, line)
		}
	}
	return mail, any
}

// ask has tshark say which frames each filter holds of: one run for them all,
// each behind a tap of its own.
func (f captureFile) ask(t *testing.T, filters []string) [][]int {
	t.Helper()
	var script strings.Builder
	for i, text := range filters {
		quoted, _ := json.Marshal(text) // Lua reads it the same
		fmt.Fprintf(&script, "do local tap = Listener.new(\"frame\", %s)\n"+
			"function tap.packet(pinfo) print(\"%d\\t\" .. pinfo.number) end end\n", quoted, i)
	}
	script.WriteString("print(\"all\\t0\")\n") // a filter that is refused ends the script
	path := filepath.Join(t.TempDir(), "tap.lua")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(script.String())), 0o600); err != nil {
		t.Fatal(err)
	}
	frames, whole := make([][]int, len(filters)), false
	for line := range bytes.Lines(f.tshark(t, "-q", "-X", "lua_script:"+path)) {
		i, number, ok := strings.Cut(strings.TrimSpace(string(line)), "\t")
		if i == "all" {
			whole = true
			continue
		}
		at, err := strconv.Atoi(i)
		n, err2 := strconv.Atoi(number)
		if !ok || err != nil || err2 != nil || at >= len(frames) {
			t.Fatalf("%s: tshark says %s", f.name, line)
		}
		frames[at] = append(frames[at], n)
	}
	if !whole {
		t.Fatalf("%s: tshark refuses one of the filters", f.name)
	}
	return frames
}

// matched gives the numbers of the frames that a filter of ours holds of.
func matched(t *testing.T, text string, m *filter.Matcher, trees []tree) (frames []int) {
	t.Helper()
	for _, tr := range trees {
		if m.Match(tr.tree) {
			frames = append(frames, tr.number)
		}
	}
	return frames
}

// Each filter of the table finds in tshark's own dissection what tshark finds.
func TestFilters(t *testing.T) {
	need(t)
	mail, any := filters(t)
	all := append(mail, any...)
	matchers := make([]*filter.Matcher, len(all))
	for i, text := range all {
		f, err := filter.Parse(text, time.UTC)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		matchers[i] = f.Matcher()
	}
	answers, some := 0, make([]bool, len(all))
	for _, c := range captureFiles(t) {
		trees := numbered(c.trees(t))
		for i, theirs := range c.ask(t, all) {
			ours := matched(t, all[i], matchers[i], trees)
			if fmt.Sprint(ours) != fmt.Sprint(theirs) {
				t.Errorf("%s: %s\n  tshark %v\n  posta  %v", c.name, all[i], theirs, ours)
			}
			answers += len(theirs)
			some[i] = some[i] || len(theirs) > 0
		}
	}
	never := 0
	for i, ok := range some {
		if !ok {
			never++
			t.Logf("no frame: %s", all[i])
		}
	}
	t.Logf("%d filters, %d of them with no frame in any capture, %d answers", len(all), never, answers)
}

// tree is what was found in a frame, and the frame's number.
type tree struct {
	number int
	tree   *field.Tree
}

func numbered(trees []*field.Tree) (out []tree) {
	for i, tr := range trees {
		out = append(out, tree{i + 1, tr})
	}
	return out
}

// golden is where tshark's answers to the table's first part lie, for the test
// beside the filter's code.
const golden = "../../filter/testdata/tshark.txt"

// The answers that lie beside the filter's code are tshark's.
func TestGolden(t *testing.T) {
	need(t)
	mail, _ := filters(t)
	within := make([]string, len(mail))
	for i, text := range mail {
		within[i] = "(smtp || pop || imap || imf) && (" + text + ")"
	}
	lines := make([]strings.Builder, len(mail))
	for _, c := range captureFiles(t) {
		for i, frames := range c.ask(t, within) {
			if len(frames) > 0 {
				fmt.Fprintf(&lines[i], "\t%s %s\n", c.name, runs(frames))
			}
		}
	}
	var out strings.Builder
	out.WriteString("# What tshark 4.0 answers to filters.txt in the frames of mail, by capture.\n" +
		"# go test -tags whole ./test/tshark -run Golden -update writes it.\n")
	for i, text := range mail {
		out.WriteString(text + "\n" + lines[i].String())
	}
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was, err := os.ReadFile(golden); err != nil || string(was) != out.String() {
		t.Errorf("%s is not what tshark answers (%v); write it with -update", golden, err)
	}
}

// runs writes numbers, and those in a row as a range.
func runs(numbers []int) string {
	var out []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		one := strconv.Itoa(numbers[i])
		if j > i {
			one += "-" + strconv.Itoa(numbers[j])
		}
		out = append(out, one)
		i = j + 1
	}
	return strings.Join(out, " ")
}

// What a tap of tshark's lets through is what -Y does: some filters are asked
// both ways.
func TestTapsAreDisplayFilters(t *testing.T) {
	need(t)
	asked := []string{
		`smtp.req.command != "MAIL"`, `all tcp.port > 1024 or smtp matches "^250"`, `tcp contains "RCPT" && !imf`,
		`smtp.response.code not in {200..299} and count(smtp.rsp.parameter) > 1`, `frame.time_relative > 0.2 and imf.from`,
	}
	for i, c := range captureFiles(t) {
		if i%6 != 0 {
			continue
		}
		for j, taps := range c.ask(t, asked) {
			var frames []int
			for line := range bytes.Lines(c.tshark(t, "-Y", asked[j], "-T", "fields", "-e", "frame.number")) {
				n, err := strconv.Atoi(strings.TrimSpace(string(line)))
				if err != nil {
					t.Fatal(err)
				}
				frames = append(frames, n)
			}
			if fmt.Sprint(frames) != fmt.Sprint(taps) {
				t.Errorf("%s: %s\n  -Y %v\n tap %v", c.name, asked[j], frames, taps)
			}
		}
	}
}
