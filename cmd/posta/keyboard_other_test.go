//go:build !linux

package main

import (
	"os"
	"testing"
)

// keyboard needs a terminal of Linux.
func keyboard(t *testing.T, _ string) *os.File {
	t.Helper()
	t.Skip("a terminal to type at is made on Linux only")
	return nil
}
