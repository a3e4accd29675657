package main

import (
	"os"
	"os/exec"
)

// replace starts this program anew on the same console and lets this process
// end: while it lives it holds the store, and the new one waits for it.
func replace(variable string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	next := exec.Command(self, os.Args[1:]...)
	next.Stdin, next.Stdout, next.Stderr = os.Stdin, os.Stdout, os.Stderr
	next.Env = withVariable(os.Environ(), variable)
	return next.Start()
}
