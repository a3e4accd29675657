package trace

import (
	"net/netip"
	"testing"

	"posta/event"
)

// What is collected says where and as whom, in all its steps that say how it came.
func TestCollectedStory(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	h.trace.Emit(&event.Event{Conn: 1, Kind: event.Open, Time: h.now, Fact: event.Opened{
		Endpoints: event.Endpoints{Local: netip.MustParseAddrPort("192.0.2.9:110")}, Protocol: "pop3", Listener: event.Collecting}})
	h.on(1, event.Collected{By: "POP3", Host: "pop.example", User: "ana"}, event.Authenticated{User: "ana", OK: true},
		event.Written{From: "eva@c.example"}, event.Enveloped{}, event.Addressed{To: "ana@b.example"}, event.Accepted{ID: "q1", MessageID: "m1", Size: 9},
		event.Delivered{ID: "q1", To: []event.Delivery{to("ana@b.example", "ana@b.example", 7, 1)}},
		event.Enveloped{From: "eva@a.example"}, event.Addressed{To: "luis@b.example"}, event.Closed{Reason: "peer closed"})
	h.holds(Query{}, "ana@b.example<> delivered q1/m1/9; accepted 1 192.0.2.9 pop.example pop3 ana; delivered 1 192.0.2.9 ana@b.example",
		"luis@b.example<eva@a.example> unfinished; unfinished 1 192.0.2.9 pop.example peer closed pop3 ana")
	found, err := Find(t.Context(), h.store, Query{From: "eva@c.example"})
	if err != nil || len(found.Stories) != 1 || found.Stories[0].Author != "eva@c.example" || found.Stories[0].From != "" {
		t.Errorf("by its author: %+v %v", found.Stories, err)
	}
}

// Who asks for what waits stands in the story of each message that does: of those
// domains, and neither of what came later nor of what had left.
func TestAskedStory(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	waits := func(id, to string) []any {
		return []any{event.Enveloped{From: "eva@a.example"}, event.Addressed{To: to}, event.Accepted{ID: id, From: "eva@a.example"},
			event.Queued{ID: id, To: []event.Onward{{Recipient: to, To: to}}}}
	}
	h.open(1, "192.0.2.1:4000")
	h.on(1, waits("q1", "ana@B.example")...)
	h.on(1, waits("q2", "ana@c.example")...)
	h.open(2, "192.0.2.7:4000")
	h.on(2, event.Asked{By: "ETRN", Site: "north", Domains: []string{"x.example", "b.example"}})
	h.on(3, event.Attempted{ID: "q1", Recipient: "ana@B.example", Outcome: event.Delayed})
	h.on(2, event.Authenticated{User: "north", OK: true}, event.Asked{By: "ATRN", Site: "north", Domains: []string{"b.example"}},
		event.Attempted{ID: "q1", Recipient: "ana@B.example", Outcome: event.Relayed, Host: "north"})
	h.on(1, waits("q3", "ana@b.example")...)
	h.open(4, "192.0.2.7:4001")
	h.on(4, event.Authenticated{User: "south", OK: true}, event.Asked{By: "TURN", Site: "south", Domains: []string{"c.example"}})
	const from = "<eva@a.example>"
	h.holds(Query{},
		"ana@B.example"+from+" relayed q1//0; accepted 1 192.0.2.1; queued 1 192.0.2.1 ana@B.example; asked 2 192.0.2.7 ana@B.example etrn north; "+
			"delayed 3 ana@B.example; asked 2 192.0.2.7 north ana@B.example atrn north; relayed 2 ana@B.example north",
		"ana@c.example"+from+" queued q2//0; accepted 1 192.0.2.1; queued 1 192.0.2.1 ana@c.example; asked 4 192.0.2.7 south ana@c.example turn south",
		"ana@b.example"+from+" queued q3//0; accepted 1 192.0.2.1; queued 1 192.0.2.1 ana@b.example")
	h.holds(Query{Session: 4}, "ana@c.example"+from+" queued q2//0; accepted 1 192.0.2.1; queued 1 192.0.2.1 ana@c.example; asked 4 192.0.2.7 south ana@c.example turn south")
}

