package smuggle

import (
	"fmt"
	"strings"
	"testing"

	"posta/mail"
)

// A web page can make a browser send octets of its choice to a port on
// loopback, but always behind an HTTP request. Such a request ends the session
// at once, without an answer; nothing behind it is served.
func TestHTTP(t *testing.T) {
	body := "HELO x\r\n" + hidden + "USER " + owner + "\r\nPASS " + secret + "\r\nDELE 1\r\nQUIT\r\n"
	requests := []string{"Host: localhost:25\r\n\r\n", "host: localhost\r\n"}
	for _, method := range []string{"GET", "POST", "PUT", "CONNECT", "OPTIONS", "HEAD", "DELETE", "get"} {
		requests = append(requests, method+" / HTTP/1.1\r\nHost: localhost:25\r\nContent-Type: text/plain\r\n\r\n")
	}
	long := strings.Repeat("a", 3000)
	requests = append(requests, "POST /"+long+" HTTP/1.1\r\n", "Host: "+long+"\r\n", "GET / HTTP/1.1\n\n")
	for _, mode := range []mail.Mode{mail.Strict, mail.Lab} {
		h := open(t, mode, false)
		for _, kind := range []string{"smtp", "submission", "pop3"} {
			for _, request := range requests {
				t.Run(fmt.Sprint(mode, " ", kind, " ", strings.Fields(request)[0]), func(t *testing.T) {
					stream := request + body
					for _, cut := range []int{0, 1, 2, 5, len(request) / 2, len(request) - 1, len(request)} {
						p := h.dial(t, kind)
						if got := p.reply(); !strings.HasPrefix(got, "220") && !strings.HasPrefix(got, "+OK") {
							t.Fatalf("greeting %q", got)
						}
						p.send(stream[:cut], stream[cut:])
						if said := p.rest(); len(said) != 1 || said[0] != "" {
							t.Errorf("cut at %d: %q", cut, said)
						}
						p.Close()
					}
				})
			}
		}
		h.wants(t, "", 0)
	}
}
