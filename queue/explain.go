package queue

import (
	"context"
	"fmt"
	"net/netip"

	"posta/mail"
)

// Way says which way mail for a domain would take now, and nothing is sent.
type Way struct {
	Route    Route  // that an administrator has laid; its Password is left out
	By       By     // how its hosts were found; "" where none were
	Kept     bool   // nothing leaves for it by itself now
	TLS      Policy // that holds on it
	Targets  []Target
	Without  []Without
	Status   mail.Status // where there is no target: of the answer
	Why      string      // the same: in words
	Final    bool        // the same: it would be given up at once
	LabWhy   string      // why mail of a lab would not go there; "" where it would
	Hostname string      // what EHLO says there
	Names    []string    // of this server: a host that greets with one of them is no target, but Circle
}

// Target is an address that is tried, in their order; equals have theirs by chance.
type Target struct {
	Host   string
	Pref   uint16
	Addr   netip.AddrPort
	Source netip.Addr // to connect from; zero: the system chooses
	Own    bool       // it is a listener of this server

	OutOfLab bool // no mail of a lab goes there
}

// Without is a host of a way with no address that is tried.
type Without struct {
	Host string
	Pref uint16
	Why  string

	unknown *verdict // it could not be looked up just now
}

// Explain looks the way to a domain up anew, also where it was known.
func (q *Queue) Explain(ctx context.Context, domain string) (Way, error) {
	w, why := q.router.find(ctx, domain)
	if ctx.Err() != nil {
		return Way{}, fmt.Errorf("queue: the way to %s: %w", domain, ctx.Err())
	}
	if why != nil {
		return Way{Status: why.status, Why: why.text, Final: why.fate == failed}, nil
	}
	out := Way{Route: w.route, By: w.by, TLS: w.route.TLS, Hostname: q.cfg.Hostname, Names: q.cfg.Names}
	out.Route.Password = ""
	if len(w.hosts) == 0 {
		out.Kept = true
		return out, nil
	}
	all, without, why := q.survey(ctx, w, false)
	for _, t := range all {
		out.Targets = append(out.Targets, Target{Host: t.host.name, Pref: t.host.pref, Addr: t.addr, Source: q.source(w, t.addr.Addr()), Own: q.cfg.OwnListener(t.addr), OutOfLab: !q.cfg.Admits(t.addr.Addr())})
	}
	out.Without = without
	if why != nil {
		out.Status, out.Why, out.Final = why.status, why.text, why.fate == failed
		return out, nil
	}
	if !w.explicit() {
		out.LabWhy = labNeedsRoute().Error()
	} else if _, why := q.targets(ctx, w, true); why != nil {
		out.LabWhy = why.text
	}
	return out, nil
}
