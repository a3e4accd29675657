package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// followFlags are those of `posta read --follow`.
type followFlags struct {
	stream    int64
	annotated bool
	raw       string
}

// The sides of --octets.
const (
	sideClient = "client"
	sideServer = "server"
)

// followed is a piece of a conversation, as JSON has it.
type followed struct {
	Frame  uint32    `json:"frame,omitempty"`
	Time   time.Time `json:"time,omitzero"`
	From   string    `json:"from"`
	Size   int64     `json:"size"`
	Text   *string   `json:"text,omitempty"`
	Octets []byte    `json:"octets,omitempty"`
	Lost   bool      `json:"lost,omitempty"`
}

// follower is a Sink that writes what passed in one stream, in the order in which
// it came, as Wireshark's Follow TCP Stream does.
type follower struct {
	a     *app
	f     followFlags
	out   *bufio.Writer
	paint paint
	conn  uint64 // 0 until the stream has begun
	open  bool   // a line is under way
	tls   [2]bool
	count int64 // octets of TLS that are not told yet, of last
	last  event.Dir
	inner *dissect.Dissector // opens TLS; nil for octets as they are on the network
	clear bool               // it did
	seen  int                // records that it opened
	notes *dissect.Dissector // with what the lines mean; nil: nobody asks
	told  *annotator
	shown int
	err   error
}

// newFollower understands the flags.
func (a *app) newFollower(f followFlags, decode []string) (*follower, error) {
	l := &follower{a: a, f: f, out: bufio.NewWriter(a.Out), paint: a.paint(a.Out)}
	if f.raw != "" {
		if err := oneOf("--octets", f.raw, sideClient, sideServer); err != nil {
			return nil, usage(err)
		}
		if f.annotated {
			return nil, usage(words.Fail("fail.read_both", words.Args{"One": "--annotated", "Other": "--octets"}))
		}
	}
	if f.annotated {
		l.told = newAnnotator(a)
		l.notes = dissect.New(field.Set{}, func(*dissect.Frame) {})
		l.notes.Tell(story.New(story.Options{Out: func(s *story.Session, act *story.Act) {
			if s.Stream == f.stream {
				l.told.act(s, act)
			}
		}}))
		for _, told := range decode {
			if !decodeTold(l.notes, told) {
				return nil, usage(words.Fail("fail.read_decode_as", words.Args{"Value": told}))
			}
		}
	}
	if !f.annotated && f.raw == "" {
		l.inner = dissect.New(field.Set{}, func(*dissect.Frame) {})
		l.inner.Opened(l.opened)
		for _, told := range decode {
			if !decodeTold(l.inner, told) {
				return nil, usage(words.Fail("fail.read_decode_as", words.Args{"Value": told}))
			}
		}
	}
	return l, nil
}

// opened takes what a record of TLS holds.
func (l *follower) opened(e *event.Event) {
	l.clear = true
	l.seen++
	l.data(e)
}

// inside looks for what is inside of TLS, and says that nothing else of the
// event is to be shown.
func (l *follower) inside(e *event.Event) bool {
	if l.inner == nil || e.Kind == event.Packet {
		return false
	}
	before := l.seen
	l.inner.Feed(e)
	if e.Kind != event.Data {
		return false
	}
	d := e.Dir & 1
	l.tls[d] = l.tls[d] || !l.open && isTLS(e.Data)
	return l.seen > before || l.clear && l.tls[d]
}

// Wants takes all octets.
func (l *follower) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (l *follower) Emit(e *event.Event) {
	if opened, ok := e.Fact.(event.Captured); ok && e.Kind == event.Open && int64(opened.Stream) == l.f.stream {
		l.conn = e.Conn
		l.begin(opened)
	}
	switch {
	case l.notes != nil:
		l.notes.Feed(e)
	case l.conn == 0 || e.Conn != l.conn || l.err != nil || l.inside(e):
	case e.Kind == event.Data:
		l.data(e)
	case e.Kind == event.Gap:
		l.gap(e)
	}
}

