package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/store"
)

// Whose turn it is, and who is at work.

// Lanes come in the order in which their first item is due; those that have
// nothing to be done now do not come.
func testLanes(t *testing.T, b *bench) {
	at := func(o store.Outgoing, due time.Time, held bool) store.Outgoing {
		for i := range o.Rcpts {
			o.Rcpts[i].Due, o.Rcpts[i].Held = due, held
		}
		return o
	}
	b.queue(
		at(b.out("q1", "ana", "a@uno.example"), b.now.Add(-time.Minute), false),
		at(b.out("q2", "ana", "a@dos.example", "b@dos.example"), b.now.Add(-time.Hour), false),
		at(b.out("q3", "eva", "a@uno.example"), time.Time{}, false), // now
		at(b.out("q4", "ana", "a@later.example"), b.now.Add(time.Minute), false),
		at(b.out("q5", "ana", "a@held.example"), b.now.Add(-time.Hour), true),
		at(b.out("q6", "ana", "a@kept.example"), store.Never(), false),
	)
	b.same("lanes", b.lanes(9, nil), "ana>dos.example ana>uno.example eva>uno.example")
	b.same("two lanes", b.lanes(2, nil), "ana>dos.example ana>uno.example")
	b.same("no lanes", b.lanes(0, nil), "")
	b.same("lanes of eva", b.lanes(1, func(l store.Lane) bool { return l.Sender != "eva" }), "eva>uno.example")
	lanes, err := b.Queue().Lanes(b.ctx(), b.now, nil, 1)
	b.must(err)
	if !lanes[0].Due.Equal(b.now.Add(-time.Hour)) {
		t.Errorf("due %v", lanes[0].Due)
	}
	one := b.claim("dos.example", "ana", 1)
	b.same("one is leased", b.lanes(1, nil), "ana>dos.example")
	two := b.claim("dos.example", "ana", 9)
	b.is(append(one, two...), "a@dos.example b@dos.example")
	b.same("both are leased", b.lanes(9, nil), "ana>uno.example eva>uno.example")
	b.must(b.Queue().Settle(b.ctx(), later(one[0], b.now.Add(time.Minute))))
	b.same("one waits", b.lanes(9, nil), "ana>uno.example eva>uno.example")
	b.must(b.Queue().Unclaim(b.ctx(), two...))
	b.same("given back", b.lanes(1, nil), "ana>dos.example")
	b.now = b.now.Add(time.Minute)
	b.same("later", b.lanes(9, nil), "ana>dos.example ana>uno.example eva>uno.example ana>later.example")

	// What nobody has asked for until it expires is to be given up.
	b.now = b.now.Add(6 * 24 * time.Hour)
	if s := b.lanes(9, nil); !strings.HasSuffix(s, "ana>kept.example") {
		t.Errorf("lanes when all has expired: %s", s)
	}
	b.is(b.claim("kept.example", "ana", 9), "a@kept.example")
}

// Next is the moment at which there will be something to do.
func testTurns(t *testing.T, b *bench) {
	next := func(what string, want time.Time) {
		t.Helper()
		have, err := b.Queue().Next(b.ctx())
		b.must(err)
		if !have.Equal(want) {
			t.Errorf("%s: next at %v, want %v", what, have, want)
		}
	}
	next("nothing", time.Time{})
	o := b.out("q1", "ana", "a@kept.example", "b@held.example")
	o.Rcpts[0].Due, o.Rcpts[1].Held = store.Never(), true
	kept := o.Rcpts[0].Expires
	b.queue(o)
	next("what is kept expires", kept)
	o = b.out("q0", "ana", "a@kept.example")
	o.Rcpts[0].Due, o.Rcpts[0].Expires = store.Never(), time.Time{}
	b.must(b.Queue().Settle(b.ctx(), done(b.items(store.Pick{})...)...))
	b.queue(o)
	next("nothing that ever expires", time.Time{})
	o = b.out("q2", "ana", "a@uno.example", "b@uno.example", "c@dos.example")
	for i := range o.Rcpts {
		o.Rcpts[i].Due = b.now.Add(time.Duration(i+1) * time.Hour)
	}
	b.queue(o)
	start := b.now
	next("first", start.Add(time.Hour))
	b.now = start.Add(time.Hour)
	first := b.claim("uno.example", "ana", 9)
	b.is(first, "a@uno.example")
	next("the first is leased", start.Add(2*time.Hour))
	b.now = start.Add(2 * time.Hour)
	second := b.claim("uno.example", "ana", 9)
	b.is(second, "b@uno.example")
	next("two are leased", start.Add(3*time.Hour))
	b.must(b.Queue().Settle(b.ctx(), later(first[0], start.Add(4*time.Hour)), later(second[0], start.Add(150*time.Minute))))
	next("settled", start.Add(150*time.Minute))
	b.must(b.Queue().Settle(b.ctx(), store.Settlement{Item: second[0].ID, Done: true}))
	next("one is gone", start.Add(3*time.Hour))
}