// The session that asked for it finds what waited then, but not what is held, had left or
// came later.
func TestAskedBySession(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	waits := func(id, to string) []any {
		return []any{event.Enveloped{From: "eva@a.example"}, event.Addressed{To: to}, event.Accepted{ID: id, MessageID: "m" + id, From: "eva@a.example"},
			event.Queued{ID: id, To: []event.Onward{{Recipient: to, To: to}}}}
	}
	h.open(1, "192.0.2.1:4000")
	for id, to := range map[string]string{"q1": "ana@B.example", "q2": "held@b.example", "q3": "gone@b.example", "q4": "ana@c.example"} {
		h.on(1, waits(id, to)...)
	}
	h.on(3, event.Attempted{ID: "q1", Recipient: "ana@B.example", Outcome: event.Delayed},
		event.Attempted{ID: "q2", Recipient: "held@b.example", Outcome: event.Held},
		event.Attempted{ID: "q3", Recipient: "gone@b.example", Outcome: event.Relayed})
	h.open(2, "192.0.2.7:4000")
	h.on(2, event.Asked{By: "ETRN", Site: "north", Domains: []string{"b.example"}})
	h.on(1, waits("q5", "late@b.example")...)
	h.on(5, event.Attempted{ID: "q1", Recipient: "ana@B.example", Outcome: event.Relayed, Host: "north"})
	story := "ana@B.example<eva@a.example> relayed q1/mq1/0; accepted 1 192.0.2.1; queued 1 192.0.2.1 ana@B.example; delayed 3 ana@B.example; " +
		"asked 2 192.0.2.7 ana@B.example etrn north; relayed 5 ana@B.example north"
	h.holds(Query{Session: 2}, story)
	h.holds(Query{Session: 2, From: "@a.example", MessageID: "mq1"}, story)
	h.holds(Query{Session: 2, From: "other"})
	h.holds(Query{Session: 2, MessageID: "mq2"})
	h.holds(Query{To: "held"}, "held@b.example<eva@a.example> held q2/mq2/0; accepted 1 192.0.2.1; queued 1 192.0.2.1 held@b.example; held 3 held@b.example")
}

// What an administrator holds while it waits is not asked for, until he releases it.
func TestHeldIsNotAsked(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	h.open(1, "192.0.2.1:4000")
	for _, id := range []string{"q1", "q2"} {
		h.on(1, event.Enveloped{From: "eva@a.example"}, event.Addressed{To: id + "@b.example"}, event.Accepted{ID: id, From: "eva@a.example"},
			event.Queued{ID: id, To: []event.Onward{{Recipient: id + "@b.example", To: id + "@b.example"}}})
	}
	h.open(2, "192.0.2.7:4000")
	asks := event.Asked{By: "ETRN", Site: "north", Domains: []string{"b.example"}}
	h.on(0, event.Halted{ID: "q1", Recipient: "q1@b.example"})
	h.on(2, asks)
	const free = "q2@b.example<eva@a.example> queued q2//0; accepted 1 192.0.2.1; queued 1 192.0.2.1 q2@b.example; asked 2 192.0.2.7 q2@b.example etrn north"
	const held = "q1@b.example<eva@a.example> held q1//0; accepted 1 192.0.2.1; queued 1 192.0.2.1 q1@b.example; held 0 q1@b.example"
	h.holds(Query{}, held, free)
	h.holds(Query{Session: 2}, free)
	h.open(3, "192.0.2.7:4001")
	h.on(0, event.Halted{ID: "q1", Recipient: "q1@b.example", Released: true})
	h.on(3, asks)
	h.holds(Query{To: "q1"}, "q1@b.example<eva@a.example> queued"+held[len("q1@b.example<eva@a.example> held"):]+"; released 0 q1@b.example; asked 3 192.0.2.7 q1@b.example etrn north")
	if found, err := Find(t.Context(), h.store, Query{Session: 3}); err != nil || len(found.Stories) != 2 {
		t.Errorf("who asked then: %+v %v", found.Stories, err)
	}
}
