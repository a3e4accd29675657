// Command tlsidle opens N SMTP sessions through STARTTLS, or with implicit TLS,
// and holds them idle, so that the server's memory can be read meanwhile. It
// prints "ready=N" and then waits until its standard input is closed.
//
//	go run ./bench/tlsidle -addr 127.0.0.1:2465 -n 1000
package main

import (
	"bufio"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:2465", "where the server listens")
	start := flag.Bool("starttls", false, "say EHLO and STARTTLS first")
	n := flag.Int("n", 1000, "sessions")
	flag.Parse()
	held := make([]net.Conn, 0, *n)
	for range *n {
		c, err := open(*addr, *start)
		if err != nil {
			fmt.Fprintln(os.Stderr, "tlsidle:", err)
			os.Exit(1)
		}
		held = append(held, c)
	}
	fmt.Printf("ready=%d\n", len(held))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// open goes as far as the answer to EHLO inside TLS.
func open(addr string, start bool) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if start {
		for _, line := range []string{"", "EHLO client.test\r\n", "STARTTLS\r\n"} {
			if err := say(c, bufio.NewReader(c), line); err != nil {
				return nil, err
			}
		}
	}
	// The benchmark's server has a certificate that it made itself.
	t := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	r := bufio.NewReader(t)
	if !start {
		if err := say(t, r, ""); err != nil {
			return nil, err
		}
	}
	return t, say(t, r, "EHLO client.test\r\n")
}

// say sends a line, if any, and reads the whole reply.
func say(w io.Writer, r *bufio.Reader, line string) error {
	if _, err := io.WriteString(w, line); err != nil {
		return err
	}
	for {
		reply, err := r.ReadString('\n')
		switch {
		case err != nil:
			return err
		case !strings.HasPrefix(reply, "2"):
			return fmt.Errorf("server said %q", strings.TrimSpace(reply))
		case len(reply) < 4 || reply[3] != '-':
			return nil
		}
	}
}