// A claim gives what has been due longest, and nothing that is somebody's.
func testClaim(t *testing.T, b *bench) {
	for i, minutes := range []int{3, 1, 2, 5, 4} {
		o := b.out(fmt.Sprint("q", i), "ana", fmt.Sprintf("m%d@uno.example", minutes))
		o.Rcpts[0].Due = b.now.Add(-time.Duration(minutes) * time.Minute)
		b.queue(o)
	}
	b.queue(b.out("q5", "eva", "x@uno.example"), b.out("q6", "ana", "x@dos.example"))
	none := b.claim("uno.example", "nobody", 9)
	b.is(append(none, b.claim("uno.example", "ana", 0)...), "")
	first := b.claim("uno.example", "ana", 2)
	b.is(first, "m5@uno.example m4@uno.example")
	for _, i := range first {
		if !i.Leased || i.Token == 0 || i.Out == nil {
			t.Errorf("claimed %+v", i)
		}
	}
	b.is(b.claimAs(store.Claim{Lane: store.Lane{Domain: "uno.example", Sender: "ana"}, Now: b.now.Add(-2 * time.Minute), Limit: 9}),
		"m3@uno.example m2@uno.example")
	b.is(b.claim("uno.example", "ana", 1), "m1@uno.example") // behind four that are leased
	b.is(b.claim("uno.example", "ana", 9), "")
	b.is(b.claim("uno.example", "eva", 9), "x@uno.example")
	b.same("leased", b.depth().Leased, 6)
	for _, i := range b.items(store.Pick{Domain: "uno.example"}) {
		if !i.Leased {
			t.Errorf("%s is not leased", i.To)
		}
	}
	b.must(b.Queue().Unclaim(b.ctx(), first[1]))
	again := b.claim("uno.example", "ana", 9)
	b.is(again, "m4@uno.example")
	if again[0].Token <= first[1].Token {
		t.Errorf("token %d after %d", again[0].Token, first[1].Token)
	}
}

// Of one message all recipients of the lane come together, and with them
// those who may come along.
func testClaimMessages(t *testing.T, b *bench) {
	one := b.out("q1", "ana", "a@uno.example", "x@dos.example", "b@uno.example", "y@tres.example", "z@uno.example")
	one.Rcpts[2].Due = b.now.Add(-time.Second) // so that the lane's order is not the message's
	one.Rcpts[4].Due = b.now.Add(time.Hour)
	two := b.out("q2", "ana", "c@uno.example", "d@uno.example")
	two.Rcpts[0].Due = b.now.Add(-time.Millisecond)
	b.queue(one, two)
	all := b.claim("uno.example", "ana", 9)
	b.is(all, "a@uno.example b@uno.example c@uno.example d@uno.example")
	if all[0].Out != all[1].Out || all[1].Out == all[2].Out {
		t.Error("what is one message is not one")
	}
	b.must(b.Queue().Unclaim(b.ctx(), all...))
	b.is(b.claim("uno.example", "ana", 3), "a@uno.example b@uno.example c@uno.example")
	rest := b.claim("uno.example", "ana", 9)
	b.is(rest, "d@uno.example")
	b.queue(b.out("q5", "leo", "k@uno.example", "l@uno.example"), b.out("q6", "leo", "m@uno.example"), b.out("q7", "leo", "n@uno.example"))
	few := store.Claim{Lane: store.Lane{Domain: "uno.example", Sender: "leo"}, Now: b.now, Limit: 9, Messages: 2}
	b.is(b.claimAs(few), "k@uno.example l@uno.example m@uno.example")
	b.is(b.claimAs(few), "n@uno.example")

	b.queue(b.out("q3", "eva", "f@uno.example", "g@dos.example", "h@tres.example"), b.out("q4", "eva", "i@dos.example", "j@uno.example"))
	also := store.Claim{Lane: store.Lane{Domain: "uno.example", Sender: "eva"}, Now: b.now, Limit: 4,
		Also: func(domain string) bool { return domain == "dos.example" }}
	b.is(b.claimAs(also), "f@uno.example g@dos.example j@uno.example i@dos.example")
	b.same("lanes", b.lanes(9, nil), "ana>dos.example ana>tres.example eva>tres.example")
}

