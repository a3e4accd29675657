package dissect

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/field"
	"posta/filter"
)

// A filter's Needs are all that is built, and the filter finds in these frames
// what tshark finds: filter/testdata/tshark.txt has its answers. Captures with
// streams that differ are left out, and filters for what is not built yet.
func TestFiltersFindTheirFrames(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skip("there are no shared captures beside the repository: nothing was held against tshark")
	}
	text, err := os.ReadFile("../filter/testdata/tshark.txt")
	if err != nil {
		t.Fatal(err)
	}
	captures := agreeing(t)
	asked := 0
	for chunk := range strings.SplitSeq(strings.ReplaceAll(string(text), "\n\t", "\t"), "\n") {
		parts := strings.Split(chunk, "\t")
		f, err := filter.Parse(parts[0], time.UTC)
		if err != nil || !built(f.Needs()) || strings.Contains(parts[0], "not ") || strings.HasPrefix(parts[0], "!") {
			continue
		}
		asked++
		want := map[string]string{}
		for _, answer := range parts[1:] {
			name, frames, _ := strings.Cut(answer, " ")
			want[name] = frames
		}
		for _, name := range captures {
			m := f.Matcher()
			var frames []int
			read(t, filepath.Join(shared, name), f.Needs(), func(fr *Frame) {
				if m.Match(fr.Tree) && !slices.Contains(frames, int(fr.Packet)) {
					frames = append(frames, int(fr.Packet))
				}
			})
			slices.Sort(frames)
			if got := runs(frames); got != want[name] {
				t.Errorf("%s: %s\n  tshark %s\n  posta  %s", name, parts[0], want[name], got)
			}
		}
	}
	if asked < 40 {
		t.Errorf("only %d filters were asked", asked)
	}
	t.Logf("%d filters of %d captures", asked, len(captures))
}

// built says that all the fields are among those that are made here.
func built(needs field.Set) bool {
	have := said()
	have = append(have, field.FrameNumber, field.FrameTimeEpoch, field.IPSrc, field.IPDst, field.IPv6Src, field.IPv6Dst,
		field.TCPSrcport, field.TCPDstport, field.TCPStream, field.SMTPReq, field.SMTPRsp)
	spoken := false
	for id := range needs.All() {
		if !slices.Contains(have, id) {
			return false
		}
		spoken = spoken || slices.Contains(said(), id)
	}
	return spoken
}

// agreeing are the captures without a stream that differs, and without
// STARTTLS, which tshark cuts.
func agreeing(t *testing.T) (names []string) {
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
