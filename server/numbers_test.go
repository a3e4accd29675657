package server

import (
	"os"
	"path/filepath"
	"testing"
)

// A session's number is never given out again: not after an orderly end, which
// leaves no gap, nor after a kill, nor while the disk takes nothing.
func TestNumbers(t *testing.T) {
	dir := t.TempDir()
	var troubles []error
	open := func() *numbers {
		t.Helper()
		n, err := openNumbers(dir, func(err error) { troubles = append(troubles, err) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := open()
	for want := uint64(1); want <= 2*numbersAhead+5; want++ {
		if got := n.next(); got != want {
			t.Fatalf("behind %d comes %d", want-1, got)
		}
	}
	killed := open()
	if got := killed.next(); got <= 2*numbersAhead+5 || got > 3*numbersAhead+10 {
		t.Errorf("after a kill it goes on with %d", got)
	}
	n.close()
	again := open()
	if got := again.next(); got != 2*numbersAhead+6 {
		t.Errorf("after an end it goes on with %d", got)
	}
	again.file = filepath.Join(dir, "gone", "session-number")
	for range numbersAhead + 1 {
		again.next()
	}
	if len(troubles) != 1 {
		t.Errorf("troubles: %v", troubles)
	}
	if err := os.WriteFile(n.file, []byte("twelve\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open().next(); got < 1e9 || len(troubles) != 2 {
		t.Errorf("with a damaged file it goes on with %d (%v)", got, troubles)
	}
}
