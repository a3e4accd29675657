package sqldb

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"posta/words"
)

// ErrBusy says that another process has the store open.
var ErrBusy = errors.New("sqldb: the store is in use by another posta")

// lockFile is the right of one process to the store. The system takes it back
// when the process ends, however that happens. It is a file of its own: to
// open and close the database's would drop SQLite's own locks on it.
type lockFile struct{ f *os.File }

func acquire(path string) (*lockFile, error) {
	f, err := openOwn(path)
	if err != nil {
		return nil, words.FailOf(err, "sqldb.no_lock", words.Args{"File": path})
	}
	if err := tryLock(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, words.FailOf(err, "sqldb.no_lock", words.Args{"File": path})
		}
		if pid := holder(f); pid != "" {
			return nil, words.FailAs(ErrBusy, "sqldb.busy_by", words.Args{"Process": pid, "File": path})
		}
		return nil, words.FailAs(ErrBusy, "sqldb.busy", words.Args{"File": path})
	}
	if !isStill(f, path) {
		defer f.Close()
		return nil, words.FailAs(ErrBusy, "sqldb.busy", words.Args{"File": path})
	}
	// The number is for people; a failure to write it harms nobody.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &lockFile{f}, nil
}

// isStill says that a path leads to an open file. Who discards a store removes
// its lock while he holds it, and another may have opened the file before that.
func isStill(f *os.File, path string) bool {
	have, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(have, now)
}

// holder reads who wrote itself into the lock file.
func holder(f *os.File) string {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return ""
	}
	pid := strings.TrimSpace(string(b))
	if _, err := strconv.Atoi(pid); err != nil {
		return ""
	}
	return pid
}

// release gives the store free. The file stays, so that whoever waits for the
// store locks the same one.
func (l *lockFile) release() error { return l.f.Close() }
