package queue

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/mail"
)

// A session in which a host is only asked says so, and for whom; the session that
// wanted to know gets what was said and where, also of what is remembered. Mail that
// follows goes without such a word, though it takes the same way.
func TestAskIsWitnessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["in.x.example"] = addrs("192.0.2.7")
		w.routes["x.example"] = Route{Hosts: []string{"in.x.example"}, TLS: None}
		w.answers("192.0.2.7:25", asking("250 ok", "250 2.1.5 ok"), strings.ReplaceAll(talk(sent, quit), "<b@", "<c@"))
		var told []string
		ctx := event.WithWitness(t.Context(), event.Witness{Session: 73, Note: func(text string) { told = append(told, text) }})
		a := NewAsker(w.q)
		from, to := mail.Address{Local: "a", Domain: "from.example"}, mail.Address{Local: "b", Domain: "x.example"}
		asked := time.Now()
		for range 2 {
			if _, err := a.Ask(ctx, mail.Origin{}, "in.x.example", mail.Envelope{From: from}, to); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		const said = "in.x.example was asked about <b@x.example>: 250 2.1.5 ok; session 1"
		const again = "in.x.example is not asked again about <b@x.example>; it said at "
		if len(told) != 2 || told[0] != said || told[1] != again+asked.Format(time.TimeOnly)+": 250 2.1.5 ok; session 1" {
			t.Errorf("%q", told)
		}
		w.send("c@x.example")
		w.run(2 * time.Minute)
		if want := []string{"[this session only asks, for session 73, whether mail for <b@x.example> is taken]", "quit", "quit"}; !slices.Equal(w.remarks, want) {
			t.Errorf("%q", w.remarks)
		}
		to.Local, told = "d", nil
		w.answers("192.0.2.7:25", "S: 421 4.3.2 later")
		_, _ = a.Ask(ctx, mail.Origin{}, "in.x.example", mail.Envelope{From: from}, to)
		w.answers("192.0.2.7:25", "refused")
		to.Local = "e"
		down := time.Now()
		_, _ = a.Ask(ctx, mail.Origin{}, "in.x.example", mail.Envelope{From: from}, to)
		time.Sleep(time.Second)
		_, _ = a.Ask(ctx, mail.Origin{}, "in.x.example", mail.Envelope{From: from}, to)
		if want := []string{"in.x.example was asked about <d@x.example>: 421 4.3.2 later; session 3",
			"in.x.example could not be asked about <e@x.example>: No connection: connection refused",
			"in.x.example could not be asked about <e@x.example> at " + down.Format(time.TimeOnly) + ", and is not asked again so soon: No connection: connection refused"}; !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
		w.peers.Wait()
	})
}
