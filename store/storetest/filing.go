package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/store"
)

// Every size at which a body changes how it travels comes back octet by octet.
func testSizes(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	prefix := []byte("Return-Path: <>\r\n")
	var sizes []int
	for _, edge := range []int{8 << 10, store.Chunk, 2 * store.Chunk, store.Inline, store.Inline + store.Chunk, 1 << 20} {
		sizes = append(sizes, edge-1, edge, edge+1)
	}
	sizes = append(sizes, 0, 1, 100, 3<<20+17)
	var want [][]byte
	for i, size := range sizes {
		body := octets(uint64(i), size)
		pieces := []int{1000, 4096, 32 << 10, 1 << 20, 64<<10 + 1}
		f := store.Filing{ID: fmt.Sprint("q", size), Draft: b.draft(body, pieces[i%len(pieces)]), Received: b.now,
			Traits: store.Traits{NoEOL: i%2 == 0}, To: []store.Delivery{{Account: id, Prefix: prefix}}}
		b.file(f)
		want = append(want, append(bytes.Clone(prefix), body...))
	}
	entries := b.list(id)
	if len(entries) != len(sizes) {
		t.Fatalf("%d messages, want %d", len(entries), len(sizes))
	}
	r := b.Reader(id)
	defer r.Close()
	for i, e := range entries {
		size := int64(len(want[i]))
		if e.Traits.NoEOL {
			size += 2
		}
		if e.Size != size || int(e.Prefix) != len(prefix) {
			t.Errorf("size %d, prefix %d; want %d, %d", e.Size, e.Prefix, size, len(prefix))
		}
		var out bytes.Buffer
		b.must(r.WriteTo(b.ctx(), &out, e, entries[i+1:]))
		if !bytes.Equal(out.Bytes(), want[i]) {
			t.Errorf("a body of %d octets came back as %d others", sizes[i], out.Len())
		}
	}
	b.bodies(len(sizes))
}

func testRecipients(t *testing.T, b *bench) {
	f := store.Filing{ID: "q", Draft: b.draft(octets(1, 300_000), 1<<16), Received: b.now}
	var ids []int64
	for i := range 120 {
		id := b.NewAccount(t, 0)
		ids = append(ids, id)
		f.To = append(f.To, store.Delivery{Account: id, Prefix: fmt.Appendf(nil, "Delivered-To: %d\r\n", i)})
	}
	f.To = append(f.To, store.Delivery{Account: ids[0]}) // by two ways into one mailbox
	b.file(f)
	b.bodies(1)
	for i, id := range ids {
		es := b.list(id)
		want := append(fmt.Appendf(nil, "Delivered-To: %d\r\n", i), octets(1, 300_000)...)
		if got := b.read(id, es[0]); !bytes.Equal(got, want) {
			t.Fatalf("recipient %d has something else", i)
		}
	}
	es := b.list(ids[0])
	if first, last := f.To[0].UID, f.To[len(f.To)-1].UID; len(es) == 2 && (first != es[0].UID || last != es[1].UID) {
		t.Errorf("File says UIDs %d and %d, the mailbox has %d and %d", first, last, es[0].UID, es[1].UID)
	}
	if len(es) != 2 || es[0].UIDL == es[1].UIDL || es[0].UID == es[1].UID {
		t.Errorf("two ways into one mailbox: %+v", es)
	}
	if got := b.read(ids[0], es[1]); !bytes.Equal(got, octets(1, 300_000)) {
		t.Error("a message without prefix came back otherwise")
	}
}

func testEntry(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	received := time.Date(2026, 1, 2, 3, 4, 5, 678_000, time.UTC)
	for _, traits := range []store.Traits{{}, {Stuffed: true}, {NoEOL: true}, {UTF8: true}, {Stuffed: true, NoEOL: true, UTF8: true}} {
		b.file(store.Filing{ID: "queue-id", Draft: b.draft([]byte("x\r\n"), 10), Traits: traits, Received: received,
			To: []store.Delivery{{Account: id, Mailbox: "INBOX"}}})
		es := b.list(id)
		e := es[len(es)-1]
		if e.Traits != traits || e.Queue != "queue-id" || !e.Received.Equal(received) || e.Prefix != 0 {
			t.Errorf("entry %+v, want traits %+v", e, traits)
		}
		if int(e.UID) != len(es) {
			t.Errorf("UID %d for message %d", e.UID, len(es))
		}
	}
}

