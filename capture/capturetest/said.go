package capturetest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Said is what was said in one stream: commands and their parameters as they
// stand, the codes or indicators of replies, and the texts of their lines.
type Said struct{ Commands, Parameters, Replies, Texts []string }

// SaidFields are tshark's names for the parts of Said in one protocol.
type SaidFields struct{ Command, Parameter, Reply, Text string }

// CompareSaid holds what follow makes of each stream of the captures, by the
// stream's number, against what tshark found. differs names a stream ("folder/file
// number") of which tshark says something else, and the commands that were truly
// said, where lines were said at all.
func CompareSaid(t *testing.T, fields SaidFields, follow func(path string) map[int]*Said, differs func(stream string) (commands string, ok bool)) {
	t.Helper()
	shared := Dir(t)
	streams, told := 0, 0
	for _, answer := range Answers(t) {
		theirs := readSaid(t, answer, fields)
		if len(theirs) == 0 {
			continue
		}
		name := strings.TrimSuffix(answer, ".tshark.jsonl")
		ours := follow(name)
		for stream, want := range theirs {
			got := ours[stream]
			if got == nil {
				t.Errorf("%s: there is no stream %d", name, stream)
				continue
			}
			streams++
			told += len(want.Commands) + len(want.Replies)
			compareSaid(t, fmt.Sprintf("%s %d", strings.TrimPrefix(filepath.ToSlash(name), shared+"/"), stream), got, want, differs)
		}
	}
	t.Logf("%d streams, %d commands and replies", streams, told)
}

func compareSaid(t *testing.T, stream string, got, want *Said, differs func(string) (string, bool)) {
	t.Helper()
	same := slices.Equal(got.Commands, want.Commands) && slices.Equal(got.Parameters, want.Parameters) &&
		slices.Equal(got.Replies, want.Replies) && slices.Equal(got.Texts, want.Texts)
	switch commands, known := differs(stream); {
	case known && same:
		t.Errorf("%s: tshark says the same now", stream)
	case known && commands != "" && strings.Join(got.Commands, " ") != commands:
		t.Errorf("%s: %q", stream, got.Commands)
	case !known && !same:
		t.Errorf("%s:\n  tshark %q\n  posta  %q", stream, *want, *got)
	}
}

// readSaid reads what tshark found, by stream.
func readSaid(t *testing.T, path string, fields SaidFields) map[int]*Said {
	t.Helper()
	streams := map[int]*Said{}
	Frames(t, path, func(f Frame) {
		commands, replies := f.Texts(fields.Command), f.Texts(fields.Reply)
		if len(commands)+len(replies) == 0 {
			return
		}
		s := streams[f.Stream()]
		if s == nil {
			s = &Said{}
			streams[f.Stream()] = s
		}
		s.Commands = append(s.Commands, commands...)
		s.Parameters = append(s.Parameters, f.Texts(fields.Parameter)...)
		s.Replies = append(s.Replies, replies...)
		s.Texts = append(s.Texts, f.Texts(fields.Text)...)
	})
	return streams
}

// Short cuts a text as the answers are cut.
func Short(s string) string {
	if len(s) <= 200 {
		return s
	}
	return s[:200] + fmt.Sprintf("...[%d]", len(s))
}
