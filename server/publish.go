package server

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"posta/check"
	"posta/config"
	"posta/sign"
)

// rotateAfter is the age of DKIM keys at which the next are made.
const rotateAfter = 365 * 24 * time.Hour

// site is what this server is to the records of its domains.
func (h *House) site() sign.Site {
	s := sign.Site{Host: h.cfg.Hostname, Addrs: publicAddrs()}
	for i := range h.cfg.Listeners {
		l := &h.cfg.Listeners[i]
		at, err := netip.ParseAddrPort(l.Addr)
		if name := service(l); err == nil && name != "" && l.Mode == config.ModeStrict {
			s.Ports = append(s.Ports, sign.Port{Service: name, Port: at.Port()})
		}
	}
	return s
}

// service is the name under which mail programs look for a listener
// (RFC 6186 §3, RFC 8314 §5.1); "" where they don't.
func service(l *config.Listener) string {
	switch {
	case l.Service == config.Submission && l.TLS == config.TLSImplicit:
		return "submissions"
	case l.Service == config.Submission:
		return "submission"
	case l.Service == config.POP3 && l.TLS == config.TLSImplicit:
		return "pop3s"
	case l.Service == config.POP3:
		return "pop3"
	}
	return ""
}

// publicAddrs are this machine's addresses that others can reach. Behind a
// router that translates addresses there are none.
func publicAddrs() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var out []netip.Addr
	for _, one := range all {
		p, err := netip.ParsePrefix(one.String())
		if a := p.Addr().Unmap(); err == nil && a.IsGlobalUnicast() && !check.Private(a) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}
