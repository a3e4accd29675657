package main

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"posta/admin"
	"posta/check"
	"posta/config"
)

// lanAddress is one of this machine's addresses, and whose it is.
type lanAddress struct {
	Address   string `json:"address"`
	Interface string `json:"interface"`
}

// lan gives the IPv4 addresses by which others reach this machine, as far as
// who has such an address would be admitted: the one that leads out first,
// those of virtual adapters last.
func lan(admitted func(netip.Addr) bool) []lanAddress {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var plain, virtual []lanAddress
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
			if err != nil || !p.Addr().Is4() || p.Addr().IsLinkLocalUnicast() || !admitted(p.Addr()) {
				continue
			}
			one := lanAddress{p.Addr().String(), i.Name}
			if isVirtual(i.Name) {
				virtual = append(virtual, one)
			} else {
				plain = append(plain, one)
			}
		}
	}
	all := append(plain, virtual...)
	way := outward()
	if i := slices.IndexFunc(all, func(one lanAddress) bool { return one.Address == way }); i > 0 {
		all[0], all[i] = all[i], all[0]
	}
	return all
}

// seeLAN fills in where others reach the server, if it listens for them.
func (r *ready) seeLAN() {
	if !r.isOpen() {
		return
	}
	var networks []netip.Prefix
	for _, text := range r.Networks {
		if p, err := netip.ParsePrefix(text); err == nil {
			networks = append(networks, p)
		}
	}
	r.Interfaces = lan(func(a netip.Addr) bool {
		return r.Mode == config.ModeStrict || check.Private(a) ||
			slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
	})
	for _, one := range r.Interfaces {
		r.LAN = append(r.LAN, one.Address)
	}
}

// isOpen says that some listener is for others too.
func (r *ready) isOpen() bool {
	return slices.ContainsFunc(r.Listeners, func(l admin.Listener) bool { return isOpen(l.Address) })
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
