package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/mail"
	"posta/store"
)

// What people and sites ask of the queue.

// A site that asks makes its mail due, and nobody else's.
func testHurry(t *testing.T, b *bench) {
	for i, domain := range []string{"site.example", "a.site.example", "b.a.site.example", "mysite.example", "site.example"} {
		o := b.out(fmt.Sprint("q", i), fmt.Sprint("s", i), "x@"+domain, "held@"+domain)
		o.Rcpts[0].Due, o.Rcpts[1].Held = store.Never(), true
		if i == 4 {
			o.Rcpts[0].Due = b.now.Add(-time.Hour)
		}
		b.queue(o)
	}
	hurry := func(domain string, want int64) {
		t.Helper()
		n, err := b.Queue().Hurry(b.ctx(), domain, b.now)
		b.must(err)
		b.same("items of "+domain, n, want)
	}
	hurry("other.example", 0)
	hurry("@other.example", 0)
	b.same("lanes", b.lanes(9, nil), "s4>site.example")
	hurry("site.example", 2)
	b.same("lanes", b.lanes(9, nil), "s4>site.example s0>site.example")
	b.same("kept", b.depth().Kept, 3)
	hurry("@site.example", 4)
	lanes := strings.Fields(b.lanes(9, nil))
	slices.Sort(lanes)
	b.same("lanes", lanes, "[s0>site.example s1>a.site.example s2>b.a.site.example s4>site.example]")
	b.same("held and kept", fmt.Sprint(b.depth().Held, b.depth().Kept), "5 1")
	for _, i := range b.items(store.Pick{Domain: "site.example"}) {
		if i.Expires.After(b.now.Add(5 * 24 * time.Hour)) {
			t.Error("an item has grown younger")
		}
	}
}

// What an administrator says holds for all that was chosen.
func testChange(t *testing.T, b *bench) {
	later := b.now.Add(time.Hour)
	for i := range 3 {
		o := b.out(fmt.Sprint("q", i), "ana", fmt.Sprintf("a%d@uno.example", i), fmt.Sprintf("b%d@dos.example", i))
		o.Rcpts[0].Due = later
		b.queue(o)
	}
	change := func(p store.Pick, c store.Change, want int64) {
		t.Helper()
		n, err := b.Queue().Change(b.ctx(), p, c, b.now)
		b.must(err)
		b.same("changed", n, want)
	}
	change(store.Pick{Domain: "dos.example"}, store.Hold, 3)
	change(store.Pick{Queue: "q9"}, store.Hold, 0)
	b.same("held", b.depth().Held, 3)
	b.same("lanes", b.lanes(9, nil), "")
	change(store.Pick{Queue: "q1"}, store.Retry, 1)
	b.is(b.claim("uno.example", "ana", 9), "a1@uno.example")
	change(store.Pick{Queue: "q2"}, store.Release, 2)
	b.is(b.claim("uno.example", "ana", 9), "a2@uno.example")
	b.is(b.claim("dos.example", "ana", 9), "b2@dos.example")
	held := true
	change(store.Pick{Held: &held, Limit: 1}, store.Release, 1)
	b.is(b.claim("dos.example", "ana", 9), "b0@dos.example")
	change(store.Pick{}, store.Hold, 6)
	b.same("all are held", b.depth().Held, 6)
	change(store.Pick{}, store.Retry, 0)
	change(store.Pick{}, store.Release, 6)
	b.same("none is held", b.depth().Held, 0)

	// What was due already keeps its turn.
	for _, i := range b.items(store.Pick{Domain: "uno.example"}) {
		if !i.Due.Equal(b.now) {
			t.Errorf("%s is due at %v, want %v", i.To, i.Due, b.now)
		}
	}
	b.now = b.now.Add(time.Minute)
	change(store.Pick{}, store.Retry, 6)
	if i := b.items(store.Pick{})[0]; !i.Due.Equal(b.now.Add(-time.Minute)) {
		t.Errorf("%s lost its turn: %v", i.To, i.Due)
	}

	// What goes back to its site is held no longer, and tried by nobody.
	change(store.Pick{Domain: "uno.example"}, store.Hold, 3)
	change(store.Pick{Domain: "uno.example", Held: &held}, store.Keep, 3)
	b.same("held and kept", fmt.Sprint(b.depth().Held, b.depth().Kept), "0 3")
	b.same("lanes", b.lanes(9, nil), "ana>dos.example")

	// Who is at work on an item stays so, and has the last word.
	b.is(b.claim("dos.example", "ana", 9), "b1@dos.example")
	b.same("leased", b.depth().Leased, 5)
	if i := b.items(store.Pick{Domain: "dos.example"})[1]; !i.Leased || !i.Since.Equal(b.now) {
		t.Errorf("%s is leased since %v, want %v", i.To, i.Since, b.now)
	}
}

