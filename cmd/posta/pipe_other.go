//go:build !windows

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// apart keeps Ctrl-C at posta's terminal from a process.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// fedBy names the pipe that Wireshark reads: standard input.
const fedBy = "-"

// feed starts a process that reads a pipe, and says how to open that.
func feed(process *exec.Cmd) (open func(context.Context) (io.WriteCloser, error), err error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	process.Stdin = in
	err = process.Start()
	_ = in.Close()
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	return func(context.Context) (io.WriteCloser, error) { return out, nil }, nil
}

// gone says that nobody reads a pipe any longer.
func gone(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) }

// namedPipe opens a pipe that is there under a name; nil where it is none.
func namedPipe(_ context.Context, name string) (io.WriteCloser, error) {
	info, err := os.Stat(name)
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return nil, nil
	}
	return os.OpenFile(name, os.O_WRONLY, 0)
}
