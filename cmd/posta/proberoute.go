package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"

	"posta/admin"
	"posta/words"
)

// look asks this posta, its server or its store, what is laid for the domain.
// Who has neither has no routes; who may not look is told so.
func (p *prober) look(ctx context.Context) error {
	if p.bare() {
		return nil
	}
	err := p.a.ask(ctx, "route.way", admin.ByAddress{Address: p.whom()}, &p.laid)
	var said *words.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said) && said.ID == "fail.no_store":
		return nil
	case err != nil:
		p.laid = admin.RouteWay{}
		p.note("probe.note_no_routes", words.Args{"Reason": p.a.words.Error(err)})
		return nil
	}
	if p.stays() {
		return nil
	}
	p.remark(p.laid.Route != "" && len(p.laid.Hosts) == 0)
	p.held(p.laid.Mode)
	if p.laid.NoLab {
		return p.kept(words.Fail("attempt.lab_only", nil).Error())
	}
	return nil
}

// remark notes what is laid; byDNS says that there is a route that names no host.
func (p *prober) remark(byDNS bool) {
	if p.result.Route = p.laid.Route; p.laid.Relay {
		p.result.Route = ""
	}
	about := p.about()
	about["Site"], about["User"], about["TLS"] = printable(p.laid.Site), printable(p.laid.User), p.a.say(tlsOnWay(p.laid.TLS), nil)
	switch {
	case p.laid.Site != "" && p.laid.Route == "":
		p.note("probe.note_site", about)
	case p.laid.Local && p.laid.Route == "":
		p.note("probe.note_local", about)
	case p.laid.Local:
		p.note("probe.note_fallback", about)
	}
	if p.laid.User != "" {
		p.note("probe.note_login", about)
	}
	if byDNS {
		p.note("probe.note_route", about)
	}
}

// byRoute asks the hosts of the route.
func (p *prober) byRoute(ctx context.Context) error {
	p.result.Way = wayRoute
	all := make([]asked, 0, len(p.laid.Hosts))
	for i, text := range p.laid.Hosts {
		one, err := p.asked(text)
		if err != nil {
			return err
		}
		one.pref = i + 1
		all = append(all, one)
	}
	return p.hosts(ctx, all)
}

// chosen asks the server that the command line names.
func (p *prober) chosen(ctx context.Context) error {
	p.result.Way = wayServer
	one, err := p.asked(p.o.server)
	if err != nil {
		return err
	}
	if one.addr.IsValid() || len(p.o.resolver) > 0 {
		return p.hosts(ctx, []asked{one})
	}
	// It is somebody's own network, perhaps: what this computer knows counts.
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", one.name)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	if p.add(one, addrs); err != nil {
		return p.verdict("no_host", words.Fail("probe.no_server", p.about()))
	}
	return nil
}

// asked reads "HOST[:PORT]".
func (p *prober) asked(text string) (one asked, err error) {
	if one.name, one.port, err = parseHost(text); err != nil {
		return one, err
	}
	if addr, err := netip.ParseAddr(one.name); err == nil {
		one.addr = addr
	} else if one.name, err = lookupName(one.name); err != nil {
		return one, words.Fail("probe.no_name", words.Args{"Domain": text})
	}
	usual := p.o.port
	if p.laid.TLS == "implicit" && usual == 25 {
		usual = 465
	}
	one.port = cmp.Or(one.port, usual)
	return one, nil
}

// barred says that the route goes to no such address.
func (p *prober) barred(addr netip.Addr) bool {
	return p.laid.IP == "4" && !addr.Unmap().Is4() || p.laid.IP == "6" && addr.Unmap().Is4()
}

// source is the address to connect from; invalid: any.
func (p *prober) source(to netip.Addr) netip.Addr {
	from, err := netip.ParseAddr(p.laid.Source)
	if err != nil || from.Is4() != to.Unmap().Is4() {
		return netip.Addr{}
	}
	return from
}

// port is what all addresses are asked at; 0: they differ.
func (p *prober) port() int {
	all := p.addresses()
	if len(all) == 0 {
		return p.o.port
	}
	for _, one := range all {
		if one.at.Port() != all[0].at.Port() {
			return 0
		}
	}
	return int(all[0].at.Port())
}

// proves says that mail goes this way only to a host that proves who it is.
func (p *prober) proves() bool {
	return p.result.Way != wayServer && (p.laid.TLS == "required" || p.laid.TLS == "implicit")
}