// What is to leave waits for whoever is at work on it, is due at once when he gives it
// back or puts it off, and stays so whatever else is asked. Nobody settles what
// another has.
func testLeaving(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "a@uno.example", "b@uno.example"))
	items := b.claim("uno.example", "ana", 9)
	change := func(item int64, c store.Change, want int64) {
		t.Helper()
		n, err := b.Queue().Change(b.ctx(), store.Pick{Item: item}, c, b.now)
		b.must(err)
		b.same("changed", n, want)
	}
	free := items[0]
	free.Token = 0
	b.want(b.Queue().Settle(b.ctx(), done(free)...), store.ErrLeased)
	change(items[0].ID, store.Bounce, 1)
	change(items[1].ID, store.Hold, 1)
	change(items[1].ID, store.Delete, 1)
	change(items[0].ID, store.Hold, 0)
	change(items[0].ID, store.Keep, 0)
	b.now = b.now.Add(time.Minute)
	b.must(b.Queue().Settle(b.ctx(), later(items[0], b.now.Add(time.Hour))))
	b.must(b.Queue().Unclaim(b.ctx(), items[1]))
	again := b.claim("uno.example", "ana", 9)
	b.is(again, "a@uno.example b@uno.example")
	if again[0].Leaving != store.Bounce || again[1].Leaving != store.Delete {
		t.Errorf("leaving: %d, %d", again[0].Leaving, again[1].Leaving)
	}
	b.must(b.Queue().Unclaim(b.ctx(), again...))
	b.must(b.Queue().Settle(b.ctx(), done(free)...))
	b.must(b.Queue().Settle(b.ctx(), done(b.claim("uno.example", "ana", 9)...)...))
	b.same("depth", b.depth(), store.Depth{})
}

// A try that is asked for holds for whoever is at work on it, and is told from the
// others as long as none has begun since.
func testAsked(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "a@uno.example"))
	is := func(what string, due, asked, planned time.Time, extra int) {
		t.Helper()
		i := b.items(store.Pick{})[0]
		if !i.Due.Equal(due) || !i.Asked.Equal(asked) || !i.Planned.Equal(planned) || i.Extra != extra {
			t.Errorf("%s: due %v, asked %v, planned %v, extra %d", what, i.Due, i.Asked, i.Planned, i.Extra)
		}
	}
	retry := func() {
		t.Helper()
		n, err := b.Queue().Change(b.ctx(), store.Pick{}, store.Retry, b.now)
		b.must(err)
		b.same("changed", n, 1)
	}
	settle := func(due time.Time, extra bool) {
		t.Helper()
		s := later(b.claim("uno.example", "ana", 1)[0], due)
		s.Extra = extra
		b.must(b.Queue().Settle(b.ctx(), s))
	}
	first := b.now.Add(time.Hour)
	settle(first, false)
	is("nobody has asked", first, time.Time{}, time.Time{}, 0)
	b.now = b.now.Add(time.Minute)
	asked := b.now
	retry()
	is("asked", asked, asked, first, 0)
	b.now = b.now.Add(time.Second)
	settle(first, true)
	is("tried", first, time.Time{}, time.Time{}, 1)

	b.now = first
	item := b.claim("uno.example", "ana", 1)[0]
	b.now = b.now.Add(time.Second)
	asked, next := b.now, b.now.Add(2*time.Hour)
	retry()
	b.now = b.now.Add(time.Second)
	b.must(b.Queue().Settle(b.ctx(), later(item, next)))
	is("asked while it was tried", asked, asked, next, 1)
	b.now = b.now.Add(time.Second)
	settle(next, true)
	is("tried again", next, time.Time{}, time.Time{}, 2)

	b.now = next
	s := later(b.claim("uno.example", "ana", 1)[0], next)
	s.Attempt = &store.Attempt{At: b.now, AsOf: b.now.Add(-time.Minute)}
	b.must(b.Queue().Settle(b.ctx(), s))
	b.same("attempts", fmt.Sprint(b.items(store.Pick{})[0].Attempts, b.items(store.Pick{})[0].Unasked), "1 1")
}

