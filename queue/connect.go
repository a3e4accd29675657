package queue

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"posta/dns"
	"posta/words"
)

// Connect opens a connection to a host that an administrator has named, "name:port",
// for others who ask it for something: it is looked up, chosen and dialed from as
// the host of a route is. Why it has no address is a *words.Error, a sentence; else
// the error is that of the last address.
func (q *Queue) Connect(ctx context.Context, addr string) (net.Conn, error) {
	h, ok := parseHost(addr, 25)
	if !ok {
		return nil, words.Fail("attempt.host_no_address", words.Args{"Host": addr})
	}
	found, why := q.reachable(ctx, h)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if why != nil {
		return nil, why
	}
	var last error
	for _, one := range found[:min(len(found), addressesOfHost)] {
		nc, err := q.cfg.Dial(ctx, q.source(&way{}, one), netip.AddrPortFrom(one, h.port))
		if err == nil || ctx.Err() != nil {
			return nc, err
		}
		last = err
	}
	return nil, last
}

// reachable gives the addresses of a host in the order in which they are tried.
// Localhost is in no DNS (RFC 6761 §6.3).
func (q *Queue) reachable(ctx context.Context, h host) ([]netip.Addr, *words.Error) {
	all := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if h.addr.IsValid() || !localhost(h.name) {
		var why *words.Error
		if all, why, _ = q.lookUp(ctx, h); why != nil {
			return nil, why
		}
	}
	if fit := interleaved(all, q.cfg.Family); len(fit) > 0 {
		return fit, nil
	}
	return nil, words.Fail("attempt.host_unusable", words.Args{"Host": h.name, "Addresses": few(all)})
}

// lookUp gives the addresses of a host, or why there are none; final: DNS says so.
func (q *Queue) lookUp(ctx context.Context, h host) (all []netip.Addr, why *words.Error, final bool) {
	if h.addr.IsValid() {
		return []netip.Addr{h.addr}, nil, false
	}
	all, err := q.cfg.Resolver.Addrs(ctx, h.name)
	switch {
	case err == nil:
		return all, nil, false
	case errors.Is(err, dns.ErrNoData), errors.Is(err, dns.ErrNoDomain), errors.Is(err, dns.ErrName):
		return nil, words.Fail("attempt.host_no_address", words.Args{"Host": h.name}), true
	}
	return nil, words.Fail("attempt.host_unknown", words.Args{"Host": h.name, "Reason": reason(err)}), false
}
