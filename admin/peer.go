//go:build linux || darwin

package admin

import "net"

// peerOf is the number of the user at the other end of a Unix socket.
func peerOf(conn net.Conn) (uid uint32, ok bool) {
	socket, is := conn.(*net.UnixConn)
	if !is {
		return 0, false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, false
	}
	if err := raw.Control(func(fd uintptr) { uid, err = peerUID(int(fd)) }); err != nil {
		return 0, false
	}
	return uid, err == nil
}