// People find items by what they know of them.
func testPick(t *testing.T, b *bench) {
	unknown := b.out("q1", "site.example", "e@tres.example")
	unknown.From = "from@site.example"
	b.queue(b.out("q1", "ana", "Luz@uno.example", "b@a.uno.example", "c@dos.example"),
		b.out("q2", "eva@b.es", "luz@uno.example", "d@otheruno.example"), unknown)
	report := b.out("q4", "", "r@cuatro.example")
	report.From = ""
	b.queue(report)
	_, err := b.Queue().Change(b.ctx(), store.Pick{Domain: "dos.example"}, store.Hold, b.now)
	b.must(err)
	held, free := true, false
	all := b.items(store.Pick{})
	for _, tt := range []struct {
		p    store.Pick
		want string
	}{
		{store.Pick{}, "Luz@uno.example b@a.uno.example c@dos.example luz@uno.example d@otheruno.example e@tres.example r@cuatro.example"},
		{store.Pick{Limit: 2}, "Luz@uno.example b@a.uno.example"},
		{store.Pick{After: all[3].ID}, "d@otheruno.example e@tres.example r@cuatro.example"},
		{store.Pick{Queue: "q1"}, "Luz@uno.example b@a.uno.example c@dos.example e@tres.example"},
		{store.Pick{Queue: "q1", After: all[1].ID, Limit: 1}, "c@dos.example"},
		{store.Pick{Item: all[4].ID}, "d@otheruno.example"},
		{store.Pick{Item: all[4].ID, Queue: "q1"}, ""},
		{store.Pick{Item: all[4].ID, Queue: "q2"}, "d@otheruno.example"},
		{store.Pick{Domain: "uno.example"}, "Luz@uno.example luz@uno.example"},
		{store.Pick{Domain: "@uno.example"}, "Luz@uno.example b@a.uno.example luz@uno.example"},
		{store.Pick{Sender: "From@Site.example"}, "e@tres.example"},
		{store.Pick{Sender: "from@site.example", Domain: "dos.example"}, ""},
		{store.Pick{Sender: "site.example"}, "e@tres.example"},
		{store.Pick{Sender: "b.es"}, ""},
		{store.Pick{Sender: "@B.es"}, "Luz@uno.example b@a.uno.example c@dos.example luz@uno.example d@otheruno.example"},
		{store.Pick{Sender: "@site.example"}, "e@tres.example"},
		{store.Pick{Sender: "@te.example"}, ""},
		{store.Pick{Sender: "<>"}, "r@cuatro.example"},
		{store.Pick{Sender: "<>", Domain: "uno.example"}, ""},
		{store.Pick{Sender: "ana@b.es", Queue: "q2"}, "luz@uno.example d@otheruno.example"},
		{store.Pick{Sender: "eva@b.es"}, "luz@uno.example d@otheruno.example"},
		{store.Pick{To: "luz@uno.example", Sender: "ana"}, "Luz@uno.example"},
		{store.Pick{To: "luz@uno.example"}, "Luz@uno.example luz@uno.example"},
		{store.Pick{Held: &held}, "c@dos.example"},
		{store.Pick{Held: &free, Queue: "q1"}, "Luz@uno.example b@a.uno.example e@tres.example"},
		{store.Pick{Queue: "q3"}, ""},
	} {
		b.is(b.items(tt.p), tt.want)
	}
}

