package sqldb_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posta/store"
	"posta/store/sqldb"
)

// spoiled is a store whose file only a rescue mends.
func spoiled(t *testing.T) (dir, file string) {
	t.Helper()
	dir, _ = house(t)
	file = filepath.Join(dir, sqldb.File)
	leaves := pagesOf(t, file, 13)
	spoil(t, file, leaves[len(leaves)/2]*page, bytes.Repeat([]byte{0xa5}, page))
	return dir, file
}

// A new file that did not get all that was written for it is not put into
// service: the old one stays.
func TestRescueIncomplete(t *testing.T) {
	disk := faulty(t)
	t.Cleanup(func() { disk.stale.Store(false) })
	dir, file := spoiled(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	k, err := sqldb.OpenKeeper(dir, sqldb.Options{VFS: disk.name})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	_, err = k.Repair(t.Context(), func(p store.Progress) {
		if p.Name == "rescue" { // the new file has its tables, and its log goes on working
			disk.stale.Store(true)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "it is as it was") {
		t.Errorf("repaired: %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
		t.Error("the damaged file is not in its place", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*-*[0-9]")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// An exchange that a power cut ends once the new file has its name is finished
// by whoever opens the store next; the old file's log is not read into the new one.
func TestExchangeIsFinished(t *testing.T) {
	whole, _ := house(t)
	rescued, err := os.ReadFile(filepath.Join(whole, sqldb.File))
	if err != nil {
		t.Fatal(err)
	}
	db := openIn(t, whole, sqldb.Options{})
	deliver(t, db, []byte("Subject: in the log of the old file\r\n\r\nx\r\n"), 1)
	state := map[string][]byte{sqldb.File + ".rescued": rescued}
	for _, name := range []string{sqldb.File, sqldb.File + "-wal"} {
		if state[name], err = os.ReadFile(filepath.Join(whole, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, removed := range map[string][]string{"at once": nil, "without the log": {sqldb.File + "-wal"}} {
		for _, keeps := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				for name, data := range state {
					if slices.Contains(removed, name) {
						continue
					}
					if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if keeps {
					k := keeper(t, dir)
					if found, err := k.Check(t.Context(), nil); err != nil || len(found) > 0 {
						t.Errorf("found %v %v", found, err)
					}
					k.Close()
				}
				db := openIn(t, dir, sqldb.Options{})
				if found, err := db.Check(t.Context(), nil); err != nil || len(found) > 0 {
					t.Errorf("found %v %v", found, err)
				}
				if n, err := db.Number(t.Context(), `SELECT count(*) FROM message`); err != nil || n != 302 {
					t.Errorf("%d messages, %v", n, err)
				}
				if left, err := filepath.Glob(filepath.Join(dir, "*.rescued")); err != nil || len(left) > 0 {
					t.Errorf("left behind: %v %v", left, err)
				}
			})
		}
	}
}

// An exchange that cannot go on says so, and loses neither file.
func TestExchangeIsStopped(t *testing.T) {
	dir, file := spoiled(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	k := keeper(t, dir)
	inTheWay := file + "-shm"
	_, err = k.Repair(t.Context(), func(p store.Progress) {
		if p.Name == "bodies" { // of the new file: nobody reads the old one any more
			_ = os.Remove(inTheWay)
			_ = os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "cannot put the new file") {
		t.Fatalf("repaired: %v", err)
	}
	k.Close()
	kept, err := filepath.Glob(filepath.Join(dir, "damaged-*", sqldb.File))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v %v", kept, err)
	}
	if after, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(after, before) {
		t.Error("the damaged file was not kept as it was", err)
	}
	for name, open := range map[string]func() error{
		"a keeper": func() error { _, err := sqldb.OpenKeeper(dir, sqldb.Options{}); return err },
		"a server": func() error { _, err := sqldb.Open(t.Context(), dir, sqldb.Options{}); return err },
	} {
		if err := open(); err == nil || !strings.Contains(err.Error(), "cannot be put in the place") {
			t.Errorf("%s opens it: %v", name, err)
		}
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	if found, err := keeper(t, dir).Check(t.Context(), nil); err != nil || len(found) > 0 {
		t.Errorf("the new file: %v %v", found, err)
	}
}

// What a rescue has left that was killed goes; what others call so stays.
func TestKilledRescueIsCleared(t *testing.T) {
	dir, _ := house(t)
	for _, name := range []string{"rescue-123.unfinished", "rescue-123", "damaged-20260102-030405"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, sqldb.File), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keeper(t, dir)
	left, err := filepath.Glob(filepath.Join(dir, "*-*[0-9d]", sqldb.File))
	if err != nil || len(left) != 2 || strings.Contains(strings.Join(left, ""), "unfinished") {
		t.Errorf("left: %v %v", left, err)
	}
}

// Neither a copy on the store's own disk nor a rescue takes the room that the
// server needs to go on taking mail.
func TestReserveStays(t *testing.T) {
	dir, _ := spoiled(t)
	k, err := sqldb.OpenKeeper(dir, sqldb.Options{Reserve: 1 << 50})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if _, err := k.Backup(t.Context(), filepath.Join(dir, "copy.db"), nil); !errors.Is(err, store.ErrFull) {
		t.Errorf("a copy: %v", err)
	}
	if _, err := k.Repair(t.Context(), nil); !errors.Is(err, store.ErrFull) {
		t.Errorf("a rescue: %v", err)
	}
}
