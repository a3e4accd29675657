//go:build !windows

package main

import "errors"

// elevated is for Windows.
func elevated(string, []string) error { return errors.ErrUnsupported }

// hasRights is about Windows' administrators.
func hasRights() bool { return false }

// mayAskForRights is, too.
func mayAskForRights() bool { return false }