// begin says whose conversation it is.
func (l *follower) begin(o event.Captured) {
	if l.a.json || l.f.raw != "" {
		return
	}
	to := l.out
	if l.told != nil {
		to = l.told.out
	}
	_, l.err = fmt.Fprintf(to, "%s %s\n%s %s\n\n", l.paint.client("C:"), o.Remote, l.paint.server("S:"), o.Local)
}

func (l *follower) side(d event.Dir) string {
	if d == event.FromListener {
		return sideServer
	}
	return sideClient
}

// data writes octets of one side.
func (l *follower) data(e *event.Event) {
	l.shown++
	switch {
	case l.f.raw != "":
		if l.side(e.Dir) == l.f.raw {
			_, l.err = l.out.Write(e.Data)
		}
	case l.a.json:
		one := followed{Frame: e.Packet, Time: e.Time.UTC(), From: l.side(e.Dir), Size: e.Len}
		if text := string(e.Data); utf8.ValidString(text) && printable(text) == strings.ReplaceAll(text, "\r\n", "\n") {
			one.Text = &text
		} else {
			one.Octets = e.Data
		}
		l.err = writeJSON(l.out, one)
	default:
		l.lines(e)
	}
}

// isTLS says that octets begin with a record of TLS (RFC 8446 §5.1), which
// nobody can read as it stands.
func isTLS(octets []byte) bool {
	return len(octets) > 2 && octets[0] >= 20 && octets[0] <= 24 && octets[1] == 3 && octets[2] <= 4
}

// lines writes octets as text, with the side in front of each line.
func (l *follower) lines(e *event.Event) {
	if l.last != e.Dir || e.Layer == event.Text && l.count > 0 {
		l.close()
	}
	l.last = e.Dir
	if e.Layer == event.Wire && l.tls[e.Dir&1] {
		l.count += e.Len
		return
	}
	paint, mark := l.paint.client, "C: "
	if e.Dir == event.FromListener {
		paint, mark = l.paint.server, "S: "
	}
	for line := range bytes.Lines(e.Data) {
		bare, ended := bytes.CutSuffix(line, []byte("\n"))
		if ended {
			bare = bytes.TrimSuffix(bare, []byte("\r"))
		}
		text := printable(string(bare))
		if !l.open {
			text = mark + text
		}
		l.write(paint(text))
		if l.open = !ended; ended {
			l.write("\n")
		}
	}
}

// close ends the line or the octets of TLS that are under way.
func (l *follower) close() {
	if l.open {
		l.write("\n")
	}
	if l.count > 0 {
		l.note(l.last, "read.follow_tls", l.count)
	}
	l.open, l.count = false, 0
}

// note writes a remark in place of octets.
func (l *follower) note(d event.Dir, id string, count int64) {
	mark := "C: "
	if d == event.FromListener {
		mark = "S: "
	}
	l.write(l.paint.aside(mark+"["+l.a.say(id, words.Args{"Count": count})+"]") + "\n")
}

// gap tells of lost octets.
func (l *follower) gap(e *event.Event) {
	switch {
	case l.f.raw != "":
	case l.a.json:
		l.err = writeJSON(l.out, followed{Frame: e.Packet, Time: e.Time.UTC(), From: l.side(e.Dir), Size: e.Len, Lost: true})
	default:
		l.close()
		l.note(e.Dir, "read.follow_lost", e.Len)
	}
}

func (l *follower) write(text string) {
	if l.err == nil {
		_, l.err = io.WriteString(l.out, text)
	}
}

// rows is how many pieces or lines were shown.
func (l *follower) rows() int { return l.shown }

// end ends the last line. A stream that is not there is an error.
func (l *follower) end() error {
	l.close()
	if l.told != nil {
		l.shown = l.told.shown
		l.err = l.told.end()
	}
	if l.err == nil {
		l.err = l.out.Flush()
	}
	if l.err == nil && l.conn == 0 {
		return words.Fail("fail.read_no_stream", words.Args{"Stream": l.f.stream})
	}
	return l.err
}
