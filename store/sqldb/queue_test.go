package sqldb_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// outgoing is a message to one address in each of some domains.
func outgoing(queue string, domains ...string) store.Outgoing {
	now := time.Now().UTC().Truncate(time.Millisecond)
	o := store.Outgoing{Queue: queue, From: "ana@pepito.es", Sender: "ana", Received: now, Prefix: []byte("Received: from here by there\r\n")}
	for _, domain := range domains {
		o.Rcpts = append(o.Rcpts, store.Rcpt{To: "x@" + domain, Domain: domain, Due: now, Expires: now.Add(time.Hour)})
	}
	return o
}

func enqueue(t testing.TB, db *sqldb.DB, text []byte, outs ...store.Outgoing) {
	t.Helper()
	d := db.Draft(int64(len(text)))
	d.Write(text)
	if err := db.File(t.Context(), store.Filing{ID: "q", Draft: d, Received: time.Now(), Out: outs}); err != nil {
		t.Fatal(err)
	}
}

// claimed leases all that is due for a domain, whoever sends it.
func claimed(t testing.TB, db *sqldb.DB, domain string) []store.Item {
	t.Helper()
	items, err := db.Queue().Claim(t.Context(), store.Claim{Lane: store.Lane{Domain: domain}, All: true, Until: time.Now().Add(time.Hour), Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func contentOf(t testing.TB, db *sqldb.DB, out *store.Outgoing) string {
	t.Helper()
	c := db.Queue().Content(t.Context(), out)
	defer c.Close()
	text, err := io.ReadAll(c)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// A process that ended leaves no lease, and what it was given settles nothing.
// No number is given twice.
func TestQueueAfterRestart(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	enqueue(t, db, body, outgoing("q1", "uno.example", "dos.example"))
	old := claimed(t, db, "uno.example")
	db.Close()
	db = openIn(t, dir, sqldb.Options{})
	again := claimed(t, db, "uno.example")
	if len(old) != 1 || len(again) != 1 || again[0].ID != old[0].ID || again[0].Token <= old[0].Token {
		t.Fatalf("claimed %+v, then %+v", old, again)
	}
	if err := db.Queue().Settle(t.Context(), settled(old)...); err == nil {
		t.Error("a lease of the process before settles")
	}
	if err := db.Queue().Settle(t.Context(), settled(append(again, claimed(t, db, "dos.example")...))...); err != nil {
		t.Fatal(err)
	}
	db.Close()
	db = openIn(t, dir, sqldb.Options{})
	enqueue(t, db, body, outgoing("q2", "uno.example"))
	if next := claimed(t, db, "uno.example"); next[0].ID <= again[0].ID+1 || next[0].Out.ID <= again[0].Out.ID {
		t.Errorf("number %d of message %d after %d of %d", next[0].ID, next[0].Out.ID, again[0].ID, again[0].Out.ID)
	}
}

// What many sessions queue and settle shares transactions.
func TestQueueInBatches(t *testing.T) {
	db := open(t, sqldb.Options{Fault: func(op string) error {
		if op == "commit" {
			time.Sleep(2 * time.Millisecond) // of a disk: what comes meanwhile waits
		}
		return nil
	}})
	before, err := db.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const sessions, each = 32, 10
	var wait sync.WaitGroup
	for n := range sessions {
		wait.Go(func() {
			domain := fmt.Sprintf("d%d.example", n)
			for range each {
				enqueue(t, db, body, outgoing("q", domain))
				if err := db.Queue().Settle(t.Context(), settled(claimed(t, db, domain))...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	after, err := db.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := after.Batches - before.Batches; n > sessions*each/2 {
		t.Errorf("%d transactions for %d filings and as many settlements", n, sessions*each)
	}
}

// Bodies whose last recipient is settled go without the sweep; large ones with it.
func TestQueueSweeps(t *testing.T) {
	db := open(t, sqldb.Options{})
	enqueue(t, db, body, outgoing("q1", "uno.example"))
	enqueue(t, db, bytes.Repeat(body, 500), outgoing("q2", "uno.example"))
	if err := db.Queue().Settle(t.Context(), settled(claimed(t, db, "uno.example"))...); err != nil {
		t.Fatal(err)
	}
	if n := db.Leases(); n > 0 {
		t.Errorf("%d leases are remembered of items that have gone", n)
	}
	if err := db.Sweep(); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"outgoing", "recipient", "blob", "blob_chunk", "lane"} {
		if n, err := db.Number(t.Context(), `SELECT count(*) FROM `+table); err != nil || n != 0 {
			t.Errorf("%d rows of %s are left, %v", n, table, err)
		}
	}
}

// While a settlement becomes true, nobody else gets its item: not when its
// lease runs out, nor when its holder gives it back.
func TestClaimBesideCommit(t *testing.T) {
	var clock atomic.Int64 // hours
	var beside atomic.Pointer[func()]
	db := open(t, sqldb.Options{Clock: func() time.Time { return time.Now().Add(time.Duration(clock.Load()) * time.Hour) },
		Fault: func(op string) error {
			if do := beside.Load(); do != nil && op == "commit" {
				(*do)()
			}
			return nil
		}})
	enqueue(t, db, body, outgoing("q1", "uno.example"))
	item := claimed(t, db, "uno.example")
	var err, unclaim error
	var taken []store.Item
	tried := 0
	do := func() {
		if !db.Settling(item[0].ID) {
			return // housekeeping's
		}
		tried++
		unclaim = db.Queue().Unclaim(t.Context(), item...)
		clock.Add(2)
		taken, err = db.Queue().Claim(t.Context(), store.Claim{Lane: store.Lane{Domain: "uno.example", Sender: "ana"}, Until: time.Now().Add(9 * time.Hour), Limit: 1})
	}
	beside.Store(&do)
	if err := db.Queue().Settle(t.Context(), settled(item)...); err != nil {
		t.Fatal(err)
	}
	if err != nil || unclaim != nil || len(taken) > 0 || tried != 1 {
		t.Errorf("claimed %+v, %v, %v, %d times", taken, err, unclaim, tried)
	}
	if n := db.Leases(); n > 0 {
		t.Errorf("%d leases are remembered", n)
	}
}

// What was settled while a claim read is not given by it, though it read how
// things were before.
func TestClaimBesideSettle(t *testing.T) {
	db := open(t, sqldb.Options{})
	enqueue(t, db, body, outgoing("q1", "uno.example", "dos.example", "tres.example"))
	theirs := claimed(t, db, "tres.example")
	items, err := db.Queue().Claim(t.Context(), store.Claim{Lane: store.Lane{Domain: "uno.example", Sender: "ana"}, Limit: 9,
		Until: time.Now().Add(time.Hour), Also: func(domain string) bool {
			if domain == "dos.example" { // the next row was read, or will be as it was
				if err := db.Queue().Settle(t.Context(), settled(theirs)...); err != nil {
					t.Error(err)
				}
			}
			return true
		}})
	if err != nil || len(items) != 2 {
		t.Errorf("claimed %+v, %v", items, err)
	}
	if err := db.Queue().Settle(t.Context(), settled(items)...); err != nil {
		t.Error(err)
	}
}

// Reading a large body ahead of a slow peer holds nobody up, and holds little.
func TestContentMemory(t *testing.T) {
	db := open(t, sqldb.Options{Readers: 1})
	text := bytes.Repeat(body, 20<<20/len(body))
	enqueue(t, db, text, outgoing("q1", "uno.example"))
	c := db.Queue().Content(t.Context(), claimed(t, db, "uno.example")[0].Out)
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	// The only reader is free between two reads, and the log can be brought in.
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Number(t.Context(), `SELECT count(*) FROM outgoing`); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	rest, err := io.Copy(io.Discard, c)
	if want := int64(len(text) + 30 - 1<<20); err != nil || rest != want {
		t.Errorf("%d octets after the first, want %d, %v", rest, want, err)
	}
}

// A page is full as long as there is more, also where something of it is gone when
// its rows are read.
func TestItemsFillPage(t *testing.T) {
	db := openIn(t, queuedHouse(t, `DELETE FROM outgoing WHERE queue = 'large'`), sqldb.Options{})
	for limit, want := range []string{1: "both", 2: "both both", 3: "both both small", 4: "both both small tried", 5: "both both small tried"} {
		if limit == 0 {
			continue
		}
		items, err := db.Queue().Items(t.Context(), store.Pick{Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range items {
			got = append(got, i.Out.Queue)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("of %d: %q, want %s", limit, got, want)
		}
	}
}
