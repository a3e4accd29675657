//go:build unix

package sqldb

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What root's commands make in the folder of a service's user is that user's.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files for others")
	}
	dir := t.TempDir()
	const uid, gid = 4711, 4712
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Skip(err) // a namespace without that user
	}
	db, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 2 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != uid || owner.Gid != gid {
			t.Errorf("%s is of %d:%d", e.Name(), owner.Uid, owner.Gid)
		}
	}
}
