package sqldb

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"posta/store"
)

// A letter whose body was written ahead and is not there any more is refused.
func TestNoLetterWithoutBody(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	account := mailbox(t, db)
	d := db.Draft(0).(*draft)
	if _, err := d.Write(make([]byte, 2*store.Inline)); err != nil {
		t.Fatal(err)
	}
	if err := d.settle(); err != nil || d.blob == 0 {
		t.Fatalf("written ahead as %d: %v", d.blob, err)
	}
	if err := db.Change(`DELETE FROM blob WHERE refs = 0`); err != nil {
		t.Fatal(err)
	}
	err = db.File(t.Context(), store.Filing{Draft: d, To: []store.Delivery{{Account: account}}})
	if !errors.Is(err, errNoBody) {
		t.Errorf("filed with %v", err)
	}
	if n, err := db.Number(t.Context(), `SELECT count(*) FROM message`); err != nil || n != 0 {
		t.Errorf("%d messages, %v", n, err)
	}
}

// While a repair raises the counter of bodies, no number is given twice.
func TestRaise(t *testing.T) {
	var counter atomic.Int64
	const each, counting = 20_000, 3
	given := make([][]int64, counting)
	var wait sync.WaitGroup
	for i := range given {
		wait.Go(func() {
			for range each {
				given[i] = append(given[i], counter.Add(1))
			}
		})
	}
	wait.Go(func() {
		for range each {
			raise(&counter, counter.Load()+1)
		}
	})
	wait.Wait()
	seen := map[int64]bool{}
	for _, numbers := range given {
		for _, n := range numbers {
			if seen[n] {
				t.Fatalf("%d was given twice", n)
			}
			seen[n] = true
		}
	}
	before := counter.Load()
	raise(&counter, before-1)
	if n := counter.Load(); n != before {
		t.Errorf("%d was lowered to %d", before, n)
	}
	raise(&counter, before+7)
	if n := counter.Load(); n != before+7 {
		t.Errorf("%d is %d, want 7 more", before, n)
	}
}
