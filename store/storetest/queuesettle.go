package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/mail"
	"posta/store"
)

// What becomes of claimed items.

// What was tried waits until its time, with what came of it.
func testSettle(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "a@uno.example", "b@uno.example"))
	items := b.claim("uno.example", "ana", 9)
	due := b.now.Add(10 * time.Minute)
	tried := store.Attempt{At: b.now, Took: 1500 * time.Millisecond, Host: "mx.uno.example", Addr: "192.0.2.1:25", TLS: "TLSv1.3 X",
		Verb: "RCPT", Code: 451, Status: mail.Status{Class: 4, Subject: 7, Detail: 1}, Text: "más tarde", Session: 1<<40 + 5}
	s := later(items[0], due)
	s.Attempt, s.Warned = &tried, true
	b.must(b.Queue().Settle(b.ctx(), s, done(items[1])[0]))
	left := b.items(store.Pick{})
	b.is(left, "a@uno.example")
	i := left[0]
	if i.Attempts != 1 || !i.Warned || i.Leased || !i.Due.Equal(due) || !i.Expires.Equal(items[0].Expires) {
		t.Errorf("an item that waits: %+v", i)
	}
	b.same("last", i.Last, tried)
	b.is(b.claim("uno.example", "ana", 9), "")
	b.now = due
	again := b.claim("uno.example", "ana", 9)
	b.is(again, "a@uno.example")
	b.same("last of a claimed one", again[0].Last, tried)
	b.must(b.Queue().Settle(b.ctx(), store.Settlement{Item: i.ID, Token: again[0].Token})) // now, nothing tried
	left = b.items(store.Pick{})
	if left[0].Attempts != 1 || !left[0].Warned || !left[0].Due.Equal(b.now) {
		t.Errorf("after a settlement without attempt: %+v", left[0])
	}
	b.must(b.Queue().Settle(b.ctx(), done(left...)...)) // by an administrator
	b.same("depth", b.depth(), store.Depth{})
	b.must(b.Queue().Settle(b.ctx()))
}

// A report and what it is about are true together.
func testSettleReport(t *testing.T, b *bench) {
	id, full := b.NewAccount(t, 0), b.NewAccount(t, 1)
	b.queue(b.out("q1", "ana", "a@uno.example", "b@uno.example"))
	items := b.claim("uno.example", "ana", 9)
	report := func(to int64) store.Filing {
		f := b.filing("it could not be delivered", to)
		f.Settle = done(items[0])
		return f
	}
	b.want(b.File(b.ctx(), report(full)), store.ErrQuota)
	b.is(b.items(store.Pick{}), "a@uno.example b@uno.example")
	b.is(b.claim("uno.example", "ana", 9), "") // they are leased still
	b.must(b.File(b.ctx(), report(id)))
	b.count(id, 1)
	b.is(b.items(store.Pick{}), "b@uno.example")

	// One that goes to outside itself, and one that nobody can get.
	f := b.filing("a report")
	f.Out, f.Settle = []store.Outgoing{b.out("q2", "", "ana@dos.example")}, []store.Settlement{later(items[1], b.now)}
	f.Settle[0].Warned = true
	b.must(b.File(b.ctx(), f))
	left := b.items(store.Pick{})
	b.is(left, "b@uno.example ana@dos.example")
	if !left[0].Warned || left[1].Out.Sender != "" {
		t.Errorf("after a report: %+v", left)
	}
	nobody := b.filing("a report for nobody")
	nobody.Settle = done(b.claim("uno.example", "ana", 1)...)
	b.must(b.File(b.ctx(), nobody))
	b.must(b.File(b.ctx(), store.Filing{Settle: done(b.claim("dos.example", "", 1)...)}))
	b.is(b.items(store.Pick{}), "")
	b.bodies(1)
}

