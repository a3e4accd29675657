package wiretest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// Play plays a script at the far end of a pipe. It gives the near end, and what came
// of it once that has ended.
func Play(script string, cfg *tls.Config) (near *Conn, played <-chan error) {
	near, far := Pipe()
	over := make(chan error, 1)
	go func() { over <- Script(far, script, cfg) }()
	return near, over
}

// Script plays the far end of a connection by a list of lines, and says where
// the near end left it:
//
//	S: text   it sends this line
//	C: text   the near end sends this line next
//	C| text   the same, and it came without being waited for
//	C*        any line
//	alone     nothing came with the line before
//	tls       it begins TLS as the server
//	wait 5m   it lets time pass
//	closed    the near end closes
//
// A line that ends in a backslash gets no CRLF.
func Script(nc net.Conn, script string, cfg *tls.Config) error {
	defer nc.Close()
	in := bufio.NewReader(nc)
	for n, step := range strings.Split(strings.TrimSpace(script), "\n") {
		step = strings.TrimLeft(step, "\t ")
		mark, text, _ := strings.Cut(step, " ")
		var err error
		switch mark {
		case "S:":
			if cut, ok := strings.CutSuffix(text, `\`); ok {
				_, err = nc.Write([]byte(cut))
			} else {
				_, err = nc.Write([]byte(text + "\r\n"))
			}
		case "C:", "C|", "C*":
			if mark == "C|" && in.Buffered() == 0 {
				return fmt.Errorf("line %d: %q did not come in one group with the line before", n+1, text)
			}
			var got string
			got, err = in.ReadString('\n')
			if err == nil && mark != "C*" && got != text+"\r\n" {
				return fmt.Errorf("line %d: wanted %q, got %q", n+1, text, got)
			}
		case "alone":
			if in.Buffered() > 0 {
				return fmt.Errorf("line %d: more came in one group", n+1)
			}
		case "wait":
			var d time.Duration
			if d, err = time.ParseDuration(text); err == nil {
				time.Sleep(d)
			}
		case "tls":
			secure := tls.Server(nc, cfg)
			if err = secure.Handshake(); err == nil {
				nc, in = secure, bufio.NewReader(secure)
			}
		case "closed":
			var got string
			if got, err = in.ReadString('\n'); err == nil {
				return fmt.Errorf("line %d: wanted the end, got %q", n+1, got)
			}
			err = nil
		default:
			return fmt.Errorf("line %d: what is %q?", n+1, step)
		}
		if err != nil {
			return fmt.Errorf("line %d, %s: %w", n+1, step, err)
		}
	}
	return nil
}
