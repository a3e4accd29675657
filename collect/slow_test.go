package collect_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/wire/wiretest"
)

// scheduled runs an entry of every minute for a time, and gives when it was
// tried, in minutes from the beginning.
func (c *customer) scheduled(t *testing.T, e collect.Entry, began time.Time, how time.Duration) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	var tries []string
	c.dialed = func() { tries = append(tries, time.Since(began).Round(time.Minute).String()) }
	c.Stir()
	go func() { done <- c.Run(ctx) }()
	time.Sleep(how)
	synctest.Wait()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return tries
}

// A log-in that is refused makes the schedule slow, up to once a day, and the
// administrator hears of it once. By hand it begins anew, and what goes well
// puts it back.
func TestRefusedLogin(t *testing.T) {
	enter := strings.Replace(mailbox, "\tC: CAPA\n\tS: +OK\n\tS: USER\n\tS: .\n", "", 1)
	refused := strings.TrimSuffix(enter, "S: +OK") + "S: -ERR [AUTH] no"
	let := enter + "\n\tC: LIST\n\tS: +OK\n\tS: .\n\tC: UIDL\n\tS: +OK\n\tS: .\n\tC: QUIT\n\tS: +OK"
	synctest.Test(t, func(t *testing.T) {
		var good atomic.Bool
		c := newCustomer(t, func(nc net.Conn) {
			script := refused
			if good.Load() {
				script = let
			}
			_ = wiretest.Script(nc, script, nil)
			_ = nc.Close()
		})
		began := time.Now()
		e := popEntry()
		e.Every, e.Next = time.Minute, began
		e = c.add(t, e)
		want := []string{"0s", "4m0s", "20m0s", "1h24m0s", "5h40m0s", "22h44m0s", "46h44m0s", "70h44m0s"}
		if got := c.scheduled(t, e, began, 72*time.Hour); !slices.Equal(got, want) {
			t.Errorf("tried at %v", got)
		}
		at, _ := c.store.Entry(t.Context(), e.ID)
		if said, denied := at.Last.Denied(); !at.Slowed() || !denied || said != "no" {
			t.Errorf("%+v", at)
		}
		if len(c.denied) != 1 || c.denied[0].ID != e.ID || !c.denied[0].Slowed() {
			t.Errorf("told %+v", c.denied)
		}
		if _, _, err := c.Once(t.Context(), e.ID); err != nil {
			t.Error(err)
		}
		if at, _ = c.store.Entry(t.Context(), e.ID); !at.Next.Equal(time.Now().Add(4*time.Minute)) || len(c.denied) != 1 {
			t.Errorf("by hand: %+v", at)
		}
		good.Store(true)
		if _, _, err := c.Once(t.Context(), e.ID); err != nil {
			t.Error(err)
		}
		if at, _ = c.store.Entry(t.Context(), e.ID); !at.Next.Equal(time.Now().Add(time.Minute)) || at.Slowed() {
			t.Errorf("what went well: %+v", at)
		}
		good.Store(false)
		c.scheduled(t, e, time.Now(), time.Hour)
		if len(c.denied) != 2 {
			t.Errorf("told %d times", len(c.denied))
		}
	})
}

// Other failures slow a schedule down to once an hour, and a refusal of the
// log-in for now is such a one.
func TestFailing(t *testing.T) {
	for _, tt := range []struct {
		every time.Duration
		serve func(net.Conn)
		want  []string
	}{
		{time.Minute, nil, []string{"0s", "2m0s", "6m0s", "14m0s", "30m0s", "1h2m0s", "2h2m0s", "3h2m0s"}},
		{2 * time.Hour, nil, []string{"0s", "2h0m0s"}},
		{40 * time.Minute, func(nc net.Conn) {
			_ = wiretest.Script(nc, "S: 220 x\nC: EHLO gw.north.example\nS: 250-x\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AG5vcnRoAGdlaGVpbQ==\nS: 454 4.7.0 later", nil)
			_ = nc.Close()
		}, []string{"0s", "1h0m0s", "2h0m0s", "3h0m0s"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, tt.serve)
			began := time.Now()
			e := atrn()
			e.Every, e.Next, e.TLS = tt.every, began, collect.Clear
			e = c.add(t, e)
			if got := c.scheduled(t, e, began, 4*time.Hour-time.Second); !slices.Equal(got, tt.want) {
				t.Errorf("every %v: tried at %v", tt.every, got)
			}
			if len(c.denied) != 0 {
				t.Errorf("told %+v", c.denied)
			}
		})
	}
}
