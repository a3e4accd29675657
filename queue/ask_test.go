package queue

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
)

// asking is a dialogue about one recipient, up to the end of a session.
func asking(mailReply, rcptReply string) string {
	s := "S: 220 them.example\nC: EHLO us.example\nS: 250 them.example\nC: MAIL FROM:<a@from.example>\nS: " + mailReply + "\n"
	if rcptReply != "" {
		s += "C: RCPT TO:<b@x.example>\nS: " + rcptReply + "\n"
	}
	if strings.HasPrefix(mailReply, "250") {
		s += "C: RSET\nS: 250 ok\n"
	}
	return s + "C: QUIT\nS: 221 bye\nclosed"
}

// mute takes the next command and answers nothing more.
func mute(s string) string {
	s, _, _ = strings.Cut(s, "C: RSET")
	if !strings.Contains(s, "EHLO") {
		s += "\nC: EHLO us.example"
	} else {
		s += "C: RCPT TO:<b@x.example>"
	}
	return s + "\nC: never"
}

// unnoted leaves a note out.
func unnoted(_ string, err error) error { return err }

func asked(err error) string {
	var e *mail.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		return "no mail.Error: " + err.Error()
	}
	return fmt.Sprintf("%d %s %s", e.Code, e.Status, e.Text)
}

func TestAsk(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{asking("250 ok", "250 ok"), ""},
		{asking("250 ok", "251 will forward"), ""},
		{asking("250 ok", "550 5.1.1 No such user ñ"), "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 No such user ?"},
		{asking("250 ok", "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 No such user here"), "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 No such user here"},
		{asking("250 ok", "550 Nobody"), "550 5.1.1 The domain's host says to RCPT: 550 Nobody"},
		{asking("250 ok", "552 5.2.2 Full"), "550 5.2.2 The domain's host says to RCPT: 552 5.2.2 Full"},
		{asking("250 ok", "450 4.2.1 Greylisted"), "450 4.2.1 The domain's host says to RCPT: 450 4.2.1 Greylisted"},
		{asking("553 5.1.8 Who are you", ""), "550 5.1.8 The domain's host says to MAIL: 553 5.1.8 Who are you"},
		{asking("451 Not now", ""), "450 4.3.0 The domain's host says to MAIL: 451 Not now"},
		{"S: 554 go away\nC: QUIT\nS: 221 bye\nclosed", "45"},
		{"S: 220 x\nC: EHLO us.example\nS: 250 x\nC: MAIL FROM:<a@from.example>", "451 4.4.2 The domain's host cannot be asked: The connection broke"},
		{"refused", "451 4.4.1 The domain's host cannot be asked: No connection: connection refused"},
		{"silent", "451 4.4.1 The domain's host cannot be asked: No connection: no answer in time"},
		{mute("S: 220 x"), "451 4.4.2 The domain's host cannot be asked: The host gave no answer in time, before a message could be sent"},
		{mute(asking("250 ok", "")), "451 4.4.2 The domain's host cannot be asked: The connection broke: no answer in time"},
		{"S: 220 us.example\nC: EHLO us.example\nS: 250 us.example\nC: QUIT\nS: 221 bye\nclosed", "451 4.4.6 The domain's host cannot be asked: The host that should say"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.failing = strings.HasSuffix(tt.script, "never")
			w.hosts["in.x.example"] = []netip.Addr{netip.MustParseAddr("192.0.2.7")}
			w.answers("192.0.2.7:2525", tt.script)
			left := strings.HasPrefix(tt.script, "S:") // others stay for the next connection
			a := NewAsker(w.q)
			ask := func() error {
				return unnoted(a.Ask(t.Context(), mail.Origin{}, "in.x.example:2525", mail.Envelope{From: mail.Address{Local: "a", Domain: "from.example"}}, mail.Address{Local: "b", Domain: "x.example"}))
			}
			err := ask()
			if got := asked(err); got != tt.want && (tt.want == "" || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("%q: %q, want %q", tt.script, got, tt.want)
			}
			w.peers.Wait()
			dials := len(w.dials)
			if again := ask(); asked(again) != asked(err) || len(w.dials) != dials { // what was said is known
				t.Errorf("%q: then %q after %d dials", tt.script, asked(again), len(w.dials))
			}
			time.Sleep(2 * time.Hour)
			w.answers("192.0.2.7:2525", asking("250 ok", "250 ok"))
			if left {
				if again := ask(); again != nil {
					t.Errorf("%q: after two hours %v", tt.script, again)
				}
			}
			w.peers.Wait()
		})
	}
}