func testQuota(t *testing.T, b *bench) {
	small, other := b.NewAccount(t, 100), b.NewAccount(t, 0)
	file := func(octets int, to ...int64) error {
		f := store.Filing{ID: "q", Draft: b.draft(make([]byte, octets), 50), Received: b.now}
		for _, id := range to {
			f.To = append(f.To, store.Delivery{Account: id, Prefix: make([]byte, 10)})
		}
		return b.File(b.ctx(), f)
	}
	b.must(file(30, small))
	b.want(file(51, other, small), store.ErrQuota)
	b.count(other, 0)
	b.want(file(30, small, small), store.ErrQuota)
	b.count(small, 1)
	b.must(file(50, small)) // exactly full
	b.want(file(0, small), store.ErrQuota)
	b.want(file(0, small, other), store.ErrQuota)
	b.count(other, 0)
	b.bodies(2)

	b.must(b.Remove(b.ctx(), store.Lease{Account: small}, []uint32{1}))
	b.must(file(30, small))
	b.want(file(1, small), store.ErrQuota)

	noEOL := store.Filing{ID: "q", Draft: b.draft(make([]byte, 9), 50), Traits: store.Traits{NoEOL: true},
		To: []store.Delivery{{Account: b.NewAccount(t, 10)}}}
	b.want(b.File(b.ctx(), noEOL), store.ErrQuota)
}

func testGone(t *testing.T, b *bench) {
	stays, goes := b.NewAccount(t, 0), b.NewAccount(t, 0)
	b.file(b.filing("one", stays, goes))
	b.EndAccount(t, goes)
	b.want(b.File(b.ctx(), b.filing("two", stays, goes)), store.ErrGone)
	b.want(b.File(b.ctx(), b.filing("three", 1<<40)), store.ErrGone)
	b.want(b.File(b.ctx(), b.filing("four", -goes)), store.ErrGone)
	b.count(stays, 1)
	b.bodies(1)
	for name, call := range map[string]func() error{
		"List":  func() error { _, err := b.List(b.ctx(), goes); return err },
		"Usage": func() error { _, err := b.Usage(b.ctx(), goes); return err },
		"Lock":  func() error { _, err := b.Lock(b.ctx(), goes, "x", 0); return err },
	} {
		if err := call(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s of a removed account: %v", name, err)
		}
	}
	elsewhere := b.filing("five", stays)
	elsewhere.To[0].Mailbox = "Junk"
	b.want(b.File(b.ctx(), elsewhere), store.ErrNotFound)
	b.count(stays, 1)
}

func testUIDL(t *testing.T, b *bench) {
	id, other := b.NewAccount(t, 0), b.NewAccount(t, 0)
	given := func(uidl string, to int64) store.Filing {
		f := b.filing("x", to)
		f.To[0].UIDL = uidl
		return f
	}
	b.file(b.filing("own", id))
	b.file(given("old-1", id), given("old-1", other), given("~", id))
	b.file(given(strings.Repeat("!", 70), id))
	es := b.list(id)
	own := es[0].UIDL
	if !regexp.MustCompile(`^[0-9a-f]{24}$`).MatchString(own) {
		t.Errorf("UIDL %q, want 24 hexadecimal digits", own)
	}
	if es[1].UIDL != "old-1" || es[2].UIDL != "~" {
		t.Errorf("imported UIDLs came back as %q and %q", es[1].UIDL, es[2].UIDL)
	}
	for _, taken := range []string{"old-1", own} {
		b.want(b.File(b.ctx(), given(taken, id)), store.ErrExists)
	}
	if err := b.File(b.ctx(), given("twice", id), given("twice", id)); err == nil {
		t.Error("one UIDL was given twice in one go")
	}
	for _, bad := range []string{" ", "a b", "ñ", "\x7f", strings.Repeat("x", 71)} {
		if err := b.File(b.ctx(), given(bad, id)); err == nil {
			t.Errorf("UIDL %q was taken", bad)
		}
	}
	b.count(id, 4)
	b.must(b.Remove(b.ctx(), store.Lease{Account: id}, []uint32{2}))
	b.file(given("old-1", id)) // the old one is gone

	seen := map[string]bool{}
	for range 50 {
		b.file(b.filing("x", id, other))
	}
	for _, e := range append(b.list(id), b.list(other)...) {
		if seen[e.UIDL] && e.UIDL != "old-1" {
			t.Fatalf("UIDL %q was given twice", e.UIDL)
		}
		seen[e.UIDL] = true
	}
}

