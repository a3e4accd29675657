package trace

import (
	"strings"
	"testing"
	"time"

	"posta/event"
)

// Of a message whose acceptance a crash took, what is tried after the restart is
// found by all that the attempts say. To one of which it is kept they add nothing.
func TestStoryBegunBeforeACrash(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	earlier := func(id, to, outcome, from, messageID string, session uint64) event.Attempted {
		return event.Attempted{ID: id, Recipient: to, Outcome: outcome, Session: session, Earlier: true, From: from, MessageID: messageID, Delay: time.Minute}
	}
	h.open(1, "192.0.2.1:4000")
	h.on(1, event.Enveloped{From: "luis@a.example"}, event.Addressed{To: "eva@c.example"},
		event.Accepted{ID: "q1", MessageID: "m1", From: "luis@a.example", Recipients: 1, Size: 9},
		event.Queued{ID: "q1", To: []event.Onward{{Recipient: "eva@c.example", To: "eva@c.example"}}})
	h.find(Query{}) // each a slice of its own
	h.now = h.now.Add(time.Hour)
	restart := h.now
	h.on(0, earlier("q1", "eva@c.example", event.Delayed, "luis@a.example", "m1", 7),
		earlier("q2", "bob@c.example", event.Delayed, "ana@a.example", "m2", 8))
	h.find(Query{})
	h.on(0, earlier("q3", "bob@c.example", event.Failed, "", "", 8))
	h.find(Query{})
	h.on(0, earlier("q2", "bob@c.example", event.Relayed, "ana@a.example", "m2", 9))
	h.find(Query{})
	h.on(0, event.Attempted{ID: "q4", Recipient: "bob@c.example", Outcome: event.Relayed, Session: 9}) // not said to be earlier
	whole := "eva@c.example<luis@a.example> delayed q1/m1/9; accepted 1 192.0.2.1; queued 1 192.0.2.1 eva@c.example; delayed 7 eva@c.example"
	rest := "bob@c.example<ana@a.example> relayed q2/m2/0; queued 0 bob@c.example; delayed 8 bob@c.example; relayed 9 bob@c.example"
	null := "bob@c.example<> failed q3//0; queued 0 bob@c.example; failed 8 bob@c.example"
	h.holds(Query{}, whole, rest, null)
	for _, q := range []Query{{MessageID: "m2"}, {MessageID: "q2"}, {From: "ana@a.example"}, {From: "@a.example", To: "bob"}, {Session: 9}} {
		h.holds(q, rest)
	}
	for _, q := range []Query{{To: "bob@c.example"}, {Session: 8}, {To: "@c.example", Since: restart.Add(-time.Minute)}} {
		h.holds(q, rest, null)
	}
	for _, q := range []Query{{MessageID: "m1"}, {From: "luis"}, {Session: 7}} {
		h.holds(q, whole)
	}
	h.holds(Query{From: "<>"}, null)
	h.holds(Query{MessageID: "m2", To: "eva"})
	h.holds(Query{Since: restart}) // all are older
	if s := h.find(Query{MessageID: "q2"}).Stories[0]; !s.Steps[0].Time.Equal(restart.Add(2*time.Second - time.Minute)) {
		t.Errorf("queued at %v", s.Steps[0].Time)
	}
	if r := h.find(Query{Limit: 2}); !r.Cut || len(r.Stories) != 2 || !strings.HasPrefix(short(r.Stories[0]), "bob") {
		t.Errorf("the newest two are %+v", r)
	}
	h.on(0, event.Accepted{ID: "q5"}, event.Delivered{ID: "q5", To: []event.Delivery{to("a@b", "a@b", 7, 1)}})
	if r := h.find(Query{Limit: 1}); len(r.Stories) != 1 || r.Stories[0].ID != "q5" {
		t.Errorf("the newest is %+v", r)
	}
}
