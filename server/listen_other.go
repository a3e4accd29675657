//go:build !windows

package server

import "syscall"

// exclusive needs nothing here: an address belongs to one program.
func exclusive(_, _ string, _ syscall.RawConn) error { return nil }

func inUse(errno syscall.Errno) bool { return errno == syscall.EADDRINUSE }
