package admin

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"posta/event"
	"posta/observe"
	"posta/store"
	"posta/trace"
)

// Whose story ends in that he waits, and who is not in the queue: nobody noted what
// became of him. Who left between two looks has his end in the second.
func TestTraceOfWhoWaitsNoLonger(t *testing.T) {
	step := func(what, onward string) trace.Step { return trace.Step{What: what, Onward: onward} }
	tell := func(id, status string, steps ...trace.Step) trace.Story {
		return trace.Story{ID: id, Status: status, Steps: append([]trace.Step{{What: trace.Accepted}}, steps...)}
	}
	waits := step(event.Delayed, "a@x.es")
	first := []trace.Story{
		tell("q1", event.Delayed, step(trace.Queued, "a@x.es"), waits),
		tell("q2", event.Delayed, step(trace.Queued, "a@x.es"), waits),
		tell("q3", event.Delayed, waits, step(event.Relayed, "b@x.es")), // another of the same alias went
		tell("q4", event.Delayed, waits),
		tell("q5", event.Relayed, waits, step(event.Relayed, "a@x.es")),
		{ID: "q6", Status: event.Delayed, Steps: []trace.Step{waits}, More: 3}, // who knows
		tell("q7", event.Held, step(event.Held, "a@x.es"), step(trace.Queued, "b@x.es")),
	}
	first[2].Status = event.Relayed
	second := append([]trace.Story{}, first...)
	second[3] = tell("q4", event.Relayed, waits, step(event.Relayed, "a@x.es"))
	second = append(second, tell("q8", trace.Queued, step(trace.Queued, "a@x.es"))) // came since
	looks := [][]trace.Story{first, second}
	h := House{Sessions: observe.New(observe.Options{}), Queue: &waitingRoom{items: []store.Item{item(1, "q1", "a@x.es", nil), item(2, "q2", "b@x.es", nil), item(3, "q7", "a@x.es", nil)}},
		Trace: func(context.Context, trace.Query) (trace.Result, error) {
			now := looks[0]
			looks = looks[1:]
			return trace.Result{Stories: now}, nil
		}}
	found, err := h.findTrace(context.Background(), trace.Query{})
	if err != nil {
		t.Fatal(err)
	}
	type end struct {
		Status  string
		Unnoted []string
	}
	got := map[string]end{}
	for _, s := range found.Stories {
		got[s.ID] = end{s.Status, s.Unnoted}
	}
	want := map[string]end{"q1": {event.Delayed, nil}, "q2": {trace.Gone, []string{"a@x.es"}}, "q3": {event.Relayed, []string{"a@x.es"}}, "q4": {event.Relayed, nil},
		"q5": {event.Relayed, nil}, "q6": {event.Delayed, nil}, "q7": {event.Held, []string{"b@x.es"}}, "q8": {trace.Queued, nil}}
	if !reflect.DeepEqual(got, want) {
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		t.Errorf("got %s\nwant %s", a, b)
	}
}
