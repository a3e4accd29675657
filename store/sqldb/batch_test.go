package sqldb

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"posta/store"
)

// What one transaction takes: 256 deliveries, 8 MiB of bodies, of large ones 1 MiB
// while letters wait. The first of all always fits, or it would wait for ever.
func TestTake(t *testing.T) {
	jobs := func(n, letters int, octets int64) []*job {
		var out []*job
		for range n {
			out = append(out, &job{letters: letters, octets: octets})
		}
		return out
	}
	const mib = 1 << 20
	for name, tt := range map[string]struct {
		letters, chunks []*job
		want            int // in the batch
	}{
		"deliveries":              {jobs(257, 1, 0), nil, 256},
		"of several each":         {jobs(3, 100, 0), nil, 2},
		"octets":                  {jobs(9, 1, mib), nil, 8},
		"one more than fits":      {jobs(2, 1, 4*mib+1), nil, 1},
		"one too large":           {jobs(2, 1, 9*mib), nil, 1},
		"one for too many":        {jobs(2, 300, 0), nil, 1},
		"large bodies":            {nil, jobs(33, 0, mib/4), 32},
		"large ones and a letter": {jobs(1, 1, 0), jobs(33, 0, mib/4), 1 + 4},
	} {
		w := newWriter(nil, nil)
		w.letters, w.chunks = tt.letters, tt.chunks
		all := len(tt.letters) + len(tt.chunks)
		w.take()
		if len(w.batch) != tt.want || len(w.letters)+len(w.chunks) != all-tt.want {
			t.Errorf("%s: %d taken, %d and %d left, want %d", name, len(w.batch), len(w.letters), len(w.chunks), tt.want)
		}
	}
}

// inOneBatch hands letters over while the writer is held up, so that one
// transaction takes them all, and gives what each was told.
func inOneBatch(t *testing.T, db *DB, letters ...store.Filing) []error {
	t.Helper()
	synctest.Wait() // what is written ahead
	errs := make([]error, len(letters))
	var sessions sync.WaitGroup
	err := db.writer.chore(func(*tx) error {
		for i := range letters { // in this order
			sessions.Go(func() { errs[i] = db.File(t.Context(), letters[i]) })
			synctest.Wait()
		}
		if n := len(db.writer.letters); n != len(letters) {
			t.Errorf("%d letters wait, want %d", n, len(letters))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sessions.Wait()
	return errs
}

// letter is a letter of some octets for one mailbox.
func letter(t *testing.T, db *DB, account int64, octets int, change ...func(*store.Filing)) store.Filing {
	t.Helper()
	d := db.Draft(0)
	if _, err := d.Write(bytes.Repeat([]byte("x"), octets)); err != nil {
		t.Fatal(err)
	}
	f := store.Filing{Draft: d, To: []store.Delivery{{Account: account}}}
	for _, c := range change {
		c(&f)
	}
	return f
}

// inBubble opens a store whose writer synctest can see at rest.
func inBubble(t *testing.T, run func(t *testing.T, db *DB)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		synctest.Wait() // the first sweep
		run(t, db)
	})
}

// What is refused only when it is written makes the whole batch be run again,
// each item in its savepoint: it alone fails, and the others are there once.
func TestSecondAttempt(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB) {
		account := mailbox(t, db)
		twice := func(f *store.Filing) { // nothing sees it before the second row
			f.To = []store.Delivery{{Account: account, UIDL: "same"}, {Account: account, UIDL: "same"}}
		}
		errs := inOneBatch(t, db,
			letter(t, db, account, 1000),
			letter(t, db, account, 300, twice),
			letter(t, db, account, store.Inline+100_000), // partly written ahead
		)
		if errs[0] != nil || errs[1] == nil || errs[2] != nil || errors.Is(errs[1], errAgain) {
			t.Fatalf("%q", errs)
		}
		all, err := db.List(t.Context(), account)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d messages, %v", len(all), err)
		}
		if n, err := db.Number(t.Context(), "SELECT count(*) FROM message"); err != nil || n != 2 {
			t.Errorf("%d rows, %v", n, err)
		}
		r := db.Reader(account)
		defer r.Close()
		var octets int64
		for i, e := range all {
			var b strings.Builder
			if err := r.WriteTo(t.Context(), &b, e, all[i+1:]); err != nil || int64(b.Len()) != e.Size {
				t.Errorf("message %d: %d octets of %d, %v", e.UID, b.Len(), e.Size, err)
			}
			octets += e.Size
		}
		used, err := db.Usage(t.Context(), account)
		if err != nil || used != (store.Usage{Messages: 2, Bytes: octets}) || octets != 1000+store.Inline+100_000 {
			t.Errorf("used %+v of %d, %v", used, octets, err)
		}
	})
}

