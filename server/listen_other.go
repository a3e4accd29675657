//go:build !windows

package server

import "syscall"

// exclusive needs nothing here: an address belongs to one program.
func exclusive(_, _ string, _ syscall.RawConn) error { return nil }

// isWithheld is for Windows, which keeps ports for itself.
func isWithheld(syscall.Errno) bool { return false }

func inUse(errno syscall.Errno) bool { return errno == syscall.EADDRINUSE }
