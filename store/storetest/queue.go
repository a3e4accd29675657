package storetest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/mail"
	"posta/store"
)

// out is a message that leaves; its recipients are due at once.
func (b *bench) out(queue, sender string, to ...string) store.Outgoing {
	o := store.Outgoing{Queue: queue, From: "ana@b.es", Sender: sender, Received: b.now}
	for _, address := range to {
		o.Rcpts = append(o.Rcpts, store.Rcpt{To: address, Domain: address[strings.LastIndexByte(address, '@')+1:],
			Due: b.now, Expires: b.now.Add(5 * 24 * time.Hour)})
	}
	return o
}

// queue files messages that leave, each with a body of its own.
func (b *bench) queue(outs ...store.Outgoing) {
	b.Helper()
	for _, o := range outs {
		b.file(store.Filing{ID: o.Queue, Draft: b.draft([]byte("text of "+o.Queue), 1<<20), Received: b.now, Out: []store.Outgoing{o}})
	}
}

// claim leases items of a lane for an hour.
func (b *bench) claim(domain, sender string, limit int) []store.Item {
	b.Helper()
	return b.claimAs(store.Claim{Lane: store.Lane{Domain: domain, Sender: sender}, Now: b.now, Limit: limit})
}

func (b *bench) claimAs(c store.Claim) []store.Item {
	b.Helper()
	c.Owner = "the test"
	if c.Until.IsZero() {
		c.Until = b.now.Add(time.Hour)
	}
	items, err := b.Queue().Claim(b.ctx(), c)
	b.must(err)
	return items
}

func (b *bench) items(p store.Pick) []store.Item {
	b.Helper()
	items, err := b.Queue().Items(b.ctx(), p)
	b.must(err)
	return items
}

// lanes are those due now, as "sender>domain".
func (b *bench) lanes(limit int, skip func(store.Lane) bool) string {
	b.Helper()
	lanes, err := b.Queue().Lanes(b.ctx(), b.now, skip, limit)
	b.must(err)
	var out []string
	for _, l := range lanes {
		out = append(out, l.Sender+">"+l.Domain)
	}
	return strings.Join(out, " ")
}

// is holds the recipients of items against what they should be.
func (b *bench) is(items []store.Item, want string) {
	b.Helper()
	var have []string
	for _, i := range items {
		have = append(have, i.To)
	}
	if s := strings.Join(have, " "); s != want {
		b.Errorf("items for %q, want %q", s, want)
	}
}

func (b *bench) same(what string, have, want any) {
	b.Helper()
	if fmt.Sprint(have) != fmt.Sprint(want) {
		b.Errorf("%s: %v, want %v", what, have, want)
	}
}

func (b *bench) depth() store.Depth {
	b.Helper()
	d, err := b.Queue().Depth(b.ctx())
	b.must(err)
	return d
}

func done(items ...store.Item) (out []store.Settlement) {
	for _, i := range items {
		out = append(out, store.Settlement{Item: i.ID, Token: i.Token, Done: true})
	}
	return out
}

func later(item store.Item, due time.Time) store.Settlement {
	return store.Settlement{Item: item.ID, Token: item.Token, Due: due}
}

