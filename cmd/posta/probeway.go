package main

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"posta/dns"
	"posta/queue"
	"posta/words"
)

// The ways that mail for a domain goes.
const (
	wayMX      = string(queue.ByMX)
	wayAddress = string(queue.ByDomain)
	wayLiteral = string(queue.ByLiteral)
	wayRoute   = string(queue.ByRoute)
	wayServer  = "server" // whoever probes names it
)

// mostProbed is how many addresses are asked; domains with more are few, and
// their hosts alike.
const mostProbed = 16

// asked is a host that is asked.
type asked struct {
	name string
	addr netip.Addr // of one that is named by its address
	port int
	pref int
}

// find finds where the mail goes. Its error is the verdict that it goes nowhere.
func (p *prober) find(ctx context.Context) error {
	if p.o.server != "" {
		return p.chosen(ctx)
	}
	if told, err := p.told(ctx); told || err != nil || p.result.Verdict == probeHere {
		return err
	}
	if len(p.laid.Hosts) > 0 {
		return p.byRoute(ctx)
	}
	if p.literal.IsValid() {
		p.result.Way = wayLiteral
		return p.hosts(ctx, []asked{{name: p.literal.String(), addr: p.literal, port: p.o.port}})
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
	hosts := make([]asked, len(all))
	for i, m := range all {
		hosts[i] = asked{name: m.Host, port: p.o.port, pref: int(m.Pref)}
	}
	return p.hosts(ctx, hosts)
}

// hosts looks their addresses up. Some may have none.
func (p *prober) hosts(ctx context.Context, all []asked) error {
	var last error
	for _, h := range all {
		addrs, err := []netip.Addr{h.addr}, error(nil)
		if !h.addr.IsValid() {
			addrs, err = p.resolver.Addrs(ctx, h.name)
		}
		if addrs = slices.DeleteFunc(addrs, p.barred); err == nil && len(addrs) == 0 {
			err = dns.ErrNoData
		}
		p.add(h, addrs)
		if err != nil {
			last = err
			p.result.Hosts[len(p.result.Hosts)-1].Problem = p.a.words.Error(p.noAddress(h.name, err))
		}
	}
	switch {
	case len(p.addresses()) > 0:
		return nil
	case errors.Is(last, dns.ErrTemporary):
		return p.unknown(last)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	id := nowhere(p.result.Way)
	if p.laid.Relay && p.result.Way == wayRoute {
		id = "probe.no_relay_host"
	}
	return p.verdict("no_host", words.Fail(id, p.about()))
}

// nowhere is the sentence for hosts without an address, by how they were found.
func nowhere(way string) string {
	switch way {
	case wayAddress:
		return "probe.no_way"
	case wayRoute, wayLiteral:
		return "probe.no_route_host"
	case wayServer:
		return "probe.no_server"
	}
	return "probe.no_host"
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
	case errors.Is(err, dns.ErrNoDomain) && p.laid.Route == "" && (p.laid.Local || p.laid.Site != ""):
		return p.verdict("no_domain", words.Fail("probe.not_in_dns", about))
	case errors.Is(err, dns.ErrNoDomain):
		return p.verdict("no_domain", words.Fail("probe.no_domain", about))
	case errors.Is(err, dns.ErrName):
		return p.verdict("no_domain", words.Fail("probe.no_name", about))
	case errors.Is(err, dns.ErrTemporary):
		about["Reason"] = p.reasonOf(err)
		return unanswered(p.verdict("dns", words.Fail("probe.dns", about)))
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
func (p *prober) add(host asked, addrs []netip.Addr) {
	h := probedHost{Name: host.name, Pref: host.pref}
	room := mostProbed - len(p.addresses())
	for _, addr := range addrs[:min(len(addrs), room)] {
		at := netip.AddrPortFrom(addr, uint16(host.port))
		h.Addresses = append(h.Addresses, probedAddress{Address: at.String(), at: at, from: p.source(addr), host: host.name, pref: host.pref})
	}
	p.result.Hosts = append(p.result.Hosts, h)
	if more := len(addrs) - len(h.Addresses); more > 0 {
		p.note("probe.note_more", words.Args{"Host": printable(host.name), "Count": more})
	}
}

func (p *prober) note(id string, args words.Args) {
	text := p.a.say(id, args)
	if !slices.Contains(p.result.Notes, text) { // hosts of one name have the same
		p.result.Notes = append(p.result.Notes, text)
	}
}

// about is what most sentences name.
func (p *prober) about() words.Args {
	return words.Args{"Target": printable(p.result.Target), "Domain": printable(p.shown), "Port": p.port(),
		"Route": printable(p.laid.Route), "Server": printable(p.o.server)}
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
