package main

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/observe"
	"posta/story"
	"posta/words"
)

// sessionDiagramFlags are those of `posta session diagram`.
type sessionDiagramFlags struct {
	output  string
	related bool
	diagramFlags
}

func (a *app) sessionDiagramCommand() *cobra.Command {
	var f sessionDiagramFlags
	c := a.command("diagram", "help.session_diagram", func(ctx context.Context, args []string) error {
		if _, err := diagramForm(f.output); err != nil {
			return err
		}
		return a.sessionDiagram(ctx, args, f)
	})
	c.Long = a.say("help.session_diagram_long", nil)
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "-", a.say("help.flag_diagram_output", nil))
	flags.BoolVar(&f.related, "related", false, a.say("help.flag_related", nil))
	a.diagramFlags(flags, &f.diagramFlags)
	c.Example = "posta session diagram\nposta session diagram 1 -o lab.svg\nposta session diagram --related -o lab.pdf --hide-secrets"
	return a.taking(c, 0, -1, "help.word_id")
}

// sessionDiagram draws recorded sessions. They are read as a capture of theirs
// is, so that the two give the same picture.
func (a *app) sessionDiagram(ctx context.Context, args []string, f sessionDiagramFlags) error {
	if len(args) == 0 {
		args = []string{""}
	}
	var ids []uint64
	for _, text := range args {
		id, err := a.sessionID(ctx, text)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	var recorded []admin.Recorded
	if err := a.askServer(ctx, "session.recorded", admin.RecordedWhich{}, &recorded); err != nil {
		return err
	}
	wanted := slices.DeleteFunc(slices.Clone(recorded), func(s admin.Recorded) bool { return !slices.Contains(ids, s.ID) })
	for _, id := range ids {
		if !slices.ContainsFunc(wanted, func(s admin.Recorded) bool { return s.ID == id }) {
			return words.Fail("admin.not_recorded", words.Args{"ID": id})
		}
	}
	if !f.related {
		recorded = wanted
	}
	all, err := a.recordedStory(ctx, recorded, f.packets)
	if err != nil {
		return err
	}
	some := slices.DeleteFunc(slices.Clone(all), func(s *story.Session) bool {
		return !slices.ContainsFunc(wanted, func(r admin.Recorded) bool { return isRecorded(s, r) })
	})
	if f.related {
		if some, err = a.released(ctx, all, related(all, some)); err != nil {
			return err
		}
		some = related(all, some)
	}
	some = slices.DeleteFunc(some, handedIn)
	if len(some) == 0 {
		if i := slices.IndexFunc(wanted, func(r admin.Recorded) bool { return r.Protocol == "sendmail" }); i >= 0 {
			return words.Fail("fail.diagram_handed_in", words.Args{"ID": wanted[i].ID})
		}
		return words.Fail("fail.diagram_none", nil)
	}
	if f.ending, err = a.endings(ctx); err != nil {
		return err
	}
	return a.drawn(some, f.output, f.diagramFlags)
}

// endings know why sessions ended that broke off without a word of it: a recording
// has not what posta thought of a certificate.
func (a *app) endings(ctx context.Context) (func(*story.Session) string, error) {
	var all []observe.Session
	if err := a.askServer(ctx, "session.list", observe.Filter{}, &all); err != nil {
		return nil, err
	}
	return func(s *story.Session) string {
		i := slices.IndexFunc(all, func(o observe.Session) bool { return o.ID == s.Number })
		if i < 0 || !brokeOff(all[i].Reason) {
			return ""
		}
		return ended(a.words, all[i].Reason)
	}, nil
}

// handedIn says that a program on this computer handed a message in: no port was
// dialed, and nothing was said that could be drawn.
func handedIn(s *story.Session) bool { return s.Ends.Local.Port() == 0 && s.Ends.Remote.Port() == 0 }

// isRecorded says that a session that was read is a recorded one.
func isRecorded(s *story.Session, r admin.Recorded) bool {
	return isEnd(s.Ends.Local, r.Local) && isEnd(s.Ends.Remote, r.Remote) && s.Began.Time.Sub(r.Opened).Abs() < time.Second
}

// isEnd says that an end as a capture has it is a recorded one. Captures know no
// zones, and what had no address is unspecified there.
func isEnd(read, recorded netip.AddrPort) bool {
	a, b := read.Addr().Unmap(), recorded.Addr().Unmap().WithZone("")
	return read.Port() == recorded.Port() && (a == b || !b.IsValid() && (!a.IsValid() || a.IsUnspecified()))
}

// recordedStory reads what was said in recorded sessions.
func (a *app) recordedStory(ctx context.Context, recorded []admin.Recorded, packets bool) ([]*story.Session, error) {
	in := admin.SessionExport{}
	for _, s := range recorded {
		in.IDs = append(in.IDs, s.ID)
		in.Masked = in.Masked || s.Masked
	}
	if in.Masked && !packets { // its export is masked text over plain TCP: it would tell of a session without TLS
		return a.toldStory(ctx, in.IDs)
	}
	reading, err := a.newStoryReading(sessionChoice{packets: packets})
	if err != nil {
		return nil, err
	}
	from, to := io.Pipe()
	asked := make(chan error, 1)
	go func() {
		err := a.askServer(ctx, "session.export", in, to)
		asked <- err
		to.CloseWithError(err)
	}()
	err = reading.read(ctx, from)
	from.CloseWithError(io.ErrClosedPipe) // lets the asking end
	if failed := <-asked; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	all, err := reading.chosen()
	numbered(all, recorded)
	return all, err
}

// numbered gives sessions that were read of a server's export the numbers that
// they have in its list.
func numbered(all []*story.Session, recorded []admin.Recorded) {
	for _, s := range all {
		if i := slices.IndexFunc(recorded, func(r admin.Recorded) bool { return isRecorded(s, r) }); i >= 0 {
			s.Number = recorded[i].ID
		}
	}
}

// toldStory reads what was said in recorded sessions as the server tells it.
func (a *app) toldStory(ctx context.Context, ids []uint64) ([]*story.Session, error) {
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(book)
	if err := a.askServer(ctx, "session.watch", admin.SessionWatch{IDs: ids, Now: true}, event.NewRecords(fed{d})); err != nil {
		return nil, err
	}
	all, _ := book.Sessions()
	slices.SortStableFunc(all, func(x, y *story.Session) int { return x.Began.Time.Compare(y.Began.Time) })
	return all, nil
}
