package storetest

import (
	"bytes"
	"testing"

	"posta/mail"
	"posta/store"
)

func testDrafts(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	for _, size := range []int{0, 10, store.Pooled + 1, store.Inline + 1, 2 << 20} {
		d := b.draft(octets(1, size), 1<<15)
		d.Discard()
		d.Discard()
		if _, err := d.Write([]byte("x")); err == nil {
			t.Error("a discarded draft takes octets")
		}
		if err := b.File(b.ctx(), store.Filing{Draft: d, To: []store.Delivery{{Account: id}}}); err == nil {
			t.Error("a discarded draft was filed")
		}
		refused := store.Filing{Draft: b.draft(octets(1, size), 1<<15), To: []store.Delivery{{Account: 1 << 40}}}
		b.want(b.File(b.ctx(), refused), store.ErrGone)
		if _, err := refused.Draft.Write([]byte("x")); err == nil {
			t.Error("a draft that was refused takes octets")
		}
	}
	b.count(id, 0)
	b.bodies(0)

	// One under way is no orphan.
	d := b.draft(octets(2, 2<<20), 1<<15)
	b.Bodies(t)
	if _, err := d.Write([]byte("the end")); err != nil {
		t.Fatal(err)
	}
	b.file(store.Filing{ID: "q", Draft: d, To: []store.Delivery{{Account: id}}})
	if got := b.read(id, b.list(id)[0]); !bytes.Equal(got, append(octets(2, 2<<20), "the end"...)) {
		t.Error("housekeeping took a body that was being received")
	}
	b.bodies(1)

	// To nobody is no delivery, and no failure.
	b.file(store.Filing{ID: "q", Draft: b.draft(octets(3, 2<<20), 1<<15)})
	b.bodies(1)
}

// Two filings of one call may have one body.
func testSharedDraft(t *testing.T, b *bench) {
	for i, size := range []int{100, store.Pooled + 1, store.Inline + 100} {
		one, two := b.NewAccount(t, 0), b.NewAccount(t, 0)
		d := b.draft(octets(1, size), 1<<15)
		b.file(store.Filing{ID: "a", Draft: d, To: []store.Delivery{{Account: one}}},
			store.Filing{ID: "b", Draft: d, To: []store.Delivery{{Account: two}, {Account: one}}})
		for _, id := range []int64{one, two} {
			for _, e := range b.list(id) {
				if !bytes.Equal(b.read(id, e), octets(1, size)) {
					t.Errorf("message %s of %d octets came back otherwise", e.Queue, size)
				}
			}
		}
		b.bodies(i + 1)
	}
}

// A body goes with the last message that has it.
func testBodies(t *testing.T, b *bench) {
	for _, size := range []int{10, store.Pooled, store.Inline + 1, 3 << 20} {
		one, two := b.NewAccount(t, 0), b.NewAccount(t, 0)
		b.file(store.Filing{ID: "q", Draft: b.draft(octets(1, size), 1<<15),
			To: []store.Delivery{{Account: one}, {Account: one}, {Account: two, Prefix: []byte("X: y\r\n")}}})
		b.bodies(1)
		b.must(b.Remove(b.ctx(), store.Lease{Account: one}, []uint32{1, 2}))
		b.bodies(1)
		if got := b.read(two, b.list(two)[0]); !bytes.Equal(got[6:], octets(1, size)) {
			t.Error("a body changed when another mailbox lost it")
		}
		b.EndAccount(t, two)
		b.bodies(0)
	}
	// More than one slice of housekeeping.
	id := b.NewAccount(t, 0)
	var fs []store.Filing
	for range 700 {
		fs = append(fs, b.filing("x", id))
	}
	b.file(fs...)
	b.bodies(700)
	b.must(b.Remove(b.ctx(), store.Lease{Account: id}, uids(b.list(id))[:350]))
	b.bodies(350)
	b.EndAccount(t, id)
	b.bodies(0)
}

