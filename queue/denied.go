package queue

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"posta/mail"
)

// Denial is the log-in of a route that its host refuses, and not only for now: what
// goes that way waits until somebody mends it.
type Denial struct {
	Route  string // as Route.Named
	Host   string
	User   string
	Code   int         // of the reply; 0 where the host was not asked
	Status mail.Status // of the reply; zero where it has none
	Text   string      // the host's words, or ours as an attempt keeps them
	Why    error       // all of that, for words to people
	Since  time.Time
	Last   time.Time // when it was refused last
}

// mostDenials bounds what is remembered: routes are few.
const mostDenials = 1000

// denials remembers which log-ins are refused, until they work or the route is
// another.
type denials struct {
	mu  sync.Mutex
	all map[denied]*denial
}

type denied struct {
	host string
	port uint16
	user string
}

type denial struct {
	Denial
	way *way // by which it was tried
}

// Denials are the log-ins that are refused as the routes are now, by route and host.
func (q *Queue) Denials(ctx context.Context) (out []Denial) {
	d := &q.denials
	d.mu.Lock()
	all := make(map[denied]*denial, len(d.all))
	for key, one := range d.all {
		held := *one
		all[key] = &held
	}
	d.mu.Unlock()
	for key, one := range all {
		if !q.router.changed(ctx, one.way, one.way.domain) {
			out = append(out, one.Denial)
			continue
		}
		d.mu.Lock()
		if have := d.all[key]; have != nil && have.way == one.way {
			delete(d.all, key)
		}
		d.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Denial) int {
		return strings.Compare(a.Route+"\x00"+a.Host+"\x00"+a.User, b.Route+"\x00"+b.Host+"\x00"+b.User)
	})
	return out
}

// deny notes a refused log-in. Who is told hears of it once, and again of another
// password.
func (g *greeter) deny(v verdict, why error) {
	now := g.q.cfg.Now()
	fresh := &denial{way: g.w, Denial: Denial{Route: g.w.route.Named, Host: g.t.host.name, User: g.w.route.User,
		Code: v.code, Status: v.theirs, Text: v.text, Why: why, Since: now, Last: now}}
	d, key := &g.q.denials, g.denied()
	d.mu.Lock()
	have := d.all[key]
	known := have != nil && have.way.route.Password == g.w.route.Password
	if known {
		fresh.Since = have.Since
	}
	if known || len(d.all) < mostDenials {
		d.put(key, fresh)
	}
	d.mu.Unlock()
	if !known && g.q.cfg.Denied != nil {
		g.q.cfg.Denied(fresh.Denial)
	}
}

func (d *denials) put(key denied, one *denial) {
	if d.all == nil {
		d.all = map[denied]*denial{}
	}
	d.all[key] = one
}

// letIn notes that a log-in works.
func (g *greeter) letIn() {
	d := &g.q.denials
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, g.denied())
}

func (g *greeter) denied() denied {
	return denied{g.t.host.name, g.t.addr.Port(), g.w.route.User}
}

// logIn logs in to a smart host. That it refuses is for an administrator to
// mend: mail waits meanwhile.
func (g *greeter) logIn(ctx context.Context) verdict {
	if g.w.route.User == "" {
		return verdict{fate: relayed}
	}
	v, why := g.tryLogIn(ctx)
	switch {
	case why != nil:
		g.deny(v, why)
	case v.fate == relayed:
		g.letIn()
	}
	return v
}
