package main

import (
	"context"
	"strings"

	"posta/dissect"
	"posta/field"
	"posta/gloss"
	"posta/story"
)

// meaning explains the last command of a recorded conversation, and what it was
// answered: the meaning of each with the sections that say so.
func (a *app) meaning(rec *recording) []string {
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(book)
	if err := rec.ring.Play(context.Background(), []uint64{rec.next}, fed{d}); err != nil {
		return nil // what cannot be read cannot be explained
	}
	all, _ := book.Sessions()
	if len(all) == 0 {
		return nil
	}
	s := all[len(all)-1]
	var command, reply *story.Act
	for _, act := range s.Acts {
		switch act.Kind {
		case story.Command, story.Answer, story.Mail:
			command, reply = act, nil
		case story.Greeting, story.Reply, story.Challenge:
			reply = act
		}
	}
	var out []string
	for _, act := range []*story.Act{command, reply} {
		if act == nil || act.From == story.Client && act.Masked() != act.Text { // what was typed unseen is not shown now
			continue
		}
		g := gloss.Of(a.words, s, act)
		if text := strings.TrimSpace(g.Meaning + " " + cited(g.Cites)); text != "" {
			out = append(out, text)
		}
		for _, more := range g.Lines {
			if more.Meaning != "" {
				out = append(out, more.Text+": "+more.Meaning)
			}
		}
	}
	return out
}

// cited writes sections in brackets.
func cited(sections []string) string {
	if len(sections) == 0 {
		return ""
	}
	return "(" + strings.Join(sections, ", ") + ")"
}
