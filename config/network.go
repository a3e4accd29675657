package config

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"posta/words"
)

// What the machines of a network must do.
const (
	Required = "required"
	Optional = "optional"
)

// Network says what the machines of one network may do that others may not.
// What is left out is as it is for everybody.
type Network struct {
	CIDR   netip.Prefix `toml:"cidr"`
	Name   string       `toml:"name"`    // for people
	Auth   string       `toml:"auth"`    // Required; Optional: submission without a log-in
	TLS    string       `toml:"tls"`     // Required; Optional: log-ins and submission in clear text
	BareLF string       `toml:"bare_lf"` // BareRefuse; BareNormalise: LF ends a line as CRLF does
	Relay  bool         `toml:"relay"`   // without a log-in, also to other servers
}

// String is the network as people know it.
func (n *Network) String() string {
	if n.Name == "" {
		return n.CIDR.String()
	}
	return n.Name + " (" + n.CIDR.String() + ")"
}

func (n *Network) fill(set func(key string) bool) {
	put(&n.Auth, Required, set("auth"))
	put(&n.TLS, Required, set("tls"))
	put(&n.BareLF, BareRefuse, set("bare_lf"))
}

// NetworkOf gives the network whose rules hold for a machine: the most specific
// one that it is in, and that one alone. nil: none.
func (c *Config) NetworkOf(addr netip.Addr) *Network {
	addr = addr.Unmap().WithZone("")
	var best *Network
	for i := range c.Networks {
		n := &c.Networks[i]
		if n.CIDR.Contains(addr) && (best == nil || n.CIDR.Bits() > best.CIDR.Bits()) {
			best = n
		}
	}
	return best
}

// networkWhere names the i-th [[network]], as other tables are named.
func networkWhere(i int) string { return "network " + strconv.Itoa(i+1) }

// maxNetworkName bounds a network's name, which stands in every session's notes.
const maxNetworkName = 64

func (c *Config) checkNetwork(p *problems, i int) {
	n := &c.Networks[i]
	where := networkWhere(i)
	if !n.CIDR.IsValid() {
		p.missing(where, "cidr", "192.168.10.0/24")
	} else {
		c.checkCIDR(p, i)
	}
	if len(n.Name) > maxNetworkName || strings.ContainsFunc(n.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		p.say("name", "config.network_name", words.Args{"Where": where, "Most": maxNetworkName})
	}
	p.oneOf(where, "auth", n.Auth, Required, Optional)
	p.oneOf(where, "tls", n.TLS, Required, Optional)
	p.oneOf(where, "bare_lf", n.BareLF, BareRefuse, BareNormalise)
	if n.Relay && n.Auth == Required {
		p.say("relay", "config.network_relay", words.Args{"Where": where})
	}
}

// The widest networks that are taken, private ones aside: what is wider holds
// strangers.
const (
	widest4 = 16
	widest6 = 32
)

func (c *Config) checkCIDR(p *problems, i int) {
	cidr := c.Networks[i].CIDR
	args := words.Args{"Where": networkWhere(i), "Value": cidr.String()}
	widest := widest6
	if cidr.Addr().Is4() {
		widest = widest4
	}
	switch {
	case cidr.Addr().Is4In6():
		args["Better"] = "192.168.10.0/24"
		if bits := cidr.Bits() - 96; bits >= 0 {
			args["Better"] = netip.PrefixFrom(cidr.Addr().Unmap(), bits).Masked().String()
		}
		p.say("cidr", "config.network_mapped", args)
	case cidr != cidr.Masked():
		args["Better"] = cidr.Masked().String()
		args["One"] = netip.PrefixFrom(cidr.Addr(), cidr.Addr().BitLen()).String()
		p.say("cidr", "config.network_host", args)
	case cidr.Bits() < widest && !private(cidr):
		p.say("cidr", "config.network_wide", args)
	}
	for j := range i {
		if c.Networks[j].CIDR.Masked() == cidr.Masked() {
			args["Other"] = networkWhere(j)
			p.say("cidr", "config.network_twice", args)
		}
	}
}

// private says that all of a network is in ranges that no stranger on the
// Internet has: RFC 1918, RFC 6598, RFC 4193, link-local and loopback.
func private(n netip.Prefix) bool {
	for _, text := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
		"127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"} {
		if within(n, netip.MustParsePrefix(text)) {
			return true
		}
	}
	return false
}

func within(n, outer netip.Prefix) bool {
	return n.Bits() >= outer.Bits() && outer.Contains(n.Addr())
}

// someClear says that machines of some network may log in in clear text.
func (c *Config) someClear() bool {
	for i := range c.Networks {
		if c.Networks[i].TLS == Optional {
			return true
		}
	}
	return false
}
