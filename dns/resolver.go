package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// Options are whom a Resolver asks, and how patiently.
type Options struct {
	Servers []string         // "192.0.2.53", "127.0.0.1:5353", "[2001:db8::53]:53", in order; none: the system's
	Timeout time.Duration    // for an answer before another server is asked; longer each round. 0: 2 s. All together take ten times that at most
	Entries int              // answers remembered at most; 0: 10000
	Now     func() time.Time // by which answers age; nil: time.Now
}

// Resolver answers what mail asks of DNS. Many goroutines may use it at once;
// those that ask the same at the same time wait for one answer. Every error is
// an *Error, but for that of a context that ended.
type Resolver struct {
	asker   asker
	cache   *cache
	flights flights
}

// New makes a Resolver. The error is a server that is no address.
func New(o Options) (*Resolver, error) {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Entries <= 0 {
		o.Entries = 10000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	servers, err := newServers(o.Servers, o.Now)
	if err != nil {
		return nil, err
	}
	return &Resolver{asker: asker{servers: servers, timeout: o.Timeout}, cache: newCache(o.Entries, o.Now)}, nil
}

// Servers are those that are asked, as far as is known now, for people.
func (r *Resolver) Servers() []netip.AddrPort { return r.asker.servers.order() }

// MX is where a domain's mail goes.
type MX struct {
	Host   string // in small letters, without the last dot; "" is the null MX
	Pref   uint16 // the smallest is tried first
	Secure bool   // the resolver says that DNSSEC vouches for it; worth what the way to the resolver is worth
}

// Null says that a domain takes no mail at all (RFC 7505 §3).
func Null(all []MX) bool { return len(all) == 1 && all[0].Host == "" }

// MX gives a domain's mail exchangers, best first; equal ones stay in the
// server's order. ErrNoData: the domain has none, and its own addresses count
// (RFC 5321 §5.1). A root among others is nothing and left out.
func (r *Resolver) MX(ctx context.Context, domain string) ([]MX, error) {
	a, err := r.look(ctx, domain, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.mx), nil
}

// Addrs gives a host's addresses, those of A first. It has an error only where
// there is no address: one family's failure does not hide the other's answer.
func (r *Resolver) Addrs(ctx context.Context, host string) ([]netip.Addr, error) {
	type result struct {
		a   answer
		err error
	}
	six := make(chan result, 1)
	go func() {
		a, err := r.look(ctx, host, dns.TypeAAAA)
		six <- result{a, err}
	}()
	four, err := r.look(ctx, host, dns.TypeA)
	other := <-six
	if all := slices.Concat(four.addrs, other.a.addrs); len(all) > 0 {
		return all, nil
	}
	return nil, worse(err, other.err)
}

// worse is the error that says more of a host than the other: that one is not
// known yet outweighs that the other has no record.
func worse(a, b error) error {
	rank := func(err error) int {
		for i, kind := range []error{ErrNoData, ErrNoDomain, ErrName, ErrTemporary} {
			if errors.Is(err, kind) {
				return i
			}
		}
		return 4 // the context ended
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// TXT gives a name's texts, the strings of each joined (RFC 7208 §3.3).
func (r *Resolver) TXT(ctx context.Context, name string) ([]string, error) {
	a, err := r.look(ctx, name, dns.TypeTXT)
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.txt), nil
}

// Values gives what stands under a name as zone files write it, names with the
// last dot and TXT without quotes. Kinds are MX, A, AAAA, TXT, PTR and SRV.
func (r *Resolver) Values(ctx context.Context, name, kind string) (out []string, err error) {
	a, err := r.look(ctx, name, dns.StringToType[kind])
	if err != nil {
		return nil, err
	}
	out = slices.Concat(a.txt, a.other)
	for _, m := range a.mx {
		out = append(out, fmt.Sprintf("%d %s.", m.Pref, m.Host))
	}
	for _, addr := range a.addrs {
		out = append(out, addr.String())
	}
	return out, nil
}

// question is what answers are remembered by.
type question struct {
	name string // canonical
	kind uint16
}

// look gives what is known, or asks.
func (r *Resolver) look(ctx context.Context, name string, kind uint16) (answer, error) {
	fail := Error{Name: name, Type: dns.TypeToString[kind]}
	full, ok := canonical(name)
	if !ok {
		fail.Kind = ErrName
		return answer{}, &fail
	}
	q := question{full, kind}
	a, ok := r.cache.get(q)
	if !ok {
		var err error
		if a, err = r.flights.do(ctx, q, r.resolve); err != nil {
			return answer{}, err
		}
	}
	if a.kind != nil {
		fail.Kind, fail.Reason, fail.Server, fail.Code = a.kind, a.reason, a.server, a.code
		return answer{}, &fail
	}
	return a, nil
}

// longestChain is how many aliases are followed.
const longestChain = 10

// resolve asks, follows aliases where the servers don't, and remembers.
func (r *Resolver) resolve(ctx context.Context, q question) answer {
	ctx, cancel := context.WithTimeout(ctx, 10*r.asker.timeout)
	defer cancel()
	all := answer{ttl: longestKept, secure: true}
	at := q
	for hops := 0; ; {
		a := r.asker.ask(ctx, at)
		a.ttl, a.secure = min(a.ttl, all.ttl), a.secure && all.secure
		hops += a.hops
		switch {
		case a.alias == "":
			a.finish()
			if a.kind == nil || !errors.Is(ctx.Err(), context.Canceled) {
				r.cache.put(q, a)
			}
			return a
		case hops >= longestChain:
			a = answer{kind: ErrTemporary, reason: "aliases without an end", ttl: failureKept}
			r.cache.put(q, a)
			return a
		}
		all, at.name = a, a.alias
	}
}

// finish brings the records into the order that callers get.
func (a *answer) finish() {
	for i := range a.mx {
		a.mx[i].Secure = a.secure
	}
	slices.SortStableFunc(a.mx, func(x, y MX) int { return cmp.Compare(x.Pref, y.Pref) })
	if len(a.mx) > 1 {
		if real := slices.DeleteFunc(slices.Clone(a.mx), func(m MX) bool { return m.Host == "" }); len(real) > 0 {
			a.mx = real
		} else {
			a.mx = a.mx[:1]
		}
	}
}
