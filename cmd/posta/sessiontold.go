package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// showFlags are those of `posta session show` that ask for more than the lines.
type showFlags struct {
	annotated, findings, eavesdrop bool
}

func (a *app) addShowFlags(c *cobra.Command, f *showFlags) {
	flags := c.Flags()
	flags.BoolVar(&f.annotated, "annotated", false, a.say("help.flag_annotated", nil))
	flags.BoolVar(&f.findings, "findings", false, a.say("help.flag_findings", nil))
	flags.BoolVar(&f.eavesdrop, "eavesdrop", false, a.say("help.flag_eavesdrop", nil))
}

// lists are the flags that were given.
func (f *showFlags) lists() (flags []string) {
	for _, one := range []struct {
		flag  string
		asked bool
	}{{"--annotated", f.annotated}, {"--findings", f.findings}, {"--eavesdrop", f.eavesdrop}} {
		if one.asked {
			flags = append(flags, one.flag)
		}
	}
	return flags
}

// annotatedList is a teller of the annotated transcript, which is written as it comes.
type annotatedList struct{ *annotator }

func (l annotatedList) end(func(uint64) bool) (int, error) { return l.shown, l.annotator.end() }

// showTold prints what was said in a recorded session: it is read as a capture
// is, so that both give the same.
func (a *app) showTold(ctx context.Context, id uint64, f showFlags) error {
	if many := f.lists(); len(many) > 1 {
		return usage(words.Fail("fail.read_both", words.Args{"One": many[0], "Other": many[1]}))
	}
	var recorded []admin.Recorded
	if err := a.askServer(ctx, "session.recorded", admin.RecordedWhich{ID: id}, &recorded); err != nil {
		return err
	}
	var to teller
	switch {
	case f.findings:
		to = newFindingList(a)
	case f.eavesdrop:
		to = newLessonList(a)
	default:
		to = annotatedList{newAnnotator(a)}
	}
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(story.New(story.Options{Out: to.act}))
	err := a.askServer(ctx, "session.watch", admin.SessionWatch{IDs: []uint64{id}, Now: true}, event.NewRecords(fed{d}))
	_, failed := to.end(func(uint64) bool { return true })
	if err = errors.Join(err, failed); err != nil || a.json {
		return err
	}
	return a.recordedRemarks(recorded)
}

// recordedRemarks say what of a session is not there.
func (a *app) recordedRemarks(recorded []admin.Recorded) error {
	for _, s := range recorded {
		for _, one := range []struct {
			is bool
			id string
		}{{s.Masked, "session.is_masked"}, {s.Incomplete, "export.incomplete"}, {s.Closed.IsZero(), "session.is_open"}} {
			if !one.is {
				continue
			}
			if _, err := io.WriteString(a.Out, "\n"+fill(a.say(one.id, nil), helpWidth)+"\n"); err != nil {
				return fmt.Errorf("posta: writing: %w", err)
			}
		}
	}
	return nil
}

// fed is a Sink over a Dissector.
type fed struct{ d *dissect.Dissector }

// Wants takes all octets.
func (fed) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (f fed) Emit(e *event.Event) { f.d.Feed(e) }