func testExpansions(t *testing.T, b *bench) {
	one, two := b.NewAccount(t, 0), b.NewAccount(t, 0)
	first := b.filing("to a list", one)
	first.Traits.UTF8 = true
	first.Later = []store.Expansion{
		{List: 7, After: 3, Prefix: []byte("List-Id: x\r\n"), From: "ana@b.es", Queue: "q1", Traits: first.Traits, UTF8: true,
			Notify: mail.NotifyFailure | mail.NotifyDelay, Orcpt: "rfc822;lista@b.es", EnvID: "e1", Ret: mail.RetHdrs},
		{List: 8, Queue: "q1"},
	}
	b.file(first)
	es := b.expansions(10)
	if len(es) != 2 || es[0].List != 7 || es[0].After != 3 || es[0].From != "ana@b.es" || es[0].Queue != "q1" ||
		string(es[0].Prefix) != "List-Id: x\r\n" || es[0].Traits != first.Traits || !es[0].UTF8 || es[0].Notify != mail.NotifyFailure|mail.NotifyDelay || es[0].Orcpt != "rfc822;lista@b.es" || es[0].EnvID != "e1" || es[0].Ret != mail.RetHdrs || es[1].Orcpt != "" || es[1].EnvID != "" || es[1].Ret != mail.RetAbsent || es[1].UTF8 || es[1].Notify != 0 || es[1].List != 8 {
		t.Fatalf("expansions %+v", es)
	}
	if len(b.expansions(1)) != 1 {
		t.Error("the limit is not kept")
	}
	b.must(b.Remove(b.ctx(), store.Lease{Account: one}, []uint32{1}))
	b.bodies(1) // the expansions have it still

	b.file(store.Filing{ID: "q1", Blob: es[0].Blob, Traits: es[0].Traits, Received: b.now,
		To: []store.Delivery{{Account: two, Prefix: es[0].Prefix}}, Step: &store.Step{ID: es[0].ID, After: 50}})
	if got := b.expansions(10); got[0].After != 50 {
		t.Errorf("after a step: %+v", got[0])
	}
	if got := b.read(two, b.list(two)[0]); string(got) != "List-Id: x\r\nto a list" {
		t.Errorf("an expansion delivered %q", got)
	}
	b.file(store.Filing{Blob: es[0].Blob, Step: &store.Step{ID: es[0].ID, Done: true}})
	b.must(b.Remove(b.ctx(), store.Lease{Account: two}, []uint32{1}))
	b.bodies(1)
	b.file(store.Filing{Blob: es[1].Blob, To: []store.Delivery{{Account: one}}, Step: &store.Step{ID: es[1].ID, Done: true}})
	if left := b.expansions(10); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	b.bodies(1)
	b.must(b.Remove(b.ctx(), store.Lease{Account: one}, []uint32{2}))
	b.bodies(0)
}

func (b *bench) expansions(limit int) []store.Expansion {
	b.Helper()
	es, err := b.Expansions(b.ctx(), limit)
	b.must(err)
	return es
}

// A delivery and the progress it makes are true together.
func testExpansionAtomic(t *testing.T, b *bench) {
	one := b.NewAccount(t, 0)
	list := b.filing("x")
	list.Later = []store.Expansion{{List: 7}}
	b.file(list)
	e := b.expansions(1)[0]
	fails := []store.Filing{
		{Blob: e.Blob, To: []store.Delivery{{Account: one}, {Account: 1 << 40}}, Step: &store.Step{ID: e.ID, After: 9}},
		{Blob: e.Blob, To: []store.Delivery{{Account: one}}, Step: &store.Step{ID: e.ID + 1, After: 9}},
		{Blob: e.Blob + 1000, To: []store.Delivery{{Account: one}}, Step: &store.Step{ID: e.ID, After: 9}},
	}
	for i, want := range []error{store.ErrGone, store.ErrNotFound, store.ErrNotFound} {
		b.want(b.File(b.ctx(), fails[i]), want)
	}
	b.count(one, 0)
	if got := b.expansions(1)[0]; got.After != 0 {
		t.Errorf("failed filings moved the expansion to %d", got.After)
	}
	b.bodies(1)
}
