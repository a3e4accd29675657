package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"posta/dns"
	"posta/store"
)

// slowNames is the world's DNS, a minute late.
type slowNames struct{ *world }

func (s slowNames) MX(ctx context.Context, domain string) ([]dns.MX, error) {
	time.Sleep(time.Minute)
	return s.world.MX(ctx, domain)
}

// Of what is due and nobody is at yet it is known how far it is, and of what is put off
// when it is tried, not when its sender is told of the delay.
func TestProspects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.q.cfg.Resolver = slowNames{w}
		w.q.cfg.Limits.WarnAfter = 4 * time.Minute
		w.host("x.example", "mx.x.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "silent")
		began := time.Now()
		for _, sender := range []string{"a", "b"} {
			w.sendAs(store.Outgoing{Sender: sender, From: sender + "@us.example"}, "c@x.example")
		}
		seen := make(chan struct{}, 3) // each time that was looked: what it wrote may be read
		see := func(after time.Duration, check func(items []store.Item, all []Prospect)) {
			time.AfterFunc(after, func() {
				defer func() { seen <- struct{}{} }()
				items, err := w.store.Items(t.Context(), store.Pick{})
				if err != nil || len(items) != 2 {
					t.Error(items, err)
					return
				}
				check(items, w.q.Prospects(items))
			})
		}
		see(30*time.Second, func(_ []store.Item, all []Prospect) {
			if all[0].Stage != LookingUp || all[1].Stage != LookingUp {
				t.Errorf("while the DNS is asked: %+v", all)
			}
		})
		see(time.Minute+time.Second, func(items []store.Item, all []Prospect) {
			for i, one := range all {
				if items[i].Leased == items[1-i].Leased || items[i].Leased != (one == Prospect{}) || !items[i].Leased && one.Stage != InTurn {
					t.Errorf("while one is tried: %+v", all)
				}
			}
		})
		var next time.Time
		see(3*time.Minute, func(items []store.Item, all []Prospect) {
			warning := began.Add(4 * time.Minute)
			if next = all[1].Next; !items[1].Due.Equal(warning) || !next.After(warning) || all[1].Stage != Nowhere {
				t.Errorf("while nobody answers: due %s, %+v", items[1].Due, all)
			}
		})
		w.run(3*time.Minute + time.Second)
		for range cap(seen) {
			<-seen
		}
		for _, f := range w.facts {
			if !f.Next.Equal(next) {
				t.Errorf("%s is told that it is tried again at %s, not %s", f.ID, f.Next, next)
			}
		}
		if len(w.facts) != 2 {
			t.Error(w.story())
		}
	})
}
