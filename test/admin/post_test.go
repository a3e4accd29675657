//go:build whole

package admin

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
	"posta/observe"
	"posta/server"
	"posta/test/serving"
)

const password = "clave-2026"

// post is a strict posta on IPv4 and IPv6 that writes a log.
type post struct {
	*testing.T
	log   string
	addrs map[string]string // of the listeners: submissions4, pop3s6 …
	end   func()            // until the log is whole
}

func newPost(t *testing.T, format string) *post {
	t.Helper()
	p := &post{T: t, log: filepath.Join(t.TempDir(), "posta.log")}
	file, err := observe.OpenLogFile(observe.FileOptions{Path: p.log})
	if err != nil {
		t.Fatal(err)
	}
	log := observe.NewLog(observe.LogOptions{Out: file, Level: "debug", Format: format})
	house := p.open(log)
	p.end = func() {
		p.end = func() {}
		house()
		log.Close()
		_ = file.Close()
	}
	t.Cleanup(func() { p.end() })
	return p
}

// open starts the server, and gives what ends it.
func (p *post) open(log *observe.Log) (end func()) {
	cfg := config.Default()
	cfg.Hostname, cfg.DefaultDomain, cfg.Data, cfg.Limits.Enabled = "mail.posta.test", "pepito.es", p.TempDir(), false
	var all []config.Listener
	for _, l := range cfg.Listeners {
		four, six := l, l
		four.Name, four.Addr = l.Name+"4", "127.0.0.1:0"
		six.Name, six.Addr = l.Name+"6", "[::1]:0"
		all = append(all, four, six)
	}
	cfg.Listeners = all
	h, addrs, end := serving.Start(p, cfg, server.Options{Sink: log})
	p.addrs = addrs
	word := password
	for _, err := range []error{
		h.Operations().Call(p.Context(), "domain.add", admin.DomainChange{Name: "pepito.es"}, nil),
		h.Operations().Call(p.Context(), "account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &word}, nil),
	} {
		if err != nil {
			p.Fatal(err)
		}
	}
	return end
}

// curl tries to log in and says whether it could.
func (p *post) curl(scheme, listener, user string) bool {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "curl", "-skg", scheme+"://"+p.addrs[listener], "-u", user)
	c.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + p.TempDir()}
	return c.Run() == nil
}

// say says lines to a listener, each after an answer, and hangs up.
func (p *post) say(listener string, lines ...string) {
	p.Helper()
	conn, err := net.Dial("tcp", p.addrs[listener])
	if err != nil {
		p.Fatal(err)
	}
	p.talk(conn, lines)
}

// sayTLS does so under TLS.
func (p *post) sayTLS(listener string, lines ...string) {
	p.Helper()
	conn, err := tls.Dial("tcp", p.addrs[listener], &tls.Config{InsecureSkipVerify: true}) // its own certificate
	if err != nil {
		p.Fatal(err)
	}
	p.talk(conn, lines)
}

func (p *post) talk(conn net.Conn, lines []string) {
	p.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		p.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for _, line := range append([]string{""}, lines...) {
		if line != "" {
			if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
				p.Fatalf("%q: %v", line, err)
			}
		}
		for more := true; more; {
			answer, err := r.ReadString('\n')
			if err != nil {
				p.Fatalf("after %q: %v", line, err)
			}
			more = len(answer) > 3 && answer[3] == '-' && answer[0] != '-'
		}
	}
}
