package main

import (
	"slices"
	"testing"

	"posta/event"
	"posta/trace"
)

// The session that a site asked in last is that which released what another one took to it.
func TestReleases(t *testing.T) {
	step := func(what, onward string, session uint64) trace.Step {
		return trace.Step{What: what, Onward: onward, Session: session}
	}
	got := releases([]trace.Story{
		{Steps: []trace.Step{step(trace.Accepted, "", 1), step(trace.Queued, "a@b.example", 1), step(trace.Asked, "a@b.example", 2), step(event.Delayed, "a@b.example", 3),
			step(trace.Asked, "a@b.example", 4), step(trace.Asked, "c@d.example", 9), step(event.Relayed, "a@b.example", 5)}},
		{Steps: []trace.Step{step(trace.Asked, "a@b.example", 4), step(event.Relayed, "a@b.example", 5)}},
		{Steps: []trace.Step{step(trace.Asked, "a@b.example", 6), step(event.Relayed, "a@b.example", 6)}}, // ATRN: it is brought there itself
		{Steps: []trace.Step{step(trace.Queued, "e@f.example", 1), step(event.Relayed, "e@f.example", 7)}},
		{Steps: []trace.Step{step(trace.Asked, "a@b.example", 8), step(event.Failed, "a@b.example", 5)}},
	})
	if want := []release{{4, 5}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
