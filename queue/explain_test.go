package queue

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/store"
)

// The way is explained, and nobody is dialed.
func TestExplain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx1.x.example", 10, "192.0.2.7", "2001:db8::7")
		w.host("x.example", "mx2.x.example", 20, "192.0.2.8")
		w.routes["lab.example"] = Route{Hosts: []string{"10.0.0.7:2525"}, User: "us", Password: "secret"}
		w.routes["out.example"] = Route{Hosts: []string{"192.0.2.9"}, TLS: None}
		w.routes["site.example"] = Route{OnDemand: true}
		for domain, want := range map[string]string{
			"x.example":    "[10 mx1.x.example [2001:db8::7]:25 10 mx1.x.example 192.0.2.7:25 20 mx2.x.example 192.0.2.8:25] by mx; lab: Mail of a lab goes only where a route leads",
			"lab.example":  "[0 10.0.0.7 10.0.0.7:2525] required us by route; lab: ",
			"out.example":  "[0 192.0.2.9 192.0.2.9:25] none by route; lab: Mail of a lab goes to addresses of the lab only",
			"site.example": "[] kept by ; lab: ",
			"no.example":   "[] 5.1.2 The domain does not exist, final by ; lab: ",
		} {
			got, err := w.q.Explain(t.Context(), domain)
			if err != nil {
				t.Error(err)
			}
			var all []string
			for _, one := range got.Targets {
				all = append(all, fmt.Sprintf("%d %s %s", one.Pref, one.Host, one.Addr))
			}
			said := fmt.Sprint(all)
			if got.Why != "" {
				said += " " + got.Status.String() + " " + got.Why
			}
			if got.Final {
				said += ", final"
			}
			if got.Kept {
				said += " kept"
			}
			for _, more := range []string{string(got.TLS), got.Route.User, got.Route.Password} {
				if more != "" {
					said += " " + more
				}
			}
			if said += fmt.Sprintf(" by %s; lab: %s", got.By, got.LabWhy); said != want {
				t.Errorf("%s:\n%s\nwant\n%s", domain, said, want)
			}
		}
		if len(w.dials) > 0 {
			t.Errorf("%q", strings.Join(w.dials, " "))
		}
	})
}

// An address of loopback is none to other hosts, nor another to those of this
// computer.
func TestSourceOfLoopback(t *testing.T) {
	for _, c := range []struct{ source, host, want string }{
		{"127.0.0.3", "127.0.0.2:2525", "127.0.0.3"}, {"127.0.0.3", "192.0.2.8", "invalid IP"},
		{"192.0.2.1", "127.0.0.2:2525", "invalid IP"}, {"192.0.2.1", "192.0.2.8", "192.0.2.1"},
	} {
		w := newWorld(t)
		w.q.cfg.Source = []netip.Addr{netip.MustParseAddr(c.source)}
		w.routes["x.example"] = Route{Hosts: []string{c.host}}
		got, err := w.q.Explain(t.Context(), "x.example")
		if err != nil || len(got.Targets) != 1 || got.Targets[0].Source.String() != c.want {
			t.Errorf("%s to %s: %+v, %v", c.source, c.host, got.Targets, err)
		}
	}
}

// Hosts that are passed over are told of, with the reason, and from which address
// the others are asked.
func TestExplainWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.q.cfg.Source = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
		w.host("x.example", "mx1.x.example", 10)
		delete(w.hosts, "mx1.x.example")
		w.host("x.example", "mx2.x.example", 20, "127.0.0.1")
		w.host("x.example", "mx3.x.example", 30, "192.0.2.8", "2001:db8::8")
		got, err := w.q.Explain(t.Context(), "x.example")
		if err != nil {
			t.Fatal(err)
		}
		want := []Without{
			{Host: "mx1.x.example", Pref: 10, Why: "The host mx1.x.example has no address"},
			{Host: "mx2.x.example", Pref: 20, Why: "The host mx2.x.example has no address that mail can be sent to, only 127.0.0.1"}}
		if !slices.Equal(got.Without, want) {
			t.Errorf("%+v", got.Without)
		}
		if len(got.Targets) != 2 || got.Targets[0].Source.IsValid() || got.Targets[1].Source != w.q.cfg.Source[0] {
			t.Errorf("%+v", got.Targets)
		}
		if got.Hostname != "us.example" || !Circle("US.example. ESMTP", got.Names) || Circle("mx3.x.example", got.Names) {
			t.Errorf("%q %q", got.Hostname, got.Names)
		}
	})
}

// Mail of a lab and other mail share no connection: what passes on the one is
// recorded as it is.
func TestLabHasItsOwnSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.routes["x.example"] = Route{Hosts: []string{"10.0.0.7"}}
		w.answers("10.0.0.7:25", talk(sent, quit), talk(sent, quit))
		lab := store.Outgoing{Sender: "a", From: "a@us.example"}
		lab.Lab = true
		w.sendAs(lab, "b@x.example")
		w.send("b@x.example")
		w.run(time.Hour)
		const want = "b@x.example relayed 10.0.0.7: 250 2.0.0 mine\n"
		if got := w.story(); got != want+want || len(w.dials) != 2 {
			t.Errorf("%s, %q", got, w.dials)
		}
	})
}
