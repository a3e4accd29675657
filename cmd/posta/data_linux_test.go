package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Whoever has no store, and may not look into the system's, is not told that there
// is none: the system's is meant, and why it is closed is said.
func TestClosedData(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	shut := t.TempDir()
	if err := os.Chmod(shut, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(shut, 0o700) })
	if got := lively(none, none); got != "" {
		t.Errorf("%q holds something", got)
	}
	runtime.LockOSThread()
	if os.Geteuid() == 0 { // root may look everywhere; this thread is somebody else, and ends with the test
		if err := os.Chmod(filepath.Dir(filepath.Dir(none)), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := unix.SetfsuidRetUid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = unix.SetfsuidRetUid(0) }()
	}
	if got := lively(none, shut); got != shut {
		t.Errorf("%q, want the closed %q", got, shut)
	}
}
