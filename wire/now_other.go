//go:build !unix

package wire

import "net"

// readNow cannot tell here without waiting.
func readNow(net.Conn, []byte) (n int, ok bool) { return 0, false }