// A site asks for all that is kept for its domain.
func testClaimDomain(t *testing.T, b *bench) {
	for i, sender := range []string{"ana", "eva", "leo", "ana", "eva", "leo"} {
		o := b.out(fmt.Sprint("q", i), sender, fmt.Sprintf("r%d@site.example", i), "x@dos.example")
		o.Rcpts[0].Due = b.now.Add(-time.Duration(i) * time.Minute)
		if i >= 4 {
			o.Rcpts[0].Due = store.Never()
		}
		o.Rcpts[0].Held = i == 0
		b.queue(o)
	}
	o := b.out("q6", "ana", "r6@site.example") // behind those of others
	o.Rcpts[0].Due = b.now.Add(-time.Second)
	b.queue(o)
	all := store.Claim{Lane: store.Lane{Domain: "site.example"}, All: true, Now: b.now, Limit: 2}
	b.is(b.claimAs(all), "r3@site.example r2@site.example")
	b.is(b.claimAs(all), "r1@site.example r6@site.example")
	b.is(b.claimAs(all), "")
	all.Now = time.Time{}
	kept := b.claimAs(all)
	b.is(kept, "r4@site.example r5@site.example")
	b.must(b.Queue().Settle(b.ctx(), done(kept...)...))
	b.is(b.claimAs(all), "")
	b.same("kept", b.depth().Kept, 0)
}

// Whoever claims at the same time gets others; whatever is settled meanwhile
// is not given again.
func testClaimsAtOnce(t *testing.T, b *bench) {
	const messages = 60
	for i := range messages {
		b.queue(b.out(fmt.Sprint("q", i), "ana", fmt.Sprintf("r%d@uno.example", i)))
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			for {
				items, err := b.Queue().Claim(b.ctx(), store.Claim{Lane: store.Lane{Domain: "uno.example", Sender: "ana"}, Now: b.now,
					Until: b.now.Add(time.Hour), Limit: 1 + n%3})
				if err != nil || len(items) == 0 {
					b.noError(err)
					return
				}
				mu.Lock()
				for _, i := range items {
					seen[i.ID]++
				}
				mu.Unlock()
				b.noError(b.Queue().Settle(b.ctx(), done(items...)...))
			}
		})
	}
	wait.Wait()
	if len(seen) != messages {
		t.Errorf("%d items were claimed, want %d", len(seen), messages)
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("item %d was claimed %d times", id, n)
		}
	}
	b.same("depth", b.depth(), store.Depth{})
	b.bodies(0)
}

func (b *bench) noError(err error) {
	b.Helper()
	if err != nil {
		b.Error(err)
	}
}

// A lease ends when its time is over, and then belongs to whoever takes it.
func testItemLeases(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "a@uno.example"))
	q := b.Queue()
	old := b.claim("uno.example", "ana", 1)
	b.now = b.now.Add(59 * time.Minute)
	b.is(b.claim("uno.example", "ana", 1), "")
	b.must(q.Renew(b.ctx(), b.now.Add(time.Hour), old...))
	b.now = b.now.Add(59 * time.Minute)
	b.is(b.claim("uno.example", "ana", 1), "")
	b.same("lanes", b.lanes(9, nil), "")
	b.now = b.now.Add(2 * time.Minute)
	b.same("lanes after the lease", b.lanes(9, nil), "ana>uno.example")
	b.same("leased", b.depth().Leased, 0)
	b.must(q.Renew(b.ctx(), b.now.Add(time.Minute), old...)) // nobody has taken it
	b.same("leased again", b.depth().Leased, 1)
	b.now = b.now.Add(2 * time.Minute)
	held := b.claim("uno.example", "ana", 1)
	b.is(held, "a@uno.example")
	b.want(q.Renew(b.ctx(), b.now.Add(time.Hour), old...), store.ErrLost)
	b.want(q.Unclaim(b.ctx(), old...), store.ErrLost)
	b.want(q.Settle(b.ctx(), done(old...)...), store.ErrLost)
	b.is(b.claim("uno.example", "ana", 1), "") // none of it has freed the item
	b.must(q.Settle(b.ctx(), done(held...)...))
	b.want(q.Settle(b.ctx(), done(held...)...), store.ErrNotFound)
	b.want(q.Renew(b.ctx(), b.now, held...), store.ErrLost)
}
