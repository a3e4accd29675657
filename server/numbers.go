package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// numbersAhead is how many session numbers are given out before the file is
// written again. A process that was killed passes over so many at most.
const numbersAhead = 1000

// numbers gives sessions their numbers. They go on where the last run stopped:
// an old number, in a trace or a recording, never names somebody else's session.
type numbers struct {
	file   string
	report func(error)

	mu      sync.Mutex
	last    uint64 // given out
	written uint64 // no later run gives out one up to this
}

// openNumbers reads the file of the last run; without one it begins at 1, and
// where it is damaged at the time, which is beyond all that were given out.
func openNumbers(dir string, report func(error)) (*numbers, error) {
	n := &numbers{file: filepath.Join(dir, "session-number"), report: report}
	text, err := os.ReadFile(n.file)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err != nil {
		return nil, fmt.Errorf("server: session numbers: %w", err)
	}
	if n.last, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 63); err != nil {
		report(fmt.Errorf("server: session numbers: %w", err))
		n.last = uint64(time.Now().Unix())
	}
	n.written = n.last
	return n, nil
}

// next gives a number that no session has had.
func (n *numbers) next() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	if n.last > n.written {
		n.write(n.last + numbersAhead)
	}
	return n.last
}

// close makes the next run go on without a gap.
func (n *numbers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last != n.written {
		n.write(n.last)
	}
}

// write puts a number on the disk. Where that fails, sessions go on all the same.
func (n *numbers) write(number uint64) {
	n.written = number
	part := n.file + ".new"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, number)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(part, n.file)
	}
	if err != nil {
		n.report(fmt.Errorf("server: session numbers: %w", err))
	}
}
