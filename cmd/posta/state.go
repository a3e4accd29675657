package main

import (
	"os"
	"path/filepath"
	"runtime"

	"posta/words"
)

// stateDir is where what the user's own commands remember lies: the history of
// `posta talk`, its saved sessions and recordings. It is nobody's but his.
func (a *app) stateDir() (string, error) {
	dir := stateHome(runtime.GOOS, a.Getenv)
	if dir == "" {
		return "", words.Fail("fail.no_state", nil)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", words.FailOf(err, "fail.unwritable", words.Args{"File": dir})
	}
	return dir, nil
}

// stateHome is the folder by the custom of each system (XDG Base Directory
// Specification for Unix), "" where the environment names no home.
func stateHome(system string, getenv func(string) string) string {
	under := func(base string, parts ...string) string {
		if base == "" {
			return ""
		}
		return filepath.Join(append([]string{base}, parts...)...)
	}
	switch system {
	case "windows":
		return under(getenv("LOCALAPPDATA"), "posta", "state")
	case "darwin":
		return under(getenv("HOME"), "Library", "Application Support", "posta", "state")
	}
	if dir := under(getenv("XDG_STATE_HOME"), "posta"); dir != "" {
		return dir
	}
	return under(getenv("HOME"), ".local", "state", "posta")
}
