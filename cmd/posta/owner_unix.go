//go:build unix

package main

import (
	"os"
	"os/user"
	"strconv"
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

// foreign gives the first of some paths that is there, if it is another user's, and
// the names of both; "" where it is this user's.
func foreign(paths []string) (path, owner, us string) {
	for _, one := range paths {
		info, err := os.Stat(one)
		if err != nil {
			continue
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return "", "", ""
		}
		if !isOurs(info) {
			return one, userName(int(stat.Uid)), userName(os.Geteuid())
		}
		if !info.IsDir() {
			continue
		}
		return "", "", ""
	}
	return "", "", ""
}

// userName is a user's name, or the number where nobody knows one.
func userName(id int) string {
	text := strconv.Itoa(id)
	if u, err := user.LookupId(text); err == nil && u.Username != "" {
		return u.Username
	}
	return text
}
