package sqldb_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"posta/store"
	"posta/store/sqldb"
)

// The WAL is brought into the file and begun anew while the store is open.
func TestLogIsBounded(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, sqldb.Options{})
	id := accounts(t, db, 1)[0]
	const letters, octets = 200, 64 << 10
	for range letters {
		if err := file(t, db, make([]byte, octets), id); err != nil {
			t.Fatal(err)
		}
	}
	size := map[string]int64{}
	for _, name := range []string{sqldb.File, sqldb.File + "-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		size[name] = info.Size()
	}
	if n := size[sqldb.File+"-wal"]; n > 1200*4120 {
		t.Errorf("the WAL has %d octets after %d letters of %d", n, letters, octets)
	}
	if n := size[sqldb.File]; n < letters*octets/2 {
		t.Errorf("the file has %d octets after %d letters of %d", n, letters, octets)
	}
}

// When the database file's sync fails, nothing may be tried again on this
// connection, although every COMMIT still succeeds.
func TestCheckpointFails(t *testing.T) {
	disk := faulty(t)
	t.Cleanup(func() { disk.stale.Store(false) })
	told := make(chan error, 2)
	db := open(t, sqldb.Options{VFS: disk.name, OnFatal: func(err error) { told <- err }})
	id := accounts(t, db, 1)[0]
	disk.stale.Store(true)
	if err := file(t, db, body, id); err != nil {
		t.Fatal("with nothing to bring into the file:", err)
	}
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := file(t, db, body, id); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("after a checkpoint that failed a letter gets %v, want ErrClosed", err)
	}
	if err := <-told; !errors.Is(err, store.ErrUnknown) || !strings.Contains(err.Error(), "checkpoint") {
		t.Errorf("the owner is told %v", err)
	}
	disk.stale.Store(false)
	afterFatal(t, db, id)
}

// A transaction that outgrows the cache writes, and may sync, before COMMIT.
func TestEarlySyncFails(t *testing.T) {
	disk := faulty(t)
	t.Cleanup(func() { disk.failing.Store(false) })
	told := make(chan error, 2)
	db := open(t, sqldb.Options{VFS: disk.name, OnFatal: func(err error) { told <- err }})
	id := accounts(t, db, 1)[0]
	for _, err := range []error{db.Sweep(), db.Cramp(), db.Checkpoint(), db.Cramp()} { // the next write begins the WAL anew
		if err != nil {
			t.Fatal(err)
		}
	}
	disk.failing.Store(true)
	err := file(t, db, make([]byte, 200<<10), id)
	if !errors.Is(err, store.ErrUnknown) || strings.Contains(err.Error(), "commit") {
		t.Fatalf("the letter gets %v, want ErrUnknown before the commit", err)
	}
	<-told
	disk.failing.Store(false)
	afterFatal(t, db, id)
}
