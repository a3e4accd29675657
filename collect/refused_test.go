package collect

import (
	"slices"
	"testing"

	"posta/event"
)

// What is refused before a Door is asked counts as well, a message of which no
// recipient is left does not count again, and nothing counts before the turn.
func TestRefusals(t *testing.T) {
	r := &refusals{Sink: event.Discard{}}
	for i, fact := range []any{
		event.Refused{Verb: "MAIL", Reply: "550 before the turn"},
		event.Refused{Verb: "MAIL", Reply: "552 too big", Path: "a@b"}, event.Refused{Verb: "RCPT", Reply: "503 what?", Path: "x@y"}, event.Refused{Verb: "DATA", Reply: "503 what?"},
		event.Enveloped{From: "c@d"}, event.Refused{Verb: "RCPT", Reply: "550 who?", Path: "x@y"}, event.Refused{Verb: "DATA", Reply: "554 nobody"},
		event.Enveloped{From: "e@f"}, event.Addressed{To: "x@y"}, event.Refused{Verb: "RCPT", Reply: "550 who?", Path: "z@y"}, event.Accepted{},
		event.Enveloped{From: "g@h"}, event.Addressed{To: "x@y"}, event.Refused{Verb: "BDAT", Reply: "452 full"}, event.Refused{Verb: "BDAT", Reply: "503 what?"},
		event.Refused{Verb: "STARTTLS", Reply: "454 no"},
	} {
		r.on = i > 0
		r.Emit(&event.Event{Kind: event.State, Fact: fact})
	}
	want := []Stay{{From: "a@b", Why: "552 too big"}, {From: "c@d", Why: "<x@y>: 550 who?"}, {From: "e@f", Why: "<z@y>: 550 who?"}, {From: "g@h", Why: "452 full"}}
	if !slices.Equal(r.some, want) || r.count != 4 || r.first != "552 too big" {
		t.Errorf("%+v", r)
	}
}
