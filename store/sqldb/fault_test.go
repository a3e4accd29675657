package sqldb_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// When a message is acknowledged, the disk has it.
// rfc: 5321-6.1-1
func TestSyncedBeforeSuccess(t *testing.T) {
	disk := faulty(t)
	db := open(t, sqldb.Options{VFS: disk.name})
	id := accounts(t, db, 1)[0]
	if err := db.Sweep(); err != nil {
		t.Fatal(err)
	}
	var items []store.Item
	calls := map[string]func() error{
		"Queue": func() error {
			enqueue(t, db, body, outgoing("q1", "uno.example", "dos.example"))
			items = append(claimed(t, db, "uno.example"), claimed(t, db, "dos.example")...)
			return nil
		},
		"Wait": func() error {
			return db.Queue().Settle(t.Context(), store.Settlement{Item: items[0].ID, Token: items[0].Token, Attempt: &store.Attempt{Code: 451}})
		},
		"Settle": func() error { return db.Queue().Settle(t.Context(), settled(items[1:])...) },
		"File":   func() error { return file(t, db, body, id) },
		"Remove": func() error { return db.Remove(t.Context(), store.Lease{Account: id}, []uint32{1}) },
		"SetAPOPSecret": func() error {
			return db.Directory().SetAPOPSecret(t.Context(), id, []byte("x"))
		},
	}
	for _, name := range []string{"File", "File", "Queue", "Wait", "Settle", "Remove", "SetAPOPSecret"} {
		before := disk.syncs.Load()
		if err := calls[name](); err != nil {
			t.Fatal(err)
		}
		if disk.syncs.Load() == before {
			t.Errorf("%s returned without a sync", name)
		}
		if name != "Remove" && name != "SetAPOPSecret" && disk.unsynced() > 0 { // the sweep follows a Remove
			t.Errorf("%s returned with writes that no sync followed", name)
		}
	}
}

func file(t testing.TB, db *sqldb.DB, body []byte, to int64) error {
	t.Helper()
	d := db.Draft(int64(len(body)))
	defer d.Discard()
	if _, err := d.Write(body); err != nil {
		return err
	}
	return db.File(t.Context(), store.Filing{ID: "q", Draft: d, To: []store.Delivery{{Account: to}}})
}

// After a sync that failed nothing succeeds any more, the owner is told once,
// and what was acknowledged before is whole when the store is opened anew.
func TestSyncFails(t *testing.T) {
	for name, fail := range map[string]func(*disk, *bool){
		"sync":   func(d *disk, _ *bool) { d.failing.Store(true) },
		"commit": func(_ *disk, commit *bool) { *commit = true },
	} {
		t.Run(name, func(t *testing.T) { testSyncFails(t, fail) })
	}
}

func testSyncFails(t *testing.T, fail func(*disk, *bool)) {
	disk := faulty(t)
	t.Cleanup(func() { disk.failing.Store(false) })
	dir := t.TempDir()
	var told []error
	broken := false
	ended := make(chan struct{}, 10)
	db, err := sqldb.Open(t.Context(), dir, sqldb.Options{VFS: disk.name,
		Fault: func(op string) error {
			if broken && op == "commit" {
				return errors.New("the disk is on fire")
			}
			return nil
		},
		OnFatal: func(err error) {
			told = append(told, err)
			ended <- struct{}{}
		}})
	if err != nil {
		t.Fatal(err)
	}
	id := accounts(t, db, 1)[0]
	if err := file(t, db, body, id); err != nil {
		t.Fatal(err)
	}
	if err := db.Sweep(); err != nil {
		t.Fatal(err)
	}
	fail(disk, &broken)
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			if err := file(t, db, body, id); err == nil {
				t.Error("a message was acknowledged that the disk does not have")
			}
		})
	}
	wait.Wait()
	<-ended
	disk.failing.Store(false) // a second sync would succeed, and lie
	broken = false
	afterFatal(t, db, id)
	if err := db.Close(); err == nil {
		t.Error("Close says that all is well")
	}
	if len(told) != 1 {
		t.Errorf("the owner was told %d times: %v", len(told), told)
	}

	other := openIn(t, copied(t, dir), sqldb.Options{})
	es, err := other.List(t.Context(), id)
	if err != nil || len(es) < 1 {
		t.Fatalf("%d messages after opening anew, %v", len(es), err)
	}
	for _, e := range es { // those not acknowledged may be there, but whole
		var out bytes.Buffer
		if err := other.Reader(id).WriteTo(t.Context(), &out, e, nil); err != nil || !bytes.Equal(out.Bytes(), body) {
			t.Errorf("message %d: %d octets, %v", e.UID, out.Len(), err)
		}
	}
}