// Who is to be asked is this server: nobody is asked, whatever the port.
func TestAskItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		own := netip.MustParseAddrPort("127.0.0.2:5525")
		w.q.cfg.OwnListener = func(to netip.AddrPort) bool { return to == own }
		got := asked(unnoted(NewAsker(w.q).Ask(t.Context(), mail.Origin{}, own.String(), mail.Envelope{From: mail.Address{Local: "a", Domain: "from.example"}}, mail.Address{Local: "b", Domain: "x.example"})))
		if !strings.HasPrefix(got, "451 4.4.6 The domain's host cannot be asked: The host that should say") || len(w.dials) != 0 {
			t.Errorf("%q after %q", got, w.dials)
		}
		w.routes["x.example"] = Route{Hosts: []string{own.String(), "127.0.0.2:25"}}
		way, err := w.q.Explain(t.Context(), "x.example")
		if err != nil || len(way.Targets) != 2 || !way.Targets[0].Own || way.Targets[1].Own {
			t.Errorf("%+v, %v", way.Targets, err)
		}
	})
}

// A host with several addresses is asked at the next one; a route of the
// domain's own says better where.
func TestAskElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["in.x.example"] = []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")}
		w.answers("192.0.2.8:25", asking("250 ok", "550 5.1.1 no"))
		a := NewAsker(w.q)
		from, to := mail.Address{Local: "a", Domain: "from.example"}, mail.Address{Local: "b", Domain: "x.example"}
		if got := asked(unnoted(a.Ask(t.Context(), mail.Origin{}, "in.x.example", mail.Envelope{From: from}, to))); !strings.HasPrefix(got, "550 5.1.1") || len(w.dials) != 2 {
			t.Errorf("%q after %q", got, w.dials)
		}
		w.routes["x.example"] = Route{Hosts: []string{"10.0.0.1:26"}}
		w.answers("10.0.0.1:26", asking("250 ok", "250 ok"))
		w.q.Rerouted() // what the old way's host said counts no more
		if _, err := a.Ask(t.Context(), mail.Origin{}, "in.x.example", mail.Envelope{From: from}, to); err != nil {
			t.Error(err)
		}
		w.peers.Wait()
	})
}

// A host that does not answer keeps only those waiting who ask it; who waits too
// long hears so; what is remembered is bounded.
func TestAskBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hosts["slow.example"] = []netip.Addr{netip.MustParseAddr("192.0.2.7")}
		w.hosts["well.example"] = []netip.Addr{netip.MustParseAddr("192.0.2.8")}
		w.answers("192.0.2.7:25", "silent")
		w.answers("192.0.2.8:25", asking("250 ok", "250 ok"))
		a := NewAsker(w.q)
		from := mail.Address{Local: "a", Domain: "from.example"}
		began := time.Now()
		var crowd sync.WaitGroup
		ask := func(n int, patience time.Duration, want string) {
			for i := range n {
				crowd.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					got := asked(unnoted(a.Ask(ctx, mail.Origin{}, "slow.example", mail.Envelope{From: from}, mail.Address{Local: fmt.Sprint(patience, i), Domain: "x.example"})))
					if !strings.HasPrefix(got, want) || time.Since(began) != patience {
						t.Errorf("%q after %v", got, time.Since(began))
					}
				})
			}
			synctest.Wait()
		}
		ask(mostAsked, askTime, "451 4.4.1")
		ask(20, askTime/2, "451 4.4.5")
		if _, err := a.Ask(context.Background(), mail.Origin{}, "well.example", mail.Envelope{From: from}, mail.Address{Local: "b", Domain: "x.example"}); err != nil || time.Since(began) > time.Second {
			t.Errorf("the other host: %v after %v", err, time.Since(began))
		}
		crowd.Wait()
		if len(a.turns) != 0 || len(a.all) != 0 {
			t.Errorf("%d hosts are still asked, %d turns taken", len(a.turns), len(a.all))
		}
		for i := range mostKept + 10 {
			a.keep(question{to: fmt.Sprint(i)}, answer{})
		}
		if len(a.said) != mostKept {
			t.Errorf("%d answers are kept", len(a.said))
		}
		w.peers.Wait()
	})
}
