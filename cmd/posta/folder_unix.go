//go:build unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder brings a folder's names to the disk, where its file system can:
// some of those on other computers cannot, and say so.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
