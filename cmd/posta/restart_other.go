//go:build !windows

package main

import (
	"os"
	"syscall"
)

// replace runs this program anew in this process: with the same number, which
// supervisors know, and without anything that was open.
func replace(variable string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, withVariable(os.Environ(), variable))
}
