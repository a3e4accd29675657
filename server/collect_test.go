package server

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"posta/admin"
	"posta/config"
	"posta/dns/dnstest"
)

// What is collected is looked up at the name servers of the settings, and asked
// for from the address of theirs, as a provider may allow ETRN to that one alone.
func TestCollectAsSet(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("this computer has one address on loopback only")
	}
	names := dnstest.New(t, "isp.example A 127.0.0.1\nill.example SERVFAIL\nsix.example AAAA ::1\nempty.example TXT nothing")
	port, from := provider(t)
	h, _ := start(t, func(c *config.Config) {
		c.Outgoing.Resolvers = []string{names.Addr()}
		c.Outgoing.Source = []netip.Addr{netip.MustParseAddr("127.0.0.2")}
		c.Outgoing.IP = "4"
	})
	if err := h.Operations().Call(t.Context(), "domain.add", admin.DomainChange{Name: "branch.example"}, nil); err != nil {
		t.Fatal(err)
	}
	collect := func(host string) string {
		t.Helper()
		var c admin.Collected
		wish := admin.CollectWish{Way: "etrn", Host: host + ":" + port, Domains: []string{"branch.example"}}
		if err := h.Operations().Call(t.Context(), "collect.once", wish, &c); err != nil {
			t.Fatal(err)
		}
		return c.Failure
	}
	failure := collect("isp.example")
	if failure != "" || names.Asked("isp.example A") == 0 {
		t.Errorf("%q; DNS was asked %d times", failure, names.Asked("isp.example A"))
	}
	if failure == "" {
		if at := <-from; at.String() != "127.0.0.2" {
			t.Errorf("the provider was asked from %v", at)
		}
	}
	for host, want := range map[string]string{
		"ill.example":   "The host ill.example could not be looked up: the name server " + names.Addr() + " says SERVFAIL",
		"six.example":   "The host six.example has no address that mail can be sent to, only ::1",
		"empty.example": "The host empty.example has no address",
		"127.0.0.3":     "no connection: connection refused",
	} {
		if got := collect(host); got != want {
			t.Errorf("%s:\ngot  %q\nwant %q", host, got, want)
		}
	}
	if failure := collect("localhost"); failure != "" {
		t.Errorf("localhost: %q", failure)
	}
}

// provider is one of ETRN to whom nothing waits, and from where it was asked.
func provider(t *testing.T) (port string, from chan netip.Addr) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	from = make(chan netip.Addr, 10)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			from <- nc.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
			_, _ = io.WriteString(nc, "220 isp.example ESMTP\r\n")
			for in := bufio.NewScanner(nc); in.Scan(); {
				switch verb, _, _ := strings.Cut(in.Text(), " "); verb {
				case "EHLO":
					_, _ = io.WriteString(nc, "250-isp.example\r\n250 ETRN\r\n")
				case "ETRN":
					_, _ = io.WriteString(nc, "251 nothing waits\r\n")
				default:
					_, _ = io.WriteString(nc, "221 bye\r\n")
				}
			}
			_ = nc.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, from
}
