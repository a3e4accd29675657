package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/filter"
	"posta/story"
	"posta/words"
)

// toldFlags are those of `posta read` that ask what was said in sessions.
type toldFlags struct {
	findings, credentials, eavesdrop, statistics bool
	exportMail                                   string
	follow                                       followFlags
}

// listing is a Sink of a recording's events that prints something of them.
type listing interface {
	event.Sink
	end() error
	rows() int
}

// listing makes what was asked for.
func (a *app) listing(f *toldFlags, frames framesFlags) (listing, error) {
	if f.follow.stream >= 0 {
		return a.newFollower(f.follow, frames.decodeAs)
	}
	return a.newToldList(f, frames)
}

func (a *app) addToldFlags(c *cobra.Command, f *toldFlags) {
	flags := c.Flags()
	flags.BoolVar(&f.findings, "findings", false, a.say("help.flag_findings", nil))
	flags.BoolVar(&f.credentials, "credentials", false, a.say("help.flag_credentials", nil))
	flags.BoolVar(&f.eavesdrop, "eavesdrop", false, a.say("help.flag_eavesdrop", nil))
	flags.BoolVar(&f.statistics, "statistics", false, a.say("help.flag_statistics", nil))
	flags.StringVar(&f.exportMail, "export-mail", "", a.say("help.flag_export_mail", nil))
	flags.Int64Var(&f.follow.stream, "follow", -1, a.say("help.flag_follow", nil))
	flags.BoolVar(&f.follow.annotated, "annotated", false, a.say("help.flag_annotated", nil))
	flags.StringVar(&f.follow.raw, "octets", "", a.say("help.flag_octets", nil))
	choices(c, "octets", sideClient, sideServer)
}

// lists are the flags of those lists that were asked for.
func (f *toldFlags) lists() (flags []string) {
	for _, one := range []struct {
		flag  string
		asked bool
	}{{"--findings", f.findings}, {"--credentials", f.credentials}, {"--eavesdrop", f.eavesdrop}, {"--statistics", f.statistics}, {"--export-mail", f.exportMail != ""},
		{"--follow", f.follow.stream >= 0}} {
		if one.asked {
			flags = append(flags, one.flag)
		}
	}
	return flags
}

// teller makes a list of what was said.
type teller interface {
	// act is told of each act, as a story.Book hands it out.
	act(*story.Session, *story.Act)
	// end prints the list of the sessions that are chosen, and says how many rows it has.
	end(chosen func(conn uint64) bool) (rows int, err error)
}

// settler is a teller of single acts rather than sessions: after each event it is
// told whether what came in it is chosen, as the filter holds of its frame.
type settler interface{ settle(chosen bool) }

// teller makes the list that was asked for.
func (a *app) teller(f *toldFlags) (teller, error) {
	switch {
	case f.credentials:
		return newCredentialList(a), nil
	case f.eavesdrop:
		return newLessonList(a), nil
	case f.statistics:
		return newStatisticsList(a), nil
	case f.exportMail != "":
		return newMailExport(a, f.exportMail)
	}
	return newFindingList(a), nil
}

// toldList is a Sink that gives a teller what was said in the sessions of a
// recording; with a filter, of those in which it holds of some frame.
type toldList struct {
	d       *dissect.Dissector
	to      teller
	matches *filter.Matcher // nil: there is no filter
	chosen  map[uint64]bool
	settler settler // nil: to lists sessions
	matched bool    // the filter holds of a frame of the event at hand
	shown   int
}

// rows is how long the list is.
func (l *toldList) rows() int { return l.shown }

// newToldList understands the flags.
func (a *app) newToldList(f *toldFlags, frames framesFlags) (*toldList, error) {
	l := &toldList{chosen: map[uint64]bool{}}
	var want field.Set
	var err error
	if l.matches, want, err = a.matching(frames.filter); err != nil {
		return nil, err
	}
	if l.to, err = a.teller(f); err != nil {
		return nil, err
	}
	l.settler, _ = l.to.(settler)
	o := story.Options{Out: l.to.act}
	if f.exportMail != "" {
		o.Bodies = largestExported
	}
	l.d = dissect.New(want, l.frame)
	l.d.Tell(story.New(o))
	for _, told := range frames.decodeAs {
		if !decodeTold(l.d, told) {
			return nil, usage(words.Fail("fail.read_decode_as", words.Args{"Value": told}))
		}
	}
	return l, nil
}

// Wants takes all octets.
func (l *toldList) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (l *toldList) Emit(e *event.Event) {
	l.matched = l.matches == nil
	l.d.Feed(e)
	if l.settler != nil {
		l.settler.settle(l.matched)
	}
}

func (l *toldList) frame(f *dissect.Frame) {
	if l.matches == nil || l.settler == nil && l.chosen[f.Conn] || !l.matches.Match(f.Tree) {
		return
	}
	l.matched, l.chosen[f.Conn] = true, true
}

// end prints the list.
func (l *toldList) end() (err error) {
	l.shown, err = l.to.end(func(conn uint64) bool { return l.matches == nil || l.chosen[conn] })
	return err
}

// place is where something of a session stands: its frame of a capture, or
// its session of posta's own.
type place struct {
	Frame   uint32    `json:"frame,omitempty"`
	Time    time.Time `json:"time,omitzero"`
	Stream  *int64    `json:"stream,omitempty"`
	Session uint64    `json:"session,omitempty"`
}

func placeOf(conn uint64, stream int64, at story.Moment) place {
	p := place{Frame: at.Frame, Time: at.Time.UTC(), Stream: &stream}
	if stream < 0 {
		p.Stream, p.Session, p.Frame = nil, conn, 0
	}
	return p
}

// where says it for people: a frame, or a time.
func (a *app) where(p *place) string {
	if p.Session != 0 {
		return p.Time.Local().Format("15:04:05.000")
	}
	return a.say("read.at_frame", words.Args{"Frame": p.Frame})
}

// whose says which session it is.
func (a *app) whose(p *place) string {
	if p.Session != 0 {
		return a.say("read.of_session", words.Args{"ID": p.Session})
	}
	return a.say("read.of_stream", words.Args{"Stream": fmt.Sprint(*p.Stream)})
}
