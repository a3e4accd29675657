//go:build !race

package server

import (
	"bufio"
	"net"
	"runtime"
	"testing"

	"posta/config"
)

// A session that waits for a command holds little stack: the collector halves
// one of 8 KiB only if less than a quarter of it is in use. A large value in a
// function that lasts as long as the session would double what idle sessions
// cost.
func TestIdleStack(t *testing.T) {
	const sessions, most = 400, 5 << 10
	for _, c := range []struct{ listener, says, ends string }{{"smtp", "EHLO client.test\r\n", "250 "}, {"pop3", "CAPA\r\n", ".\r\n"}} {
		t.Run(c.listener, func(t *testing.T) {
			_, addrs := start(t, func(cfg *config.Config) {
				for i := range cfg.Listeners {
					cfg.Listeners[i].Mode = config.ModeStrict
				}
			})
			before := stacks()
			for range sessions {
				conn, err := net.Dial("tcp", addrs[c.listener])
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				r := bufio.NewReaderSize(conn, 1024)
				if _, err := r.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Write([]byte(c.says)); err != nil {
					t.Fatal(err)
				}
				for line := ""; len(line) < len(c.ends) || line[:len(c.ends)] != c.ends; {
					if line, err = r.ReadString('\n'); err != nil {
						t.Fatal(err)
					}
				}
			}
			if each := (stacks() - before) / sessions; each > most {
				t.Errorf("%d octets of stack for each of %d waiting sessions, want at most %d", each, sessions, most)
			}
		})
	}
}

// stacks is what all stacks take once the collector has made them small.
func stacks() int {
	var m runtime.MemStats
	for range 3 { // one halving a round
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.StackInuse)
}
