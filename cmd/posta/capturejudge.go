package main

import (
	"time"

	"posta/audit"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// judge says in comments of a capture's packets what audit finds in its
// sessions while they are written: at the packet at which it is known, which may
// be a later one than that it is about.
type judge struct {
	audit  *audit.Auditor
	d      *dissect.Dissector
	words  *words.Words
	byTime bool // packets are named by their times: a ring's files each count from 1
	frame  uint32
	texts  []string
}

// newJudge makes one that speaks English, as all comments of captures do.
func newJudge(byTime bool) (*judge, error) {
	w, err := words.New(words.Fallback)
	if err != nil {
		return nil, err
	}
	r := &judge{words: w, byTime: byTime}
	r.audit = audit.New(r.found)
	r.d = dissect.New(field.Set{}, func(*dissect.Frame) {})
	r.d.Tell(story.New(story.Options{Out: r.audit.Act}))
	return r, nil
}

// remarks is a capture.SessionOptions.Remarks.
func (r *judge) remarks(e *event.Event, frame uint32) []string {
	before := e.Packet
	e.Packet = frame
	texts := r.hears(e, frame)
	e.Packet = before
	return texts
}

// hears gives what is found in an event that a packet brought about. It is lent.
func (r *judge) hears(e *event.Event, frame uint32) []string {
	r.frame, r.texts = frame, r.texts[:0]
	r.d.Feed(e)
	return r.texts
}

func (r *judge) found(f audit.Finding) {
	text := f.Comment(r.words)
	if f.At.Frame != 0 && f.At.Frame != r.frame {
		id := "audit.about_frame"
		if r.byTime {
			id = "audit.about_time"
		}
		text += " " + r.words.Say(id, words.Args{"Frame": f.At.Frame, "Time": f.At.Time.UTC().Format(time.RFC3339Nano)})
	}
	r.texts = append(r.texts, text)
}
