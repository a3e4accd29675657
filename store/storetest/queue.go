package storetest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
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
	o := store.Outgoing{Queue: "q7", MessageID: "1@b.es", From: "ana@b.es", Sender: "ana", Lab: true, Auth: "ana=x@b.es", EnvID: "e+2B", Ret: mail.RetHdrs,
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