func testDepth(t *testing.T, b *bench) {
	b.same("nothing", b.depth(), store.Depth{})
	first := b.now
	o := b.out("q1", "ana", "a@uno.example", "b@uno.example", "c@dos.example")
	o.Rcpts[1].Due, o.Rcpts[2].Held, o.Prefix = store.Never(), true, []byte("12345")
	b.queue(o) // "text of q1"
	b.now = b.now.Add(time.Hour)
	b.queue(b.out("q2", "ana", "d@uno.example"))
	item := b.claim("uno.example", "ana", 1)
	b.same("depth", b.depth(), store.Depth{Messages: 2, Items: 4, Held: 1, Leased: 1, Kept: 1, Bytes: 25, Oldest: first})
	s := later(item[0], store.Never())
	b.must(b.Queue().Settle(b.ctx(), s))
	b.same("depth", b.depth(), store.Depth{Messages: 2, Items: 4, Held: 1, Kept: 2, Bytes: 25, Oldest: first})
	b.must(b.Queue().Settle(b.ctx(), done(b.items(store.Pick{Queue: "q1"})...)...))
	b.same("depth", b.depth(), store.Depth{Messages: 1, Items: 1, Bytes: 10, Oldest: b.now})
}

// Who asks for a lane's mail gets what broke a connection behind the rest, however much
// that is; also where nobody was asked since.
func testBrokeComesLast(t *testing.T, b *bench) {
	broke := store.Attempt{At: b.now, Verb: "message", Status: mail.Status{Class: 4, Subject: 4, Detail: 2}}
	closing, cached, silent := broke, broke, broke
	closing.Code, closing.Status = 421, mail.Status{}
	cached.AsOf = b.now
	silent.Status.Detail = 1
	round, early, busy := silent, broke, closing
	round.Before = []store.Attempt{broke}
	early.Verb, busy.Verb = "", "EHLO"
	stories := [][]*store.Attempt{{&broke, &round}, {&cached, &early}, {}, {&closing, &silent}, {&silent, &busy}}
	for i := range stories {
		b.queue(b.out(fmt.Sprint("q", i), "ana", fmt.Sprintf("m%d@x.example", i)))
	}
	all := store.Claim{Lane: store.Lane{Domain: "x.example"}, All: true, Limit: 9}
	for range 2 {
		for i, item := range b.claimAs(all) {
			s := later(item, store.Never())
			if len(stories[i]) > 0 {
				s.Attempt, stories[i] = stories[i][0], stories[i][1:]
			}
			b.must(b.Queue().Settle(b.ctx(), s))
		}
	}
	for name, ask := range map[string]func() (int64, error){
		"hurry": func() (int64, error) { return b.Queue().Hurry(b.ctx(), "x.example", b.now) },
		"retry": func() (int64, error) {
			return b.Queue().Change(b.ctx(), store.Pick{Domain: "x.example"}, store.Retry, b.now)
		},
	} {
		_, err := b.Queue().Change(b.ctx(), store.Pick{}, store.Keep, b.now)
		b.must(err)
		b.now = b.now.Add(time.Minute)
		n, err := ask()
		b.must(err)
		b.same(name, n, 5)
		b.now = b.now.Add(time.Millisecond)
		items := b.claim("x.example", "ana", 3)
		b.is(items, "m1@x.example m2@x.example m4@x.example")
		b.must(b.Queue().Unclaim(b.ctx(), items...))
		all.Now = b.now
		items = b.claimAs(all)
		b.is(items, "m1@x.example m2@x.example m4@x.example m3@x.example m0@x.example")
		b.must(b.Queue().Unclaim(b.ctx(), items...))
	}
}
