package dissect

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/capture/capturetest"
	"posta/field"
	"posta/filter"
)

// A filter's Needs are all that is built, and the filter finds in these frames
// what tshark finds: filter/testdata/tshark.txt has its answers. Captures with
// streams that differ are left out, and filters for what is not built yet.
func TestFiltersFindTheirFrames(t *testing.T) {
	shared := capturetest.Dir(t)
	text, err := os.ReadFile("../filter/testdata/tshark.txt")
	if err != nil {
		t.Fatal(err)
	}
	captures := agreeing(t)
	asked := 0
	answered := map[string]map[int]bool{}
	for _, name := range captures {
		answered[name] = mailFrames(t, filepath.Join(shared, name+".tshark.jsonl"))
	}
	for chunk := range strings.SplitSeq(strings.ReplaceAll(string(text), "\n\t", "\t"), "\n") {
		parts := strings.Split(chunk, "\t")
		f, err := filter.Parse(parts[0], time.UTC)
		if err != nil || parts[0] == "" || !built(f.Needs()) {
			continue
		}
		asked++
		want := map[string]string{}
		for _, answer := range parts[1:] {
			name, frames, _ := strings.Cut(answer, " ")
			want[name] = frames
		}
		needs := f.Needs()
		mailed := groupsOf(&needs).mail
		for _, name := range captures {
			if mailed && (strings.Contains(name, "imap") || slices.ContainsFunc(differsInMail(), func(s string) bool { return strings.HasPrefix(s, name+" ") })) {
				continue
			}
			m := f.Matcher()
			var frames []int
			mail := answered[name]
			read(t, filepath.Join(shared, name), f.Needs(), func(fr *Frame) {
				if mail[int(fr.Packet)] && m.Match(fr.Tree) && !slices.Contains(frames, int(fr.Packet)) {
					frames = append(frames, int(fr.Packet))
				}
			})
			slices.Sort(frames)
			if name == "arkime/smtp-data-250.pcap" && strings.HasPrefix(parts[0], "smtp.auth.") {
				continue // AUTH PLAIN, which tshark does not decode unless it is told to
			}
			if got := runs(frames); got != want[name] {
				t.Errorf("%s: %s\n  tshark %s\n  posta  %s", name, parts[0], want[name], got)
			}
		}
	}
	if asked < 100 {
		t.Errorf("only %d filters were asked", asked)
	}
	t.Logf("%d filters of %d captures", asked, len(captures))
}

// mailFrames are those of mail, of which tshark was asked.
func mailFrames(t *testing.T, path string) map[int]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mail := map[int]bool{}
	for line := range strings.Lines(string(text)) {
		var frame struct {
			Number string `json:"frame.number"`
		}
		if err := json.Unmarshal([]byte(line), &frame); err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(frame.Number)
		if err != nil {
			t.Fatal(err)
		}
		mail[number] = true
	}
	return mail
}

// built says that all the fields are among those that are made here.
func built(needs field.Set) bool {
	have := Fields()
	for id := range needs.All() {
		if !have.Has(id) {
			return false
		}
	}
	return true
}

// agreeing are the captures without a stream that differs, and without
// STARTTLS, which tshark cuts.
func agreeing(t *testing.T) (names []string) {
	shared := capturetest.Dir(t)
	answers, err := filepath.Glob(shared + "/*/*.tshark.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range answers {
		name := strings.TrimPrefix(filepath.ToSlash(strings.TrimSuffix(answer, ".tshark.jsonl")), shared+"/")
		if strings.HasSuffix(name, "/smtp-starttls.pcap") {
			continue
		}
		if !slices.ContainsFunc(differs(), func(s string) bool { return strings.HasPrefix(s, name+" ") }) {
			names = append(names, name)
		}
	}
	return names
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
			one = fmt.Sprintf("%d-%d", numbers[i], numbers[j])
		}
		out = append(out, one)
		i = j + 1
	}
	return strings.Join(out, " ")
}
