package sqldb

import (
	"errors"
	"io/fs"
	"os"
)

// openOwn opens a file of the store, or makes it. One that root makes belongs
// to whom the folder belongs to: an administrator's first commands must not
// shut the service's user out. SQLite does the same with its own files.
func openOwn(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // it was there, perhaps as a link
	}
	if err != nil {
		return nil, err
	}
	if err := handOver(f, path); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}
