package config

import (
	"net"
	"net/netip"
	"time"

	"posta/words"
)

// Warnings say what may be meant, and what follows from it; the values are
// right.
func (c *Config) Warnings() []error {
	w := append(c.networkWarnings(), c.outgoingWarnings()...)
	if addr := c.Metrics.Addr; addr != "" && !isLoopback(addr) {
		w = append(w, words.Fail("config.metrics_open", words.Args{"Value": addr}))
	}
	for i := range c.Listeners {
		l := &c.Listeners[i]
		least, rfc := 5*time.Minute, "RFC 5321 §4.5.3.2.7"
		if l.Service == POP3 {
			least, rfc = 10*time.Minute, "RFC 1939 §3"
		}
		if l.Mode == ModeStrict && l.Idle.Duration < least {
			w = append(w, words.Fail("config.short_idle", words.Args{"Where": "listener " + l.Name, "Value": l.Idle.String(),
				"Least": least, "RFC": rfc}))
		}
	}
	return w
}

// isLoopback says that only this machine reaches an address.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip, perr := netip.ParseAddr(host)
	return err == nil && (perr == nil && ip.IsLoopback() || host == "localhost")
}

func (c *Config) networkWarnings() []error {
	var w []error
	say := func(id string, args words.Args) { w = append(w, words.Fail(id, args)) }
	for i := range c.Networks {
		n := &c.Networks[i]
		args := words.Args{"Where": networkWhere(i), "Value": n.String()}
		if !private(n.CIDR) && n.Auth == Optional {
			say("config.network_public_auth", args)
		}
		if !private(n.CIDR) && n.TLS == Optional {
			say("config.network_public_tls", args)
		}
		outer := c.around(i)
		switch {
		case outer != nil:
			args["Other"] = outer.String()
			say("config.network_inside", args)
		case n.Auth == Required && n.TLS == Required && n.BareLF == BareRefuse:
			say("config.network_same", args)
		}
	}
	return w
}

// around is the smallest other network that holds all of network i; nil: none.
func (c *Config) around(i int) *Network {
	var best *Network
	for j := range c.Networks {
		n := &c.Networks[j]
		if j != i && within(c.Networks[i].CIDR, n.CIDR) && (best == nil || n.CIDR.Bits() > best.CIDR.Bits()) {
			best = n
		}
	}
	return best
}