// What was filed comes back as it was, and the body goes with the last of those
// who have it.
func testQueued(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	o := store.Outgoing{Queue: "q7", MessageID: "1@b.es", From: "ana@b.es", Sender: "ana", Lab: true, EnvID: "e+2B", Ret: mail.RetHdrs,
		Body: mail.Body8BitMIME, UTF8: true, Traits: store.Traits{Stuffed: true, UTF8: true}, Received: b.now, Prefix: []byte("X: out\r\n"),
		Rcpts: []store.Rcpt{
			{To: "Eva@uno.example", Domain: "uno.example", Orcpt: "rfc822;eva@old.example", Notify: mail.NotifyFailure | mail.NotifyDelay,
				Due: b.now.Add(time.Minute), Expires: b.now.Add(time.Hour)},
			{To: "leo@[192.0.2.1]", Domain: "[192.0.2.1]", Due: store.Never(), Expires: b.now.Add(time.Hour), Held: true},
		}}
	f := store.Filing{ID: "q7", Draft: b.draft([]byte(".body"), 3), Received: b.now, Traits: o.Traits,
		To: []store.Delivery{{Account: id, Prefix: []byte("X: in\r\n")}}, Out: []store.Outgoing{o}}
	b.file(f)
	if have := f.Out[0]; have.ID == 0 || have.Blob == 0 || have.Size != 13 {
		t.Errorf("File says id %d, blob %d, size %d", have.ID, have.Blob, have.Size)
	}
	items := b.items(store.Pick{})
	if len(items) != 2 {
		t.Fatalf("%d items", len(items))
	}
	for i, item := range items {
		b.same("recipient", item.Rcpt, o.Rcpts[i])
		if item.ID == 0 || item.Token != 0 || item.Leased || item.Attempts != 0 || item.Warned || !item.Last.At.IsZero() {
			t.Errorf("a new item: %+v", item)
		}
	}
	want := f.Out[0]
	want.Rcpts = nil
	b.same("message", *items[0].Out, want)
	if items[0].Out != items[1].Out {
		t.Error("recipients of one message do not share it")
	}
	b.same("content", b.content(items[0].Out), "X: out\r\n.body")
	if got := b.read(id, b.list(id)[0]); string(got) != "X: in\r\n.body" {
		t.Errorf("the mailbox has %q", got)
	}

	// The account goes, its mail goes out all the same.
	b.EndAccount(t, id)
	b.bodies(1)
	b.same("content", b.content(items[0].Out), "X: out\r\n.body")
	b.must(b.Queue().Settle(b.ctx(), done(items[0])...))
	b.bodies(1)
	b.must(b.Queue().Settle(b.ctx(), done(items[1])...))
	b.bodies(0)
	if left := b.items(store.Pick{}); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	b.queue(b.out("q8", "ana", "x@uno.example"))
	if again := b.items(store.Pick{})[0]; again.ID <= items[1].ID || again.Out.ID <= items[1].Out.ID {
		t.Errorf("item %d of message %d after %d of %d", again.ID, again.Out.ID, items[1].ID, items[1].Out.ID)
	}
}

func (b *bench) content(out *store.Outgoing) string {
	b.Helper()
	c := b.Queue().Content(b.ctx(), out)
	defer c.Close()
	text, err := io.ReadAll(c)
	b.must(err)
	return string(text)
}

// A message is in mailboxes and queue, or in neither.
func testQueuedAtomic(t *testing.T, b *bench) {
	id, full := b.NewAccount(t, 0), b.NewAccount(t, 3)
	file := func(out store.Outgoing, to ...int64) error {
		f := b.filing("a body", to...)
		f.Out = []store.Outgoing{b.out("q0", "ana", "first@uno.example"), out}
		return b.File(b.ctx(), f)
	}
	fine := b.out("q1", "ana", "x@uno.example")
	b.want(file(fine, id, full), store.ErrQuota)
	b.want(file(fine, id, 1<<40), store.ErrGone)
	for name, bad := range map[string]store.Outgoing{
		"nobody": {Queue: "q1"},
		"prefix": {Queue: "q1", Prefix: make([]byte, 1<<20), Rcpts: fine.Rcpts},
	} {
		if err := file(bad, id); err == nil {
			t.Errorf("%s: it was filed", name)
		}
	}
	missing := store.Filing{Blob: 1 << 30, Out: []store.Outgoing{fine}}
	b.want(b.File(b.ctx(), missing), store.ErrNotFound)
	b.want(b.File(b.ctx(), store.Filing{Out: []store.Outgoing{fine}}), store.ErrNotFound)
	b.count(id, 0)
	b.bodies(0)
	b.same("queue", b.depth(), store.Depth{})
	b.same("lanes", b.lanes(9, nil), "")
	b.must(file(fine, id))
	b.is(b.items(store.Pick{}), "first@uno.example x@uno.example")
	b.bodies(1)
}

