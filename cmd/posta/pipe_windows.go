package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// apart keeps Ctrl-C at posta's terminal from a process.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// pipePrefix is what names of pipes begin with.
const pipePrefix = `\\.\pipe\`

// feed starts a process that reads a pipe, and says how to open that: one with a
// name, which stands behind its -i, for standard input would be one of text.
func feed(process *exec.Cmd) (open func(context.Context) (io.WriteCloser, error), err error) {
	name := fmt.Sprintf(`%sposta-%d`, pipePrefix, os.Getpid())
	for i, arg := range process.Args {
		if arg == fedBy {
			process.Args[i] = name
		}
	}
	server, err := createPipe(name)
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		_ = windows.CloseHandle(server)
		return nil, err
	}
	return func(ctx context.Context) (io.WriteCloser, error) { return connected(ctx, name, server) }, nil
}

// gone says that nobody reads a pipe any longer.
func gone(err error) bool {
	return errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, windows.ERROR_BROKEN_PIPE) ||
		errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED) || errors.Is(err, os.ErrClosed)
}

// fedBy stands for the pipe's name in arguments.
const fedBy = pipePrefix + "posta-?"

// namedPipe is a pipe under a name: one that is there, as Wireshark makes it, or
// a new one, once somebody reads it. It is nil where the name is none of a pipe.
func namedPipe(ctx context.Context, name string) (io.WriteCloser, error) {
	if !strings.HasPrefix(strings.ToLower(name), pipePrefix) {
		return nil, nil
	}
	if file, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
		return file, nil
	}
	server, err := createPipe(name)
	if err != nil {
		return nil, err
	}
	return connected(ctx, name, server)
}

// pipeBuffer is how much a pipe takes before its reader has read.
const pipeBuffer = 64 << 10

// createPipe makes a pipe that one process may read, on this computer and of
// this user: unless told, Windows lets everybody.
func createPipe(name string) (windows.Handle, error) {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return 0, err
	}
	access, err := windows.SecurityDescriptorFromString("D:P(A;;GA;;;" + user.User.Sid.String() + ")")
	if err != nil {
		return 0, err
	}
	security := &windows.SecurityAttributes{SecurityDescriptor: access}
	security.Length = uint32(unsafe.Sizeof(*security))
	const once = windows.PIPE_ACCESS_OUTBOUND | windows.FILE_FLAG_FIRST_PIPE_INSTANCE
	return windows.CreateNamedPipe(wide, once, windows.PIPE_TYPE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS, 1, pipeBuffer, 0, 0, security)
}

// connected waits until somebody reads the pipe.
func connected(ctx context.Context, name string, server windows.Handle) (io.WriteCloser, error) {
	stop := context.AfterFunc(ctx, func() { // whoever waits is let go by a reader that is none
		if file, err := os.Open(name); err == nil {
			_ = file.Close()
		}
	})
	err := windows.ConnectNamedPipe(server, nil)
	if errors.Is(err, windows.ERROR_PIPE_CONNECTED) {
		err = nil
	}
	stop()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = windows.CloseHandle(server)
		return nil, err
	}
	return os.NewFile(uintptr(server), name), nil
}
