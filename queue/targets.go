package queue

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"posta/words"
)

const (
	addressesOfHost = 4  // of one host, so that others get their turn
	mostTargets     = 16 // of one way
	mostHosts       = 16 // looked up for them: one after the other, and each may keep a connection's place waiting
)

// targets gives the addresses of a way in the order in which they are tried:
// hosts by preference, equals by chance (RFC 5321 §5.1), IPv6 and IPv4 in turns.
func (q *Queue) targets(ctx context.Context, w *way, lab bool) ([]target, *verdict) {
	all, _, why := q.survey(ctx, w, lab)
	return all, why
}

// survey gives besides the hosts that have no address to try.
func (q *Queue) survey(ctx context.Context, w *way, lab bool) (all []target, without []Without, why *verdict) {
	hosts := slices.Clone(w.hosts)
	for from := 0; from < len(hosts); {
		to := from + 1
		for to < len(hosts) && hosts[to].pref == hosts[from].pref {
			to++
		}
		equals := hosts[from:to]
		q.rand.shuffle(len(equals), func(i, j int) { equals[i], equals[j] = equals[j], equals[i] })
		from = to
	}
	var seen []netip.Addr // that will not do
	own, barred := -1, false
	cut := false
	for i, h := range hosts {
		if cut = i == mostHosts; cut || own >= 0 && int(h.pref) >= own || len(all) >= mostTargets {
			break
		}
		addrs, bad := q.addresses(ctx, h)
		if bad != nil && (why == nil || bad.fate == later) {
			why = bad
		}
		n := len(all)
		for _, a := range interleaved(addrs, w.route.Family) {
			switch {
			case !w.explicit() && q.cfg.OwnAddr(a):
				own = int(h.pref)
			case !w.explicit() && !usable(a):
			case lab && !q.cfg.Admits(a):
				barred = true
			case len(all)-n < addressesOfHost:
				all = append(all, target{host: h, addr: netip.AddrPortFrom(a, h.port), lab: lab})
			}
		}
		if len(all) == n {
			without = append(without, h.without(bad, own >= 0, addrs))
			seen = append(seen, addrs...)
		}
	}
	if own >= 0 {
		all = slices.DeleteFunc(all, func(t target) bool { return int(t.host.pref) >= own })
	}
	if len(all) > 0 {
		return all, without, nil
	}
	switch {
	case unknown(without, own) != nil: // it may be the one that takes the mail
	case own >= 0:
		why = sayp(failed, "5.4.6", itself())
	case barred:
		why = sayp(failed, "5.7.1", words.Fail("attempt.lab_only", nil))
		why.lone = true // other mail may go there
	case why == nil && len(seen) > 0:
		why = sayp(failed, "5.4.4", words.Fail("attempt.no_good_address", words.Args{"Addresses": few(seen)}))
	case why == nil:
		why = sayp(failed, "5.4.4", words.Fail("attempt.no_address", nil))
	}
	if cut || w.explicit() && !barred {
		soft := why.softer() // an administrator's mistake, a name that is still to come, or hosts that nobody looked at
		why = &soft
	}
	return nil, without, why
}

// without says why a host has no address to try: that it could not be looked up,
// that it is this server, or that none of its addresses will do.
func (h host) without(bad *verdict, own bool, addrs []netip.Addr) Without {
	why := words.Fail("attempt.host_unusable", words.Args{"Host": h.name, "Addresses": few(addrs)}).Error()
	var unknown *verdict
	switch {
	case bad != nil:
		why = bad.text
		if bad.fate == later {
			unknown = bad
		}
	case own:
		why = itself().Error()
	}
	return Without{Host: h.name, Pref: h.pref, Why: why, unknown: unknown}
}

// unknown gives the first of the hosts that could not be looked up just now, as
// far as they are preferred to this server; nil: there is none. own is this
// server's preference, below 0 where it is none of the hosts.
func unknown(all []Without, own int) *Without {
	for i := range all {
		if w := &all[i]; w.unknown != nil && (own < 0 || int(w.Pref) < own) {
			return w
		}
	}
	return nil
}

// few names addresses, not all of many.
func few(addrs []netip.Addr) string {
	const most = 4
	var all []string
	for _, a := range addrs[:min(len(addrs), most)] {
		all = append(all, a.Unmap().String())
	}
	if len(addrs) > most {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}

// addresses looks a host up.
func (q *Queue) addresses(ctx context.Context, h host) ([]netip.Addr, *verdict) {
	addrs, why, final := q.lookUp(ctx, h)
	switch {
	case why == nil:
		return addrs, nil
	case final:
		return nil, sayp(failed, "5.4.4", why)
	}
	return nil, sayp(later, "4.4.3", why)
}

// interleaved lets IPv6 and IPv4 take turns, so that neither's failing takes all
// the tries. Within a family the resolver's order stays.
func interleaved(addrs []netip.Addr, family Family) []netip.Addr {
	var four, six, all []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	if family == Only4 {
		six = nil
	}
	if family == Only6 {
		four = nil
	}
	for i := range max(len(four), len(six)) {
		if i < len(six) {
			all = append(all, six[i])
		}
		if i < len(four) {
			all = append(all, four[i])
		}
	}
	return all
}
