package words

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// machine are the errors of the system that people meet, and how they are said.
// The others stay as the system's library has them, in English.
func machine() []struct {
	err error
	id  string
} {
	return []struct {
		err error
		id  string
	}{
		{syscall.ENOENT, "machine.absent"}, {syscall.EACCES, "machine.denied"}, {syscall.EPERM, "machine.not_permitted"},
		{syscall.EEXIST, "machine.exists"}, {syscall.ENOSPC, "machine.full"}, {syscall.EROFS, "machine.read_only"},
		{syscall.ENOTDIR, "machine.no_folder"}, {syscall.EISDIR, "machine.folder"}, {syscall.EADDRINUSE, "machine.address_used"},
		{syscall.EADDRNOTAVAIL, "machine.address_absent"}, {syscall.ECONNREFUSED, "machine.refused"}, {syscall.EMFILE, "machine.files"},
		{fs.ErrNotExist, "machine.absent"}, {fs.ErrPermission, "machine.denied"}, {fs.ErrExist, "machine.exists"},
		{context.DeadlineExceeded, "machine.timeout"},
	}
}

// system says what the system refused, where it is one of the things that happen
// to everybody.
func (w *Words) system(err error) string {
	for _, known := range machine() {
		if errors.Is(err, known.err) {
			return w.Say(known.id, nil)
		}
	}
	return err.Error()
}

// ofMachine says an error with one of the system's at its end in this language.
// The system's library speaks English, also on a Windows that does not.
func (w *Words) ofMachine(err error) string {
	leaf := err
	for next := errors.Unwrap(leaf); next != nil; next = errors.Unwrap(leaf) {
		leaf = next
	}
	return strings.Replace(err.Error(), leaf.Error(), w.system(leaf), 1)
}
