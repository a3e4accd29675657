//go:build !windows

package main

import "errors"

// elevated is for Windows.
func elevated(string, []string) error { return errors.ErrUnsupported }
