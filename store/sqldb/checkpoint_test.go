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

// A WAL that cannot be brought into the file is told of when it has become
// large, and not at every turn; and so is the next one.
func TestLogGrows(t *testing.T) {
	disk := faulty(t)
	t.Cleanup(func() { disk.full.Store(false) })
	told := make(chan error, 20)
	db := open(t, sqldb.Options{VFS: disk.name, Trouble: func(err error) { told <- err }})
	id := accounts(t, db, 1)[0]
	for i, step := range []struct {
		full  bool
		pages int64
		want  int // times told
	}{
		{true, sqldb.WorthTelling / 2, 0},
		{true, sqldb.WorthTelling, 1},
		{true, sqldb.WorthTelling + 1000, 0},
		{true, 2*sqldb.WorthTelling - 1000, 0},
		{true, 2 * sqldb.WorthTelling, 1},
		{false, 3 * sqldb.WorthTelling, 0}, // it is brought into the file
		{true, sqldb.WorthTelling, 1},
	} {
		disk.full.Store(step.full)
		if err := file(t, db, body, id); err != nil {
			t.Fatal(err)
		}
		if err := db.Logged(step.pages); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Writers(`SELECT 1`); err != nil { // the checkpoint is over
			t.Fatal(err)
		}
		if n := len(told); n != step.want {
			t.Errorf("step %d: told %d times, want %d", i, n, step.want)
		}
		for len(told) > 0 {
			if err := <-told; !strings.Contains(err.Error(), "goes on growing") || !strings.Contains(err.Error(), "full") {
				t.Errorf("step %d: told %v", i, err)
			}
		}
	}
}
