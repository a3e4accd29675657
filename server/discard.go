package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"posta/store/sqldb"
)

// Discard removes the folder of a store with all that is in it, or gives ErrBusy
// while a process has the store. A folder without a store's lock stays: whoever
// made it may be about to take it.
func Discard(dir string) error {
	lock := filepath.Join(dir, sqldb.Lock)
	if info, err := os.Lstat(lock); err != nil {
		return err
	} else if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "discard", Path: lock, Err: fs.ErrInvalid}
	}
	k, err := sqldb.OpenKeeper(dir, sqldb.Options{})
	if err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // where what is open cannot be removed, by us or from under others
		if err := k.Close(); err != nil {
			return err
		}
		return os.RemoveAll(dir)
	}
	return errors.Join(os.RemoveAll(dir), k.Close())
}