// The writer remembers so many mailboxes and no more, and goes on without what
// it has forgotten.
func TestBoxesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB) {
		account := mailbox(t, db)
		for more, want := range map[int]int{maxBoxes - 1: maxBoxes, maxBoxes: 0} {
			err := db.writer.chore(func(tx *tx) error {
				clear(tx.boxes)
				for i := range more {
					tx.boxes[-1-int64(i)] = &box{}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.File(t.Context(), letter(t, db, account, 100)); err != nil {
				t.Fatal(err)
			}
			have := 0
			if err := db.writer.chore(func(tx *tx) error { have = len(tx.boxes); return nil }); err != nil {
				t.Fatal(err)
			}
			if have != want {
				t.Errorf("%d mailboxes are remembered beside one more, want %d", have, want)
			}
		}
		if used, err := db.Usage(t.Context(), account); err != nil || used.Messages != 2 || used.Bytes != 200 {
			t.Errorf("%+v, %v", used, err)
		}
	})
}

// A draft that is given up while chunks of it wait for the writer ends when they
// are answered: the sweep takes its blob then, and not one that is still to come.
func TestDiscardWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB) {
		d := db.Draft(0)
		hold, held := make(chan struct{}), make(chan struct{})
		var others sync.WaitGroup
		others.Go(func() {
			if err := db.writer.change(func(*tx) error { close(held); <-hold; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-held
		if _, err := d.Write(make([]byte, store.Inline+store.Chunk+1)); err != nil {
			t.Fatal(err)
		}
		ended := false
		others.Go(func() { d.Discard(); ended = true })
		synctest.Wait()
		if ended {
			t.Error("a draft ended before the writer had its chunks")
		}
		close(hold)
		others.Wait()
		synctest.Wait() // the sweep that the end has stirred
		if n, err := db.Number(t.Context(), "SELECT (SELECT count(*) FROM blob) + (SELECT count(*) FROM blob_chunk)"); err != nil || n != 0 {
			t.Errorf("%d rows are left, %v", n, err)
		}
	})
}

// The length of a prefix shares a number with its place: a longer one than fits
// there is refused, alone, and the longest that does comes back whole.
func TestPrefixIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB) {
		account := mailbox(t, db)
		prefix := func(n int) func(*store.Filing) {
			return func(f *store.Filing) { f.To[0].Prefix = bytes.Repeat([]byte("p"), n) }
		}
		errs := inOneBatch(t, db,
			letter(t, db, account, 10, prefix(maxPrefix)),
			letter(t, db, account, 10, prefix(maxPrefix-1)))
		if errs[0] == nil || errs[1] != nil {
			t.Fatalf("%q", errs)
		}
		all, err := db.List(t.Context(), account)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d messages, %v", len(all), err)
		}
		r := db.Reader(account)
		defer r.Close()
		var b strings.Builder
		if err := r.WriteTo(t.Context(), &b, all[0], nil); err != nil || b.String() != strings.Repeat("p", maxPrefix-1)+"xxxxxxxxxx" {
			t.Errorf("%d octets came back, %v", b.Len(), err)
		}
	})
}
