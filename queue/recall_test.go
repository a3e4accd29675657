package queue

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The only message for a host that does not answer comes to the time of its warning,
// and to its end, while nobody is asked: its sender hears what the last try gave, and
// when that was, and nothing counts as another try.
func TestOwnFailureRecalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.q.cfg.Door = keptDoor{&w}
		w.q.cfg.Limits.WarnAfter = 7 * time.Minute // the second try is at about 5, the third at about 15
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.sendUntil("b@x.example", 20*time.Minute)
		looked := act(8*time.Minute, func() string {
			one := w.items()[0]
			return fmt.Sprint(one.Attempts, one.Unasked, one.Warned, time.Until(one.Due).Round(time.Minute))
		})
		w.run(30 * time.Minute)
		if got := <-looked; got != "2 0 true 9m0s" {
			t.Errorf("after the warning: %s", got)
		}
		const said = "b@x.example delayed mx.example: No connection: connection refused\n"
		if got := w.story(); got != strings.Repeat(said, 3)+strings.Replace(said, "delayed", "failed", 1) || len(w.items()) != 0 || w.dialed() != 3 {
			t.Errorf("%s%+v, %d dialed", got, w.items(), w.dialed())
		}
		for _, f := range w.facts {
			if !f.AsOf.IsZero() {
				t.Errorf("somebody was asked: %+v", f)
			}
		}
		all := strings.Join(w.reports, "\n")
		if len(w.reports) != 2 || !strings.Contains(w.reports[0], "Last-Attempt-Date: Sat, 1 Jan 2000 00:05:40") || !strings.Contains(w.reports[1], "Last-Attempt-Date: Sat, 1 Jan 2000 00:16:41") {
			t.Errorf("%s", all)
		}
	})
}
