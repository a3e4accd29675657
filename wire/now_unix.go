//go:build unix

package wire

import (
	"net"
	"syscall"
)

// readNow takes what the network has brought already and waits for nothing.
// ok is false where the connection cannot tell.
func readNow(nc net.Conn, p []byte) (n int, ok bool) {
	conn, ok := nc.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Read(func(fd uintptr) bool {
		n, _ = syscall.Read(int(fd), p) // an end or an error will come again
		return true
	})
	return max(n, 0), err == nil
}
