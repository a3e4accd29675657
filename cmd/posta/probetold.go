package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"

	"posta/admin"
	"posta/config"
	"posta/dns"
	"posta/smtp/smtpclient"
	"posta/words"
)

// told goes the way that the queue of the running server would send mail now;
// what is asked then is what delivery would ask. false: nobody says it, or it is
// said that the mail does not leave, and what others find is looked for.
func (p *prober) told(ctx context.Context) (bool, error) {
	if len(p.o.resolver) > 0 || p.bare() {
		return false, p.look(ctx)
	}
	client, err := p.a.server(ctx)
	var said *words.Error
	if errors.As(err, &said) && (said.ID == "fail.no_server" || said.ID == "fail.no_data") {
		p.note("probe.note_no_server", nil)
	}
	if err != nil {
		return false, p.look(ctx)
	}
	t := &admin.RouteTest{}
	err = client.Call(ctx, "route.test", admin.ByAddress{Address: p.whom()}, t)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		p.note("probe.note_no_routes", words.Args{"Reason": p.a.words.Error(err)})
		return false, nil
	}
	p.laid = admin.RouteWay{Local: t.Local, Site: t.Site, Route: t.Route, Relay: t.Relay, TLS: t.TLS, CA: t.CA, User: t.User, Here: t.Here}
	if p.stays() {
		return true, nil
	}
	if len(t.Resolvers) > 0 {
		if p.resolver, err = dns.New(dns.Options{Servers: t.Resolvers}); err != nil {
			return false, err
		}
	}
	p.remark(t.Route != "" && t.By != "" && t.By != wayRoute)
	p.held(t.Mode)
	switch {
	case t.Refused:
		return true, p.verdict("off", words.Fail("probe.off", p.about()))
	case t.Route == "" && (t.Local || t.Site != ""):
		return false, nil
	case t.LabOnly && t.Lab != "":
		return true, p.kept(t.Lab)
	}
	return true, p.take(t)
}

// whom is who or what is asked for.
func (p *prober) whom() string {
	if p.to != nil {
		return p.to.String()
	}
	return p.result.Domain
}

// stays notes that mail for somebody who is here does not go where that for others in
// his domain goes. Of a domain whose mail stays altogether it is shown how it comes.
func (p *prober) stays() bool {
	if !p.laid.Here || p.laid.Route == "" {
		return false
	}
	p.result.Verdict, p.result.Text = probeHere, p.a.say("probe.here", p.about())
	return true
}

// held notes that mail for others waits here, if so.
func (p *prober) held(mode string) {
	if mode == config.OutgoingHold && (!p.laid.Local || p.laid.Route != "") {
		p.note("route.hold", nil)
	}
}

// kept is the verdict where mail of a lab, and there is no other, does not go.
func (p *prober) kept(why string) error {
	about := p.about()
	about["Why"] = ownText(p.a.words, why)
	return p.verdict("off", words.Fail("probe.lab", about))
}

// take takes over where the mail would go, or why it would not.
func (p *prober) take(t *admin.RouteTest) error {
	p.way, p.result.Way = t, t.By
	if t.Site != "" {
		p.note("route.kept", words.Args{"Domain": t.Domain, "Site": printable(t.Site)})
	}
	if t.Mode == config.OutgoingOff && t.Lab != "" { // there mail comes by a lab
		p.note("route.lab", words.Args{"Why": ownText(p.a.words, t.Lab)})
	}
	for _, one := range t.Targets {
		if t.LabOnly && one.OutOfLab {
			why := words.Fail("attempt.lab_only", nil)
			p.result.Hosts = append(p.result.Hosts, probedHost{Name: one.Host, Pref: p.rank(one.Preference), Problem: p.a.words.Error(why)})
			continue
		}
		if err := p.takeTarget(&one); err != nil {
			return err
		}
	}
	for _, one := range t.Without {
		p.result.Hosts = append(p.result.Hosts, probedHost{Name: one.Host, Pref: p.rank(one.Preference), Problem: ownText(p.a.words, one.Why)})
	}
	slices.SortStableFunc(p.result.Hosts, func(a, b probedHost) int { return cmp.Compare(a.Pref, b.Pref) })
	if t.Why == "" {
		return nil
	}
	return p.noWay(t)
}

func (p *prober) takeTarget(one *admin.RouteTarget) error {
	at, err := netip.ParseAddrPort(one.Address)
	if err != nil {
		return err
	}
	var from netip.Addr
	if one.Source != "" {
		if from, err = netip.ParseAddr(one.Source); err != nil {
			return err
		}
	}
	if at.Port() == 25 { // another one somebody has laid
		at = netip.AddrPortFrom(at.Addr(), uint16(p.o.port))
	}
	pref := p.rank(one.Preference)
	last := len(p.result.Hosts) - 1
	if last < 0 || p.result.Hosts[last].Name != one.Host || p.result.Hosts[last].Pref != pref {
		p.result.Hosts = append(p.result.Hosts, probedHost{Name: one.Host, Pref: pref})
		last++
	}
	h := &p.result.Hosts[last]
	h.Addresses = append(h.Addresses, probedAddress{Address: at.String(), at: at, from: from, host: one.Host, pref: pref})
	return nil
}

// rank is a host's preference; those of a route are counted.
func (p *prober) rank(preference uint16) int {
	if p.result.Way == wayRoute {
		return int(preference) + 1
	}
	return int(preference)
}

// noWay is the verdict where the queue knows no way.
func (p *prober) noWay(t *admin.RouteTest) error {
	about := p.about()
	about["Why"], about["Status"] = ownText(p.a.words, t.Why), t.Status
	id := "probe.put_off"
	if t.Final {
		id = "probe.given_up"
	}
	name := cmp.Or(map[string]string{"5.1.2": "no_domain", "5.1.10": "no_mail", "5.4.4": "no_host", "4.4.4": "no_host", "5.4.6": "loop", "4.4.3": "dns"}[t.Status], "no_way")
	err := p.verdict(name, words.Fail(id, about))
	if name == "dns" {
		return unanswered(err)
	}
	return err
}

// bare says that an address was typed where a domain of mail should be: no mail
// has such a domain.
func (p *prober) bare() bool {
	return p.literal.IsValid() && p.result.Domain[0] != '['
}

// helo is what EHLO says on a connection.
func (p *prober) helo(nc net.Conn) string {
	own := p.a.ownName()
	if p.way != nil && p.way.Helo != "" {
		own = p.way.Helo
	}
	return cmp.Or(p.o.helo, smtpclient.Called(own, nc))
}
