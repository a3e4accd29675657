package collect_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/event"
	"posta/smtp/smtpclient"
	"posta/wire/wiretest"
)

// While an entry is collected it is known since when, and in which session.
func TestUnderway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, func(nc net.Conn) {
			time.Sleep(10 * time.Second)
			_ = nc.Close()
		})
		e := c.add(t, popEntry())
		began := time.Now()
		go func() { _, _, _ = c.Once(t.Context(), e.ID) }()
		synctest.Wait()
		if u, is := c.Underway(e.ID); !is || !u.Since.Equal(began) || u.Session == 0 {
			t.Errorf("%+v %v", u, is)
		}
		time.Sleep(time.Hour)
		if u, is := c.Underway(e.ID); is {
			t.Errorf("long after its end: %+v", u)
		}
	})
}

// ends keeps how sessions ended.
type ends struct{ all []string }

func (*ends) Wants(uint64, event.Layer, event.Part) bool { return false }

func (n *ends) Emit(e *event.Event) {
	if end, ok := e.Fact.(event.Closed); ok {
		n.all = append(n.all, end.Reason)
	}
}

// A turned session that somebody broke off ends so, and not as by posta's end.
func TestTurnedBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := &provider{more: func(*smtpclient.Client) { cancel(); time.Sleep(time.Second) }}
		c := newCustomer(t, p.serve(t, true))
		seen := &ends{}
		c.watch(seen)
		e := atrn()
		e.Way = collect.TURN
		e = c.add(t, e)
		r, _, err := c.Once(ctx, e.ID)
		if err != nil || r.Failure != "it was interrupted" || !slices.Contains(seen.all, "collect: it was interrupted") || slices.Contains(seen.all, "shutdown") {
			t.Errorf("%+v %v, sessions ended %q", r, err, seen.all)
		}
		time.Sleep(time.Hour)
	})
}

// What a certificate proves is told of the session, as of those by which mail leaves.
func TestCertificateIsTold(t *testing.T) {
	for _, known := range []bool{true, false} {
		cfg, roots := certificate(t, "pop.example")
		if !known {
			_, roots = certificate(t, "pop.example")
		}
		c := newCustomer(t, func(nc net.Conn) {
			_ = wiretest.Script(nc, "\tS: +OK\n\tC: CAPA\n\tS: +OK\n\tS: STLS\n\tS: .\n\tC: STLS\n\tS: +OK\n\ttls\n\tC: CAPA\n\tS: +OK\n\tS: .", cfg)
			_ = nc.Close()
		}, roots)
		seen := &notes{}
		c.watch(seen)
		e := popEntry()
		e.TLS = collect.Opportunistic
		c.once(t, e)
		want := "The host's certificate is not valid: so"
		if known {
			want = "The host's certificate is valid"
		}
		if !slices.ContainsFunc(seen.all, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("known %v: notes %q", known, seen.all)
		}
	}
}

// What came before and is deleted there now is counted, once that is so.
func TestErased(t *testing.T) {
	enter := withoutCapa() + "\n"
	list := enter + "\tC: LIST\n\tS: +OK\n\tS: 1 9\n\tS: .\n\tC: UIDL\n\tS: +OK\n\tS: 1 a\n\tS: .\n"
	scripts := []string{
		list + "\tC: RETR 1\n\tS: +OK\n\tS: Subject: x\n\tS:\n\tS: x\n\tS: .\n\tC: QUIT\n\tS: +OK",
		list + "\tC: DELE 1\n\tS: +OK\n\tC: QUIT\n\tS: -ERR no",
		list + "\tC: DELE 1\n\tS: +OK\n\tC: QUIT\n\tS: +OK",
	}
	n := 0
	c := newCustomer(t, func(nc net.Conn) {
		if err := wiretest.Script(nc, scripts[n], nil); err != nil {
			t.Error(err)
		}
		_ = nc.Close()
	})
	e := popEntry()
	e.Keep = true
	e = c.add(t, e)
	for i, want := range []struct{ came, erased int }{{1, 0}, {0, 0}, {0, 1}} {
		n = i
		r, _, err := c.Once(t.Context(), e.ID)
		if err != nil || r.Messages != want.came || r.Erased != want.erased {
			t.Errorf("%d: %+v %v", i, r, err)
		}
		e.Keep = false
		if err := c.store.ChangeEntry(t.Context(), e, collect.NothingAnew); err != nil {
			t.Error(err)
		}
	}
}
