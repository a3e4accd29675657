//go:build unix

package sqldb_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"posta/store/sqldb"
)

// The file that a rescue by root puts into service is the service's user's, who
// could not start otherwise, and nobody else's to read.
func TestOwnerOfRescue(t *testing.T) {
	dir, _ := house(t)
	file := filepath.Join(dir, sqldb.File)
	leaves := pagesOf(t, file, 13)
	spoil(t, file, leaves[len(leaves)/2]*page, bytes.Repeat([]byte{0xa5}, page))
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		uid, gid = 4711, 4712
		for _, path := range []string{file, filepath.Join(dir, sqldb.Lock), dir} {
			if err := os.Chown(path, uid, gid); err != nil {
				t.Skip(err) // a namespace without that user
			}
		}
	}
	k := keeper(t, dir)
	if r, err := k.Repair(t.Context(), nil); err != nil || r.Kept == "" {
		t.Fatalf("repaired %+v %v", r, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != uid || int(owner.Gid) != gid {
		t.Errorf("the new file is of %d:%d", owner.Uid, owner.Gid)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the new file has mode %o", mode)
	}
}
