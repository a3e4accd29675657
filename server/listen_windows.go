package server

import (
	"syscall"

	"golang.org/x/sys/windows"
)

const soExclusiveAddrUse = ^windows.SO_REUSEADDR // SO_EXCLUSIVEADDRUSE of winsock2.h

// exclusive asks for the address alone: otherwise 127.0.0.1:25 could hide
// behind another program's 0.0.0.0:25.
func exclusive(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, soExclusiveAddrUse, 1)
	})
	if err != nil {
		return err
	}
	return failed
}

func inUse(errno syscall.Errno) bool { return errno == windows.WSAEADDRINUSE }

// isWithheld says that Windows gives the port to nobody ("netsh interface ipv4
// show excludedportrange protocol=tcp"), or that another program has it for
// itself: both are WSAEACCES there, and no port needs a right.
func isWithheld(errno syscall.Errno) bool { return errno == windows.WSAEACCES }
