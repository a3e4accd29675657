//go:build !windows

package dns

import (
	"net/netip"

	"github.com/miekg/dns"
)

// systemServers reads /etc/resolv.conf.
func systemServers() ([]netip.AddrPort, error) { return serversOf("/etc/resolv.conf") }

func serversOf(file string) ([]netip.AddrPort, error) {
	conf, err := dns.ClientConfigFromFile(file)
	if err != nil {
		return nil, err
	}
	var all []netip.AddrPort
	for _, s := range conf.Servers {
		if addr, err := netip.ParseAddr(s); err == nil { // others are passed over, as the C library does
			all = append(all, netip.AddrPortFrom(addr, port))
		}
	}
	return all, nil
}