// Nothing is kept of a filing whose lease was lost, and others in the batch
// do not notice.
func testSettleLost(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	b.queue(b.out("q1", "ana", "a@uno.example", "b@uno.example"))
	old := b.claim("uno.example", "ana", 1)
	b.now = b.now.Add(2 * time.Hour)
	held := b.claim("uno.example", "ana", 2)
	f := b.filing("lost", id)
	f.Out, f.Settle = []store.Outgoing{b.out("q2", "ana", "x@dos.example")}, append(done(held[1]), done(old...)...)
	gone := b.filing("gone", id)
	gone.Settle = append(done(held[1]), store.Settlement{Item: 1 << 40, Done: true})
	twice := b.filing("twice", id)
	twice.Settle = append(done(held[1]), done(held[1])...)
	for i, want := range []error{store.ErrLost, store.ErrNotFound, store.ErrNotFound} {
		b.want(b.File(b.ctx(), []store.Filing{f, gone, twice}[i]), want)
	}
	b.count(id, 0)
	b.is(b.items(store.Pick{}), "a@uno.example b@uno.example")
	b.same("leased", b.depth().Leased, 2)

	var wait sync.WaitGroup
	for n := range 12 {
		wait.Go(func() {
			if n%3 == 0 {
				if err := b.Queue().Settle(b.ctx(), done(old...)...); err == nil {
					t.Error("a lost lease settles")
				}
				return
			}
			b.noError(b.File(b.ctx(), store.Filing{ID: "q", Draft: b.draft([]byte("x"), 9), Received: b.now,
				Out: []store.Outgoing{b.out(fmt.Sprint("n", n), "ana", "y@tres.example")}}))
		})
	}
	wait.Wait()
	b.must(b.Queue().Settle(b.ctx(), done(held...)...))
	b.same("depth", b.depth().Items, 8)
}

// A try's story has the hosts that were asked before, and when it was said.
func testStoryBefore(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "a@uno.example"))
	item := b.claim("uno.example", "ana", 1)[0]
	var before []store.Attempt
	for n := range store.MostBefore + 2 {
		before = append(before, store.Attempt{At: b.now.Add(time.Duration(n) * time.Second), Took: time.Second, Host: fmt.Sprint("mx", n),
			Addr: "192.0.2.1:25", TLS: "TLSv1.3 X", Verb: "RCPT", Code: 421, Status: mail.Status{Class: 4, Subject: 3, Detail: 2},
			Text: "later", Session: uint64(n)})
	}
	before[2].Text = strings.Repeat("ñ", 4000)
	s := later(item, b.now)
	s.Attempt = &store.Attempt{At: b.now.Add(time.Minute), Host: "mx.uno.example", AsOf: b.now, Before: before}
	b.must(b.Queue().Settle(b.ctx(), s))
	story, err := b.Queue().Story(b.ctx(), item.ID)
	b.must(err)
	if len(story) != 1 || !story[0].AsOf.Equal(b.now) || len(story[0].Before) != store.MostBefore {
		t.Fatalf("the story: %+v", story)
	}
	got := story[0].Before
	if text := got[0].Text; len(text) < 100 || len(text) > 1000 || !strings.HasPrefix(before[2].Text, text) {
		t.Errorf("of long words %d octets were kept: %q", len(text), text)
	}
	for i := range got[1:] {
		if !reflect.DeepEqual(got[1+i], before[3+i]) {
			t.Errorf("a host before: %+v, want %+v", got[1+i], before[3+i])
		}
	}
}

// The story keeps the latest attempts, and counts all.
func testStory(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "a@uno.example"))
	const tries = 50
	for n := range tries {
		item := b.claim("uno.example", "ana", 1)[0]
		s := later(item, b.now)
		s.Attempt = &store.Attempt{At: b.now, Code: n, Text: strings.Repeat("ñ", 10+n*100)}
		b.must(b.Queue().Settle(b.ctx(), s))
		b.now = b.now.Add(time.Second)
	}
	item := b.claim("uno.example", "ana", 1)[0]
	if item.Attempts != tries || item.Last.Code != tries-1 {
		t.Errorf("%d attempts, the last %d", item.Attempts, item.Last.Code)
	}
	story, err := b.Queue().Story(b.ctx(), item.ID)
	b.must(err)
	if len(story) < 10 || len(story) > tries-1 || story[len(story)-1].Code != tries-1 {
		t.Fatalf("a story of %d attempts, the last %d", len(story), story[len(story)-1].Code)
	}
	for i, a := range story {
		if a.Code != tries-len(story)+i || !strings.HasPrefix(strings.Repeat("ñ", 6000), a.Text) || a.Text == "" {
			t.Errorf("attempt %d of the story is %d: %q", i, a.Code, a.Text)
		}
	}
	b.must(b.Queue().Settle(b.ctx(), done(item)...))
	_, err = b.Queue().Story(b.ctx(), item.ID)
	b.want(err, store.ErrNotFound)
}
