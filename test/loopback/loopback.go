// Package loopback finds addresses for servers of tests that must know theirs
// before they listen, or come back to it.
package loopback

import (
	"fmt"
	"net"
	"os"
	"testing"
)

// Pair gives two addresses where nobody listens, on a host of 127.0.0.0/8 that is
// this process's own: what others do on 127.0.0.1 meanwhile, where each connection
// takes a port, takes none of them. It is for Linux, where all of that network is there.
func Pair(t testing.TB) (one, other string) {
	t.Helper()
	pid := os.Getpid()
	host := fmt.Sprintf("127.%d.%d.%d:0", 64+pid>>16&63, pid>>8&255, pid&255)
	var addrs [2]string
	for i := range addrs {
		l, err := net.Listen("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // behind both, so that they differ
		addrs[i] = l.Addr().String()
	}
	return addrs[0], addrs[1]
}
