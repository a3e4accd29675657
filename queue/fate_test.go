package queue

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/dns"
	"posta/store"
)

// Where nobody has said anything, nothing counts as delivered. Here the host that
// took the first recipient hangs up before the second is asked for again, and DNS
// then gives only the address that did not answer before.
func TestSilenceIsNoDelivery(t *testing.T) {
	if none := (verdict{}); none.fate == relayed {
		t.Error("a verdict that nobody gave says that the message was taken")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7", "192.0.2.8")
		two := strings.Replace(sent, "S: 250 ok\n\tC: DATA", "S: 250 ok\n\tC: RCPT TO:<c@x.example>\n\tS: 452 4.5.3 enough\n\tC: DATA", 1)
		w.answers("192.0.2.8:25", talk(two))
		dial := w.q.open
		w.q.open = func(ctx context.Context, way *way, to target) (*link, trouble) {
			l, why := dial(ctx, way, to)
			if l != nil {
				w.hosts["mx.example"] = []netip.Addr{netip.MustParseAddr("192.0.2.7")}
			}
			return l, why
		}
		w.send("b@x.example", "c@x.example")
		w.run(time.Minute)
		if story := w.story(); w.store.left() != 1 || !strings.Contains(story, "b@x.example relayed") || strings.Contains(story, "c@x.example relayed") {
			t.Errorf("%d left\n%s", w.store.left(), story)
		}
	})
}

// Of a domain that names more hosts than anybody needs no more are looked up than
// some, and nobody is told that there is none.
func TestHostsWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for n := range 100 {
			w.host("x.example", fmt.Sprintf("mx%d.example", n), uint16(n))
			w.hosts[fmt.Sprintf("mx%d.example", n)] = &dns.Error{Kind: dns.ErrNoDomain}
		}
		asked := &counted{world: w}
		w.q.cfg.Resolver = asked
		way, why := w.q.router.find(t.Context(), "x.example")
		if why != nil {
			t.Fatal(why.text)
		}
		all, why := w.q.targets(t.Context(), way, false)
		if len(all) > 0 || why == nil || why.fate != later || asked.hosts != mostHosts {
			t.Errorf("%d hosts looked up: %v, %+v", asked.hosts, all, why)
		}
	})
}

// counted counts the hosts that are looked up.
type counted struct {
	*world
	hosts int
}

func (c *counted) Addrs(ctx context.Context, host string) ([]netip.Addr, error) {
	c.hosts++
	return c.world.Addrs(ctx, host)
}

// An attempt for a message that an earlier process took says which one it is:
// perhaps nobody kept what was seen when it came.
func TestAttemptNamesAnEarlierMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mx["x.example"] = &dns.Error{Name: "x.example", Type: "MX", Kind: dns.ErrNoDomain}
		w.sendAs(store.Outgoing{MessageID: "m1"}, "old@x.example")
		w.sendAs(store.Outgoing{From: "<>", Sender: "r"}, "report@x.example")
		time.Sleep(time.Second)
		w.q = New(w.q.cfg)
		w.sendAs(store.Outgoing{MessageID: "m2"}, "new@x.example")
		w.run(time.Minute)
		got := map[string]string{}
		for _, f := range w.facts {
			got[f.Recipient] = fmt.Sprint(f.Earlier, " ", f.From, " ", f.MessageID)
		}
		want := map[string]string{"old@x.example": "true a@us.example m1", "report@x.example": "true  ", "new@x.example": "false  "}
		if !maps.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
