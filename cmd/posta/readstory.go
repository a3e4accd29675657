package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strconv"

	"posta/capture"
	"posta/dissect"
	"posta/event"
	"posta/story"
	"posta/words"
)

// sessionChoice says which sessions of a capture are wanted; its zero value is
// all in which mail was spoken.
type sessionChoice struct {
	filter   string
	streams  []string
	decodeAs []string
	keyLogs  []string
	related  bool // also those in which the same messages passed
	packets  bool // with their packets
}

// storyReading reads what was said in the sessions of a capture.
type storyReading struct {
	choice  sessionChoice
	streams []int64
	matched map[uint64]bool // connections with a frame that the filter holds of; nil without a filter
	d       *dissect.Dissector
	book    *story.Book
	packets int
	ring    *keyring
}

func (a *app) newStoryReading(c sessionChoice) (*storyReading, error) {
	ring, err := a.keyring(c.keyLogs)
	if err != nil {
		return nil, err
	}
	r := &storyReading{choice: c, ring: ring, book: story.New(story.Options{Keep: func(*story.Session) bool { return true }, Packets: c.packets})}
	for _, text := range c.streams {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, usage(words.Fail("fail.read_stream", words.Args{"Value": text}))
		}
		r.streams = append(r.streams, int64(n))
	}
	out := func(*dissect.Frame) {}
	matches, want, err := a.matching(c.filter)
	if err != nil {
		return nil, err
	}
	if matches != nil {
		r.matched = map[uint64]bool{}
		out = func(f *dissect.Frame) {
			if matches.Match(f.Tree) {
				r.matched[f.Conn] = true
			}
		}
	}
	r.d = dissect.New(want, out)
	r.d.Tell(r.book)
	for _, told := range c.decodeAs {
		if !decodeTold(r.d, told) {
			return nil, usage(words.Fail("fail.read_decode_as", words.Args{"Value": told}))
		}
	}
	return r, nil
}

// read reads a capture. Where it fails, what came before has been read.
func (r *storyReading) read(ctx context.Context, in io.Reader) error {
	c, err := capture.NewReader(in)
	if err != nil {
		return err
	}
	defer c.Close()
	err = capture.Read(ctx, c, r.ring.open(c, r), capture.Limits{})
	r.packets = c.Packets()
	return err
}

// Wants takes all octets.
func (r *storyReading) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (r *storyReading) Emit(e *event.Event) { r.d.Feed(e) }

// chosen are the sessions that were wanted, and in which something was said.
func (r *storyReading) chosen() ([]*story.Session, error) {
	all, _ := r.book.Sessions()
	var mail, wanted []*story.Session
	for _, s := range all {
		if spoken(s) {
			mail = append(mail, s)
		}
	}
	for _, s := range all {
		if (r.matched == nil || r.matched[s.Conn]) && (r.streams == nil && spoken(s) || slices.Contains(r.streams, s.Stream)) {
			wanted = append(wanted, s)
		}
	}
	if r.choice.related {
		wanted = related(mail, wanted)
	}
	if len(wanted) == 0 {
		return nil, words.Fail("fail.diagram_none", nil)
	}
	return wanted, nil
}

// spoken says that mail was spoken in a session, or may have been inside TLS.
func spoken(s *story.Session) bool {
	return s.Protocol != "" || slices.ContainsFunc(s.Acts, func(a *story.Act) bool { return a.Kind != story.Gap && a.Kind != story.Over && a.Kind != story.Packet })
}

// related adds to some sessions those in which messages of theirs passed, too.
func related(all, some []*story.Session) []*story.Session {
	out := slices.Clone(some)
	for _, group := range story.Passages(all) {
		if !slices.ContainsFunc(group, func(p story.Passage) bool { return slices.Contains(some, p.Session) }) {
			continue
		}
		for _, p := range group {
			if !slices.Contains(out, p.Session) {
				out = append(out, p.Session)
			}
		}
	}
	return out
}

// captureInput opens a capture; "-" is standard input. name is what people call it.
func (a *app) captureInput(file string) (in io.Reader, name string, close func() error, err error) {
	if file == "-" {
		return a.In, a.say("read.stdin", nil), func() error { return nil }, nil
	}
	opened, err := os.Open(file)
	if err != nil {
		return nil, file, nil, words.FailOf(err, "fail.read_open", words.Args{"File": file})
	}
	return opened, file, opened.Close, nil
}
