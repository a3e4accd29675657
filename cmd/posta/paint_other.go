//go:build !windows

package main

import "io"

// coloured says that a terminal obeys colours.
func coloured(io.Writer) bool { return true }
