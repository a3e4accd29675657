package collect_test

import (
	"context"
	"errors"
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
	enter := withoutCapa()
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
		if said, denied := at.Last.Denied(); !at.Slowed() || !denied || said != `-ERR "no"` {
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

// A change breaks a visit off, begins anew, and whoever asked by hand gets what
// became of the changed entry.
func TestChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talks := make(chan net.Conn)
		c := newCustomer(t, func(nc net.Conn) { talks <- nc })
		e := c.add(t, atrn())
		ended := make(chan collect.Result, 1)
		go func() {
			r, _, err := c.Once(t.Context(), e.ID)
			if err != nil {
				t.Error(err)
			}
			ended <- r
		}()
		<-talks // it hears no greeting
		err := c.Change(e.ID, func() error {
			synctest.Wait()
			if at, err := c.store.Entry(t.Context(), e.ID); err != nil || at.Last.Failure != "it was changed or removed meanwhile" {
				t.Errorf("%+v %v", at, err)
			}
			e.Host = "other.example"
			return c.store.ChangeEntry(t.Context(), e, collect.ResultAnew)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := wiretest.Script(<-talks, "S: 421 later\nclosed", nil); err != nil {
			t.Error(err)
		}
		if r := <-ended; r.Failure != "421 later" || !slices.Equal(c.dials, []string{"provider.example:366", "other.example:366"}) {
			t.Errorf("%+v after %v", r, c.dials)
		}
		failed := errors.New("no")
		if err := c.Change(e.ID, func() error { return failed }); err != failed {
			t.Error(err)
		}
	})
}

// A change keeps what became of an entry, unless that was at another place, or a failure
// that another way in may mend. Whoever changes it begins anew with its pauses.
func TestSince(t *testing.T) {
	at := time.Date(2026, 11, 27, 4, 5, 6, 0, time.UTC)
	for _, tt := range []struct {
		about, failure string
		change         func(*collect.Entry)
		want           collect.Anew
	}{
		{"the schedule", "no answer in time", func(e *collect.Entry) { e.Every, e.Keep = time.Hour, true }, collect.NothingAnew},
		{"the password where all went well", "", func(e *collect.Entry) { e.Password = "new" }, collect.NothingAnew},
		{"the password where it was refused", "log-in refused: 535 no", func(e *collect.Entry) { e.Password = "new" }, collect.ResultAnew},
		{"the password where some was refused here", "what came was refused here: 550 no", func(e *collect.Entry) { e.Password = "new" }, collect.NothingAnew},
		{"TLS where it failed", "no TLS: no", func(e *collect.Entry) { e.TLS = collect.Required }, collect.ResultAnew},
		{"certificates where they did not prove it", "no TLS: no", func(e *collect.Entry) { e.CA = "x" }, collect.ResultAnew},
		{"the account", "", func(e *collect.Entry) { e.Account = "ana@north.example" }, collect.ResultAnew},
		{"the port", "", func(e *collect.Entry) { e.Host += ":2110" }, collect.ResultAnew},
		{"the host", "", func(e *collect.Entry) { e.Host = "other.example" }, collect.AllAnew},
		{"the user", "", func(e *collect.Entry) { e.User = "ana" }, collect.AllAnew},
	} {
		before := popEntry()
		before.Every, before.Last = time.Minute, collect.Result{At: at, Took: time.Second, Failure: tt.failure}
		e := before
		if tt.change(&e); e.Since(&before) != tt.want {
			t.Errorf("%s: %d begins anew", tt.about, e.Since(&before))
		}
	}
	for failure, want := range map[string]time.Time{"": at.Add(time.Hour), "no answer in time": at.Add(2 * time.Second)} {
		e := popEntry()
		e.Every, e.Last = time.Minute, collect.Result{At: at, Took: time.Second, Apart: time.Second, Failure: failure}
		if e.Next = e.Unpaused(at.Add(time.Hour)); !e.Next.Equal(want) || failure != "" && e.Slowed() {
			t.Errorf("after %q it is due at %v, slowed %v", failure, e.Next, e.Slowed())
		}
	}
}

func TestSame(t *testing.T) {
	pop, provider := popEntry(), atrn()
	provider.Domains = []string{"north.example", "a.example"}
	for _, tt := range []struct {
		about         string
		change        func(*collect.Entry)
		same, mailbox bool
	}{
		{"nothing", func(*collect.Entry) {}, true, true},
		{"the way's own port", func(e *collect.Entry) {
			e.Host += map[collect.Way]string{collect.POP3: ":110", collect.ATRN: ":366"}[e.Way]
		}, true, true},
		{"another port", func(e *collect.Entry) { e.Host += ":2525" }, false, true},
		{"another host", func(e *collect.Entry) { e.Host = "other.example" }, false, false},
		{"another user", func(e *collect.Entry) { e.User = "x" }, false, false},
		{"the password, the schedule", func(e *collect.Entry) { e.Password, e.Keep, e.Every = "x", true, time.Hour }, true, true},
		{"another account or domain", func(e *collect.Entry) { e.Account, e.Domains = "x@north.example", e.Domains[:len(e.Domains)/2] }, false, true},
		{"another order", func(e *collect.Entry) { slices.Reverse(e.Domains) }, true, true},
		{"another way", func(e *collect.Entry) { e.Way = collect.TURN }, false, true},
	} {
		for _, e := range []collect.Entry{pop, provider} {
			other := e
			other.Domains = slices.Clone(e.Domains)
			if tt.change(&other); e.Same(&other) != tt.same || other.SameMailbox(&e) != tt.mailbox {
				t.Errorf("%s: %+v and %+v", tt.about, e, other)
			}
		}
	}
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

// A provider that releases only some of what is asked for does not make the schedule
// slow; one that releases nothing does.
func TestPartlyReleased(t *testing.T) {
	for second, want := range map[string][]string{
		"250 so": {"0s", "10m0s", "20m0s", "30m0s", "40m0s", "50m0s"}, "459 no": {"0s", "20m0s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, func(nc net.Conn) {
				_ = wiretest.Script(nc, "S: 220 x\nC: EHLO gw.north.example\nS: 250 x\nC: ETRN a.example\nS: 459 no\nC: ETRN b.example\nS: "+second+"\nC: QUIT\nS: 221 bye", nil)
				_ = nc.Close()
			})
			began := time.Now()
			e := c.add(t, collect.Entry{Way: collect.ETRN, Host: "x.example", Domains: []string{"a.example", "b.example"}, Every: 10 * time.Minute, Next: began})
			got := c.scheduled(t, e, began, time.Hour-time.Second)
			if at, err := c.store.Entry(t.Context(), e.ID); !slices.Equal(got, want) || err != nil || at.Last.Failure == "" || at.Slowed() != (second == "459 no") {
				t.Errorf("%s: tried at %v, then %+v, %v", second, got, at, err)
			}
		})
	}
}

// A server that says nothing may wait for TLS.
func TestUngreeted(t *testing.T) {
	for about, serve := range map[string]func(net.Conn){"silence": func(net.Conn) {}, "an end": func(nc net.Conn) { _ = nc.Close() }} {
		synctest.Test(t, func(t *testing.T) {
			if r := newCustomer(t, serve).once(t, popEntry()); !strings.HasPrefix(r.Failure, "no greeting came; perhaps that port begins with TLS") {
				t.Errorf("%s: %q", about, r.Failure)
			}
		})
	}
}
