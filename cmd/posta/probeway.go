package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"posta/dns"
	"posta/words"
)

// The ways that mail for a domain goes.
const (
	wayMX      = "mx"
	wayAddress = "address" // there is no MX: the domain's own addresses count (RFC 5321 §5.1)
	wayLiteral = "literal"
)

// mostProbed is how many addresses are asked; domains with more are few, and
// their hosts alike.
const mostProbed = 16

// find finds where the mail goes. Its error is the verdict that it goes nowhere.
func (p *prober) find(ctx context.Context) error {
	if p.literal.IsValid() {
		p.result.Way = wayLiteral
		p.add(p.literal.String(), 0, []netip.Addr{p.literal})
		return nil
	}
	all, err := p.resolver.MX(ctx, p.result.Domain)
	switch {
	case errors.Is(err, dns.ErrNoData):
		p.result.Way = wayAddress
		all = []dns.MX{{Host: p.result.Domain}}
	case err != nil:
		return p.unknown(err)
	case dns.Null(all):
		return p.verdict("no_mail", words.Fail("probe.no_mail", p.about()))
	default:
		p.result.Way = wayMX
	}
	return p.hosts(ctx, all)
}

// hosts looks their addresses up. Some may have none.
func (p *prober) hosts(ctx context.Context, all []dns.MX) error {
	var last error
	for _, m := range all {
		addrs, err := p.resolver.Addrs(ctx, m.Host)
		if err != nil {
			last = err
			p.add(m.Host, int(m.Pref), nil)
			p.result.Hosts[len(p.result.Hosts)-1].Problem = p.a.words.Error(p.noAddress(m.Host, err))
			continue
		}
		p.add(m.Host, int(m.Pref), addrs)
	}
	switch {
	case len(p.addresses()) > 0:
		return nil
	case errors.Is(last, dns.ErrTemporary):
		return p.unknown(last)
	case p.result.Way == wayAddress:
		return p.verdict("no_host", words.Fail("probe.no_way", p.about()))
	}
	return p.verdict("no_host", words.Fail("probe.no_host", p.about()))
}

// noAddress says why a host has no address.
func (p *prober) noAddress(host string, err error) error {
	about := words.Args{"Host": printable(host)}
	if errors.Is(err, dns.ErrTemporary) {
		about["Reason"] = p.reasonOf(err)
		return words.Fail("probe.host_unknown", about)
	}
	return words.Fail("probe.host_no_address", about)
}

// unknown is the verdict where DNS has no answer.
func (p *prober) unknown(err error) error {
	about := p.about()
	switch {
	case errors.Is(err, dns.ErrNoDomain):
		return p.verdict("no_domain", words.Fail("probe.no_domain", about))
	case errors.Is(err, dns.ErrName):
		return p.verdict("no_domain", words.Fail("probe.no_name", about))
	case errors.Is(err, dns.ErrTemporary):
		about["Reason"] = p.reasonOf(err)
		return absent(p.verdict("dns", words.Fail("probe.dns", about)))
	}
	return err // the end of the context
}

// reasonOf is what exactly the resolver met with.
func (p *prober) reasonOf(err error) string {
	var known *dns.Error
	switch {
	case !errors.As(err, &known):
		return err.Error()
	case known.Code != "":
		return p.a.say("probe.dns_code", words.Args{"Server": known.Server, "Code": known.Code})
	case known.Server != "":
		return p.a.say("probe.dns_silent", words.Args{"Server": known.Server})
	}
	return p.a.say("probe.dns_circle", nil)
}

// add notes a host and those of its addresses that are asked.
func (p *prober) add(name string, pref int, addrs []netip.Addr) {
	h := probedHost{Name: name, Pref: pref}
	room := mostProbed - len(p.addresses())
	for _, addr := range addrs[:min(len(addrs), room)] {
		at := netip.AddrPortFrom(addr, uint16(p.o.port))
		h.Addresses = append(h.Addresses, probedAddress{Address: at.String(), at: at, host: name})
	}
	p.result.Hosts = append(p.result.Hosts, h)
	if more := len(addrs) - len(h.Addresses); more > 0 {
		p.note("probe.note_more", words.Args{"Host": printable(name), "Count": more})
	}
}

func (p *prober) note(id string, args words.Args) {
	p.result.Notes = append(p.result.Notes, p.a.say(id, args))
}

// about is what most sentences name.
func (p *prober) about() words.Args {
	return words.Args{"Target": printable(p.result.Target), "Domain": printable(p.shown), "Port": p.o.port}
}

// verdict notes how it ended; err says it to people.
func (p *prober) verdict(name string, err error) error {
	p.result.Verdict = name
	return err
}

// lookupName is a domain as DNS has it.
func lookupName(domain string) (string, error) {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false)).
		ToASCII(strings.TrimSuffix(domain, "."))
}
