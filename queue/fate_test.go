package queue

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