// afterFatal holds every kind of call against store.ErrClosed.
func afterFatal(t *testing.T, db *sqldb.DB, id int64) {
	t.Helper()
	ctx := t.Context()
	lease := store.Lease{Account: id, Token: 1}
	large := db.Draft(0)
	_, largeErr := large.Write(make([]byte, 4<<20))
	large.Discard()
	for name, err := range map[string]error{
		"File":         file(t, db, body, id),
		"a large body": largeErr,
		"Remove":       db.Remove(ctx, lease, []uint32{1}),
		"Renew":        db.Renew(ctx, lease, 0),
		"WriteTo":      db.Reader(id).WriteTo(ctx, io.Discard, store.Entry{UID: 1}, nil),
		"SetSetting":   db.SetSetting(ctx, "x", []byte("y")),
		"Settle":       db.Queue().Settle(ctx, store.Settlement{Item: 1}),
		"Renew items":  db.Queue().Renew(ctx, time.Now(), store.Item{ID: 1}),
		"Unclaim":      db.Queue().Unclaim(ctx, store.Item{ID: 1}),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
	_, usage := db.Usage(ctx, id)
	_, list := db.List(ctx, id)
	_, lock := db.Lock(ctx, id, "x", 0)
	_, check := db.Check(ctx, nil)
	_, stats := db.Stats(ctx)
	_, setting := db.Setting(ctx, "x")
	_, lanes := db.Queue().Lanes(ctx, time.Now(), nil, 1)
	_, claim := db.Queue().Claim(ctx, store.Claim{Limit: 1})
	_, hurry := db.Queue().Hurry(ctx, "x", time.Now())
	_, depth := db.Queue().Depth(ctx)
	for i, err := range []error{usage, list, lock, check, stats, setting, lanes, claim, hurry, depth} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("reading call %d: %v, want ErrClosed", i, err)
		}
	}
}

// copied makes a copy of a store's files, as they lie on the disk.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{sqldb.File, sqldb.File + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// A failure before COMMIT is everybody's in the batch, and over with it.
func TestBeginFails(t *testing.T) {
	var mu sync.Mutex
	var fault error
	set := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		fault = err
	}
	db := open(t, sqldb.Options{OnFatal: func(err error) { t.Errorf("fatal: %v", err) }, Fault: func(op string) error {
		mu.Lock()
		defer mu.Unlock()
		if op == "begin" {
			return fault
		}
		return nil
	}})
	id := accounts(t, db, 1)[0]
	broken := errors.New("cannot begin")
	set(broken)
	if err := file(t, db, body, id); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	set(nil)
	if err := file(t, db, body, id); err != nil {
		t.Error(err)
	}
	if es, err := db.List(t.Context(), id); err != nil || len(es) != 1 {
		t.Errorf("%d messages, %v", len(es), err)
	}
}

// A full file is ErrFull for small and large bodies; mail can be deleted, and
// then there is room again.
func TestFull(t *testing.T) {
	db := open(t, sqldb.Options{MaxPages: 600, OnFatal: func(err error) { t.Errorf("fatal: %v", err) }})
	id := accounts(t, db, 1)[0]
	large := make([]byte, 1<<20)
	for name, body := range map[string][]byte{"small": body, "large": large, "very large": make([]byte, 4<<20)} {
		var err error
		n := 0
		for ; err == nil; n++ {
			err = file(t, db, body, id)
		}
		if !errors.Is(err, store.ErrFull) {
			t.Errorf("%s: %v, want ErrFull", name, err)
		}
		es, err := db.List(t.Context(), id)
		if err != nil || len(es) != n-1 {
			t.Errorf("%s: %d messages after %d successes, %v", name, len(es), n-1, err)
		}
		var uids []uint32
		for _, e := range es {
			uids = append(uids, e.UID)
		}
		if err := db.Remove(t.Context(), store.Lease{Account: id}, uids); err != nil {
			t.Fatalf("%s: nothing can be deleted: %v", name, err)
		}
		if err := db.Sweep(); err != nil {
			t.Fatal(err)
		}
		if err := file(t, db, large, id); err != nil {
			t.Errorf("%s: no room after deleting: %v", name, err)
		}
		db.Directory().RemoveAccount(t.Context(), id)
		if err := db.Sweep(); err != nil {
			t.Fatal(err)
		}
		id = another(t, db, name)
	}
}

// A disk that is nearly full refuses mail before it breaks a COMMIT.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	id := accounts(t, db, 1)[0]
	if err := file(t, db, body, id); err != nil {
		t.Fatal(err)
	}
	db.Close()
	db = openIn(t, dir, sqldb.Options{Reserve: 1 << 60})
	if err := file(t, db, body, id); !errors.Is(err, store.ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
	d := db.Draft(0)
	for range 100 {
		d.Write(make([]byte, 64<<10))
	}
	if err := db.File(t.Context(), store.Filing{Draft: d, To: []store.Delivery{{Account: id}}}); !errors.Is(err, store.ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
	if err := db.Remove(t.Context(), store.Lease{Account: id}, []uint32{1}); err != nil {
		t.Errorf("nothing can be deleted: %v", err)
	}
}
