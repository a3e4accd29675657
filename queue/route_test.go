package queue

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"posta/dns"
)

func addrs(all ...string) (out []netip.Addr) {
	for _, a := range all {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

// routed is a world with every kind of domain.
func routed(t *testing.T) *world {
	w := newWorld(t)
	ill := &dns.Error{Kind: dns.ErrTemporary, Reason: "SERVFAIL"}
	w.host("two.example", "b.two.example", 20, "192.0.2.2")
	w.host("two.example", "a.two.example", 10, "192.0.2.1")
	w.hosts["plain.example"] = addrs("192.0.2.3")
	w.hosts["us.example"] = addrs("192.0.2.99")
	w.mx["null.example"] = []dns.MX{{}}
	w.mx["ill.example"] = ill
	w.mx["localhost"] = &dns.Error{Kind: dns.ErrName}
	w.mx["hollow.example"], w.hosts["hollow.example"] = &dns.Error{Kind: dns.ErrNoData}, &dns.Error{Kind: dns.ErrNoData}
	w.mx["half.example"], w.hosts["half.example"] = &dns.Error{Kind: dns.ErrNoData}, ill
	w.mx["numbers.example"] = []dns.MX{{Host: "192.0.2.1"}, {Host: "localhost"}, {Host: "a b"}}
	w.host("backup.example", "first.example", 5, "192.0.2.4")
	w.host("backup.example", "us.example", 10, "192.0.2.99")
	w.host("backup.example", "third.example", 10, "192.0.2.5")
	w.host("ours.example", "us.example", 10, "192.0.2.99")
	w.host("byaddr.example", "other.example", 10, "192.0.2.99")
	w.host("byaddr.example", "later.example", 20, "192.0.2.5")
	w.host("self.example", "loop.example", 10, "127.0.0.1", "0.0.0.0", "::1", "224.0.0.1")
	w.host("gone.example", "nowhere.example", 10)
	w.hosts["nowhere.example"] = &dns.Error{Kind: dns.ErrNoDomain}
	w.host("unsure.example", "ill.host.example", 10)
	w.hosts["ill.host.example"] = ill
	w.routes["routed.example"] = Route{Hosts: []string{"first.example:2525", "192.0.2.9", "[2001:db8::1]:26"}}
	w.routes["smtps.example"] = Route{Hosts: []string{"first.example"}, TLS: Implicit}
	w.routes["wrong.example"] = Route{Hosts: []string{"a b"}}
	w.routes["missing.example"] = Route{Hosts: []string{"nowhere.example"}}
	w.routes["six.example"] = Route{Hosts: []string{"both.example"}, Family: Only6}
	w.hosts["both.example"] = addrs("192.0.2.20", "192.0.2.21", "2001:db8::20", "2001:db8::21", "2001:db8::22")
	w.routes["both.example"] = Route{Hosts: []string{"both.example"}}
	return w
}

// rfc: 5321-5.1-1, 5321-5.1-4, 5321-5.1-5, 5321-5.1-6, 5321-5.1-7, 5321-5.1-8, 5321-5.1-12, 5321-5.1-16, 5321-5.1-18, 5321-5.1-19, 5321-5.1-20, 5321-5.1-21
func TestWays(t *testing.T) {
	w := routed(t)
	for domain, want := range map[string]string{
		"two.example":        "a.two.example 192.0.2.1:25, b.two.example 192.0.2.2:25",
		"plain.example":      "plain.example 192.0.2.3:25",
		"null.example":       "failed 5.1.10",
		"none.example":       "failed 5.1.2",
		"localhost":          "failed 5.1.2",
		"ill.example":        "later 4.4.3",
		"hollow.example":     "failed 5.1.2",
		"half.example":       "later 4.4.3",
		"numbers.example":    "failed 5.4.4",
		"backup.example":     "first.example 192.0.2.4:25",
		"ours.example":       "failed 5.4.6",
		"us.example":         "failed 5.4.6",
		"byaddr.example":     "failed 5.4.6",
		"self.example":       "failed 5.4.4",
		"gone.example":       "failed 5.4.4",
		"unsure.example":     "later 4.4.3",
		"[192.0.2.7]":        "192.0.2.7 192.0.2.7:25",
		"[IPv6:2001:db8::7]": "2001:db8::7 [2001:db8::7]:25",
		"[127.0.0.1]":        "failed 5.1.2",
		"[192.0.2.99]":       "failed 5.4.6",
		"routed.example":     "first.example 192.0.2.4:2525, 192.0.2.9 192.0.2.9:25, 2001:db8::1 [2001:db8::1]:26",
		"smtps.example":      "first.example 192.0.2.4:465",
		"wrong.example":      "later 4.3.5",
		"missing.example":    "later 4.4.4",
		"six.example":        "both.example [2001:db8::20]:25, both.example [2001:db8::21]:25, both.example [2001:db8::22]:25",
		"both.example":       "both.example [2001:db8::20]:25, both.example 192.0.2.20:25, both.example [2001:db8::21]:25, both.example 192.0.2.21:25",
	} {
		if got := w.way(domain); got != want {
			t.Errorf("%s: %s, want %s", domain, got, want)
		}
	}
}

// way is where a domain's mail goes, or why nowhere.
func (w *world) way(domain string) string {
	way, why := w.q.router.find(w.t.Context(), domain)
	var all []target
	if why == nil {
		all, why = w.q.targets(w.t.Context(), way, false)
	}
	if why != nil {
		return fmt.Sprintf("%s %s", map[fate]string{failed: "failed", later: "later"}[why.fate], why.status)
	}
	var out []string
	for _, one := range all {
		out = append(out, one.host.name+" "+one.addr.String())
	}
	return strings.Join(out, ", ")
}

// Equal hosts come in any order, better ones always first (RFC 5321 §5.1).
//
// rfc: 5321-5.1-15
func TestEquals(t *testing.T) {
	w := newWorld(t)
	w.host("x.example", "first.example", 1, "192.0.2.1")
	for i := range 3 {
		w.host("x.example", fmt.Sprintf("e%d.example", i), 5, fmt.Sprintf("192.0.2.1%d", i))
	}
	w.host("x.example", "last.example", 9, "192.0.2.30")
	seen := map[string]int{}
	for range 300 {
		s := w.way("x.example")
		if !strings.HasPrefix(s, "first.example ") || !strings.HasSuffix(s, "last.example 192.0.2.30:25") {
			t.Fatal(s)
		}
		seen[strings.Fields(s)[2]]++
	}
	for host, n := range seen {
		if n < 60 {
			t.Errorf("%s came first of its equals %d times", host, n)
		}
	}
	if len(seen) != 3 {
		t.Error(seen)
	}
}

// Mail of a lab has no way but to the lab's addresses.
func TestLabTargets(t *testing.T) {
	w := newWorld(t)
	w.routes["g2.example"] = Route{Hosts: []string{"192.0.2.1", "192.168.50.110"}}
	way, _ := w.q.router.find(t.Context(), "g2.example")
	if all, why := w.q.targets(t.Context(), way, true); len(all) != 1 || why != nil || all[0].host.name != "192.168.50.110" {
		t.Error(all, why)
	}
	w.routes["out.example"] = Route{Hosts: []string{"192.0.2.1"}}
	way, _ = w.q.router.find(t.Context(), "out.example")
	if _, why := w.q.targets(t.Context(), way, true); why == nil || why.fate != failed || why.status.String() != "5.7.1" {
		t.Error(why)
	}
}

func TestParseHost(t *testing.T) {
	for text, want := range map[string]string{"Mx.example": "mx.example:25", "mx.example:26": "mx.example:26", "192.0.2.1": "192.0.2.1:25",
		"192.0.2.1:2525": "192.0.2.1:2525", "2001:db8::1": "2001:db8::1:25", "[2001:db8::1]": "2001:db8::1:25", "[2001:db8::1]:26": "2001:db8::1:26",
		"": "", "mx.example:": "", "mx.example:0": "", "mx.example:70000": "", "a b": "", "192.0.2.1:0": "", "[a:b]": ""} {
		h, ok := parseHost(text, 25)
		if got := fmt.Sprintf("%s:%d", h.name, h.port); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s, %v", text, got, ok)
		}
	}
}

// What differs in how it is spoken to is another destination.
func TestKeys(t *testing.T) {
	w := newWorld(t)
	w.host("a.example", "mx.example", 10, "192.0.2.1")
	w.host("b.example", "mx.example", 10, "192.0.2.1")
	w.host("c.example", "mx.example", 20, "192.0.2.1")
	w.routes["d.example"] = Route{TLS: Required}
	w.host("d.example", "mx.example", 10, "192.0.2.1")
	w.routes["e.example"] = Route{Hosts: []string{"mx.example"}, User: "u", Password: "p"}
	w.routes["f.example"] = Route{Hosts: []string{"mx.example"}, User: "u", Password: "q"}
	var keys []string
	for _, d := range []string{"a.example", "b.example", "c.example", "d.example", "e.example", "f.example"} {
		way, why := w.q.router.find(t.Context(), d)
		if why != nil {
			t.Fatal(d, why)
		}
		keys = append(keys, way.key)
		if d == "e.example" && way.route.TLS != Required {
			t.Error("a password without TLS")
		}
	}
	if keys[0] != keys[1] || len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 5 || strings.Contains(keys[5], " q") {
		t.Error(keys)
	}
}

func TestRouteFails(t *testing.T) {
	w := newWorld(t)
	w.q.cfg.Routes = failing{}
	if got := w.way("x.example"); got != "later 4.3.0" || len(w.problems) != 1 {
		t.Error(got, w.problems)
	}
}

type failing struct{ *world }

func (failing) Route(context.Context, string) (Route, error) {
	return Route{}, errors.New("no directory")
}
