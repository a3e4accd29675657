//go:build unix

package main

import (
	"os"
	"syscall"
)

// owns says that a folder is this user's.
func owns(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && isOurs(info)
}

// isOurs says that a file or folder is this user's.
func isOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(os.Geteuid())
}