// Several filings are true together or not at all.
func testAtomic(t *testing.T, b *bench) {
	id, full := b.NewAccount(t, 0), b.NewAccount(t, 5)
	err := b.File(b.ctx(), b.filing("one", id), b.filing("two", id), b.filing("too long", full))
	b.want(err, store.ErrQuota)
	err = b.File(b.ctx(), b.filing("one", id), b.filing("two", 1<<40), b.filing("three", id))
	b.want(err, store.ErrGone)
	b.count(id, 0)
	b.bodies(0)
	b.file(b.filing("one", id), b.filing("two", id))
	b.count(id, 2)
	if es := b.list(id); es[0].UID != 1 || es[1].UID != 2 {
		t.Errorf("UIDs %v after failures, want 1 and 2", uids(es))
	}
}

// One that fails takes nobody with it.
func testIsolation(t *testing.T, b *bench) {
	id, full := b.NewAccount(t, 0), b.NewAccount(t, 1)
	uidl := b.filing("x", id)
	uidl.To[0].UIDL = "taken"
	b.file(uidl)
	const each = 20
	var wait sync.WaitGroup
	for n := range 24 {
		wait.Go(func() {
			for range each {
				var want error
				f := b.filing("x", id)
				switch n % 4 {
				case 1:
					f.To = append(f.To, store.Delivery{Account: full})
					f.To[1].Prefix = []byte("xx")
					want = store.ErrQuota
				case 2:
					f.To = append(f.To, store.Delivery{Account: 1 << 40})
					want = store.ErrGone
				case 3:
					f.To[0].UIDL = "taken"
					want = store.ErrExists
				}
				if err := b.File(b.ctx(), f); !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
			}
		})
	}
	wait.Wait()
	b.count(id, 1+6*each)
	b.count(full, 0)
	b.bodies(1 + 6*each)
}

func testConcurrent(t *testing.T, b *bench) {
	var ids []int64
	for range 5 {
		ids = append(ids, b.NewAccount(t, 0))
	}
	const sessions, each = 20, 25
	var wait sync.WaitGroup
	for n := range sessions {
		wait.Go(func() {
			for i := range each {
				size := []int{100, 5000, 70_000, 300_000}[i%4]
				f := store.Filing{ID: fmt.Sprintf("%d/%d", n, i), Draft: b.draft(octets(uint64(n*each+i), size), 9999),
					To: []store.Delivery{{Account: ids[n%len(ids)]}}, Received: b.now}
				if err := b.File(b.ctx(), f); err != nil {
					t.Error(err)
				}
				if _, err := b.List(b.ctx(), ids[i%len(ids)]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, id := range ids {
		es := b.list(id)
		if len(es) != sessions*each/len(ids) {
			t.Errorf("%d messages, want %d", len(es), sessions*each/len(ids))
		}
		for i, e := range es {
			var n, k int
			if _, err := fmt.Sscanf(e.Queue, "%d/%d", &n, &k); err != nil {
				t.Fatal(err)
			}
			if e.UID != uint32(i+1) {
				t.Fatalf("UID %d at place %d", e.UID, i)
			}
			if !bytes.Equal(b.read(id, e), octets(uint64(n*each+k), int(e.Size))) {
				t.Fatalf("message %s has another's body", e.Queue)
			}
		}
	}
	b.bodies(sessions * each)
}

// Who hangs up harms nobody, and gets what was handed over done.
func testCancelled(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	ctx, cancel := context.WithCancel(b.ctx())
	cancel()
	b.must(b.File(ctx, b.filing("x", id)))
	b.count(id, 1)
	if _, err := b.List(b.ctx(), id); err != nil {
		t.Error(err)
	}
}

func testUsage(t *testing.T, b *bench) {
	id := b.NewAccount(t, 0)
	check := func(messages, bytes int64) {
		t.Helper()
		u, err := b.Usage(b.ctx(), id)
		b.must(err)
		if (u != store.Usage{Messages: messages, Bytes: bytes}) {
			t.Errorf("usage %+v, want %d messages of %d octets", u, messages, bytes)
		}
	}
	check(0, 0)
	f := b.filing("12345", id)
	f.To[0].Prefix = []byte("123")
	b.file(f)
	check(1, 8)
	f = b.filing("12345", id)
	f.To[0].Prefix, f.Traits.NoEOL = nil, true
	b.file(f)
	check(2, 15)
	b.must(b.Remove(b.ctx(), store.Lease{Account: id}, []uint32{1}))
	check(1, 7)
	b.must(b.Remove(b.ctx(), store.Lease{Account: id}, []uint32{2}))
	check(0, 0)
}