// Bodies of every way to be kept come back, as reads and as one write, and
// never shorter than they are.
func testContent(t *testing.T, b *bench) {
	for i, size := range []int{0, 1, 5000, store.Pooled + 1, store.Inline + 1, 8 * store.Chunk, 3<<20 + 17} {
		body := octets(uint64(i), size)
		o := b.out(fmt.Sprint("q", i), "ana", "x@uno.example")
		o.Prefix = []byte("Received: y\r\n")[:13*(i%2)]
		b.file(store.Filing{Draft: b.draft(body, 1<<15), Out: []store.Outgoing{o}})
		item := b.claim("uno.example", "ana", 1)[0]
		want := string(o.Prefix) + string(body)
		if b.content(item.Out) != want {
			t.Errorf("a body of %d octets came back otherwise", size)
		}
		var once bytes.Buffer
		c := b.Queue().Content(b.ctx(), item.Out)
		n, err := io.Copy(&once, c)
		b.must(err)
		if n != item.Out.Size || once.String() != want {
			t.Errorf("a body of %d octets was copied otherwise", size)
		}
		b.must(c.Close())
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("closed content is read")
		}
		gone := b.Queue().Content(b.ctx(), item.Out)
		if size > 0 {
			_, err := io.ReadFull(gone, make([]byte, 1))
			b.must(err)
		}
		b.must(b.Queue().Settle(b.ctx(), done(item)...))
		b.bodies(0)
		if text, err := io.ReadAll(gone); err == nil && int64(len(text))+min(int64(size), 1) != item.Out.Size {
			t.Errorf("%d of %d octets of a message that is gone are the whole of it", len(text), item.Out.Size)
		}
		b.must(gone.Close())
	}
}

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

	// Who is at work on an item stays so, and has the last word.
	b.is(b.claim("dos.example", "ana", 9), "b1@dos.example")
	b.same("leased", b.depth().Leased, 5)
}

// People find items by what they know of them.
func testPick(t *testing.T, b *bench) {
	b.queue(b.out("q1", "ana", "Luz@uno.example", "b@a.uno.example", "c@dos.example"),
		b.out("q2", "eva", "luz@uno.example", "d@otheruno.example"), b.out("q1", "leo", "e@tres.example"))
	_, err := b.Queue().Change(b.ctx(), store.Pick{Domain: "dos.example"}, store.Hold, b.now)
	b.must(err)
	held, free := true, false
	all := b.items(store.Pick{})
	for _, tt := range []struct {
		p    store.Pick
		want string
	}{
		{store.Pick{}, "Luz@uno.example b@a.uno.example c@dos.example luz@uno.example d@otheruno.example e@tres.example"},
		{store.Pick{Limit: 2}, "Luz@uno.example b@a.uno.example"},
		{store.Pick{After: all[3].ID}, "d@otheruno.example e@tres.example"},
		{store.Pick{Queue: "q1"}, "Luz@uno.example b@a.uno.example c@dos.example e@tres.example"},
		{store.Pick{Queue: "q1", After: all[1].ID, Limit: 1}, "c@dos.example"},
		{store.Pick{Item: all[4].ID}, "d@otheruno.example"},
		{store.Pick{Item: all[4].ID, Queue: "q1"}, ""},
		{store.Pick{Item: all[4].ID, Queue: "q2"}, "d@otheruno.example"},
		{store.Pick{Domain: "uno.example"}, "Luz@uno.example luz@uno.example"},
		{store.Pick{Domain: "@uno.example"}, "Luz@uno.example b@a.uno.example luz@uno.example"},
		{store.Pick{Sender: "eva"}, "luz@uno.example d@otheruno.example"},
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

// A list's members elsewhere are queued with the progress that this makes.
func testExpansionOut(t *testing.T, b *bench) {
	first := b.filing("to a list")
	first.Later = []store.Expansion{{List: 7, Queue: "q1"}}
	b.file(first)
	e := b.expansions(1)[0]
	step := func(id, after int64, done bool, to ...string) store.Filing {
		return store.Filing{ID: "q1", Blob: e.Blob, Received: b.now, Out: []store.Outgoing{b.out("q1", "list", to...)},
			Step: &store.Step{ID: id, After: after, Done: done}}
	}
	b.want(b.File(b.ctx(), step(e.ID+1, 5, false, "a@uno.example")), store.ErrNotFound)
	bad := step(e.ID, 5, false, "a@uno.example")
	bad.Settle = []store.Settlement{{Item: 1 << 40, Done: true}}
	b.want(b.File(b.ctx(), bad), store.ErrNotFound)
	b.same("after", b.expansions(1)[0].After, 0)
	b.is(b.items(store.Pick{}), "")
	b.must(b.File(b.ctx(), step(e.ID, 5, false, "a@uno.example", "b@dos.example")))
	b.same("after", b.expansions(1)[0].After, 5)
	b.must(b.File(b.ctx(), step(e.ID, 9, true, "c@uno.example")))
	b.bodies(1)
	items := b.items(store.Pick{})
	b.is(items, "a@uno.example b@dos.example c@uno.example")
	b.same("content", b.content(items[2].Out), "to a list")
	b.must(b.Queue().Settle(b.ctx(), done(items[:2]...)...))
	b.bodies(1)
	b.must(b.Queue().Settle(b.ctx(), done(items[2])...))
	b.bodies(0)
}
