package sqldb

import (
	"os"
	"path/filepath"
	"testing"
)

// A lock on a file that has been removed is no lock: the next one locks another.
func TestLockOfARemovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), Lock)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !isStill(f, path) {
		t.Error("the file is there")
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Skip(err) // Windows keeps what is open
	}
	if isStill(f, path) {
		t.Error("nothing is there")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if isStill(f, path) {
		t.Error("another file is there")
	}
}
