package sqldb

import (
	"os"
	"path/filepath"
	"runtime"
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
		if runtime.GOOS != "windows" { // which keeps what is open
			t.Error(err)
		}
		return
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

func TestSameDisk(t *testing.T) {
	dir := t.TempDir()
	if !sameDisk(dir, t.TempDir()) || !sameDisk(dir, filepath.Join(dir, "not there")) {
		t.Error("two folders of one disk, or one nobody knows, share no room")
	}
	if runtime.GOOS == "linux" && sameDisk(dir, "/proc") {
		t.Error("/proc has the room of a disk")
	}
}
