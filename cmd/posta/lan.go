package main

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// lan gives the IPv4 addresses by which others reach this machine: the one
// that leads out first, those of virtual adapters last.
func lan() []string {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var plain, virtual []string
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil || !p.Addr().Is4() || p.Addr().IsLinkLocalUnicast() {
				continue
			}
			if isVirtual(i.Name) {
				virtual = append(virtual, p.Addr().String())
			} else {
				plain = append(plain, p.Addr().String())
			}
		}
	}
	all := append(plain, virtual...)
	if i := slices.Index(all, outward()); i > 0 {
		all[0], all[i] = all[i], all[0]
	}
	return all
}

// outward is the address that the way out has. To connect a UDP socket sends
// nothing; the address asked about is one of RFC 5737's, which nobody has.
func outward() string {
	c, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return ""
	}
	defer c.Close()
	host, _, _ := net.SplitHostPort(c.LocalAddr().String())
	return host
}

// isVirtual knows the names of adapters that lead into this machine itself.
func isVirtual(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"docker", "veth", "virbr", "vmnet", "vmware", "vbox", "virtualbox", "vethernet",
		"hyper-v", "wsl", "tailscale", "zerotier", "loopback", "bluetooth"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	for _, start := range []string{"br-", "tun", "tap", "utun", "wg", "zt", "lxc", "lxd", "cni", "flannel", "podman"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}
