package config

import (
	"net/netip"
	"slices"
	"time"

	"posta/words"
)

func (c *Config) checkOutgoing(p *problems) {
	o := &c.Outgoing
	p.oneOf("outgoing", "mode", o.Mode, OutgoingDeliver, OutgoingHold, OutgoingOff)
	if o.Hostname != "" && (!IsHostname(o.Hostname) || isNumber(o.Hostname)) {
		p.say("hostname", "config.bad_host", words.Args{"Key": "outgoing: hostname", "Value": o.Hostname})
	}
	for _, one := range o.Resolvers {
		if _, ok := resolverAddr(one); !ok {
			p.say("resolvers", "config.bad_resolver", words.Args{"Value": one})
		}
	}
	p.atLeast("outgoing", "max_connections", int64(o.MaxConns), 1)
	p.atMost("outgoing", "max_connections", int64(o.MaxConns), mostOutgoing)
	p.atLeast("outgoing", "max_per_destination", int64(o.PerDestination), 1)
	p.atLeast("outgoing", "max_per_hour", int64(o.MaxHour), 0)
	p.atLeast("outgoing", "max_per_day", int64(o.MaxDay), 0)
	if o.MaxAge.Duration < time.Minute {
		p.say("max_age", "config.too_small", words.Args{"Where": "outgoing", "Key": "max_age", "Value": o.MaxAge.String(), "Least": "1m"})
	}
	if o.RetryAfter.Duration < 10*time.Second {
		p.say("retry_after", "config.too_small", words.Args{"Where": "outgoing", "Key": "retry_after", "Value": o.RetryAfter.String(), "Least": "10s"})
	}
	if o.RetryMost.Duration < o.RetryAfter.Duration {
		p.say("retry_most", "config.too_small", words.Args{"Where": "outgoing", "Key": "retry_most", "Value": o.RetryMost.String(), "Least": o.RetryAfter.String()})
	}
	p.oneOf("outgoing", "tls", o.TLS, TLSOpportunistic, TLSRequired, TLSNone)
	p.oneOf("outgoing", "ip", o.IP, BothIP, OnlyIP4, OnlyIP6)
	c.checkSource(p)
}

// mostOutgoing bounds connections to what a process may have open.
const mostOutgoing = 10_000

// checkSource wants addresses to come from: at most one of each kind.
func (c *Config) checkSource(p *problems) {
	var seen []bool
	for _, addr := range c.Outgoing.Source {
		args := words.Args{"Value": addr.String()}
		four := addr.Unmap().Is4()
		switch {
		case !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast():
			p.say("source", "config.bad_source", args)
		case slices.Contains(seen, four):
			p.say("source", "config.two_sources", args)
		}
		seen = append(seen, four)
	}
}

// resolverAddr reads the address of a resolver; its port is 53 where none is given.
func resolverAddr(text string) (netip.AddrPort, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(addr, 53), true
	}
	at, err := netip.ParseAddrPort(text)
	return at, err == nil && at.Port() != 0
}

// ResolverAddrs are the addresses of the resolvers; none are the system's.
func (o *Outgoing) ResolverAddrs() []netip.AddrPort {
	var all []netip.AddrPort
	for _, one := range o.Resolvers {
		if at, ok := resolverAddr(one); ok {
			all = append(all, at)
		}
	}
	return all
}

// outgoingWarnings say what a mail server should rather not do.
func (c *Config) outgoingWarnings() []error {
	var w []error
	o := &c.Outgoing
	if o.MaxAge.Duration < 4*day {
		w = append(w, words.Fail("config.short_age", words.Args{"Value": o.MaxAge.String()}))
	}
	if o.WarnAfter.Duration >= o.MaxAge.Duration {
		w = append(w, words.Fail("config.late_warning", words.Args{"Value": o.WarnAfter.String(), "Age": o.MaxAge.String()}))
	}
	if o.TLS == TLSRequired {
		w = append(w, words.Fail("config.tls_everywhere", nil))
	}
	return w
}
