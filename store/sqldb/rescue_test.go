package sqldb_test

import (
	"bytes"
	"os"
	"path/filepath"
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
