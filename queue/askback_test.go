package queue

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
)

// whoAsks is a client that calls itself so.
func whoAsks(helo, from string) mail.Origin {
	return mail.Origin{Helo: helo, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 4000)}
}

// A host that is being asked about somebody is not asked back about him: not by the
// name that it greets with, not by the one that it is asked under, and not by its
// address. Others who want to know meanwhile hear what it says.
func TestAskedBack(t *testing.T) {
	from, to := mail.Address{Local: "a", Domain: "from.example"}, mail.Address{Local: "b", Domain: "x.example"}
	for _, tt := range []struct {
		name string
		by   mail.Origin
		back bool
	}{
		{"by its greeting", whoAsks("THEM.example", "192.0.2.99"), true},
		{"by its name", whoAsks("in.x.example", "192.0.2.99"), true},
		{"by its address", whoAsks("else", "192.0.2.7"), true},
		{"somebody else", whoAsks("client.example", "192.0.2.99"), false},
		{"who has logged in there", mail.Origin{Helo: "them.example", Login: mail.Login{Account: 1}}, false},
	} {
		for answer, want := range map[string]string{"250 ok": "", "550 5.1.1 no": "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 no"} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.hosts["in.x.example"] = addrs("192.0.2.7")
				a := NewAsker(w.q)
				script := asking("250 ok", answer)
				w.answers("192.0.2.7:25", strings.Replace(script, "C: RCPT TO:<b@x.example>\n", "C: RCPT TO:<b@x.example>\nwait 2s\n", 1))
				var first sync.WaitGroup
				first.Go(func() {
					if got := asked(unnoted(a.Ask(t.Context(), whoAsks("client.example", "192.0.2.98"), "in.x.example", mail.Envelope{From: from}, to))); got != want {
						t.Errorf("%s: who asked first: %q", tt.name, got)
					}
				})
				synctest.Wait()
				began, whom, now := time.Now(), to, want
				if tt.back {
					whom.Local, now = "B", "550 5.1.1 No such user here"
				}
				got := asked(unnoted(a.Ask(t.Context(), tt.by, "in.x.example", mail.Envelope{From: from}, whom)))
				if waited := time.Since(began) > 0; got != now || waited == tt.back {
					t.Errorf("%s: %q after %v", tt.name, got, time.Since(began))
				}
				first.Wait()
				if w.peers.Wait(); len(w.dials) != 1 || len(a.under) != 0 {
					t.Errorf("%s: %q, under way %d", tt.name, w.dials, len(a.under))
				}
			})
		}
	}
}

// Of an address that another one here leads to the host is asked also where it is itself who
// wants to know, and what it said before counts; not where it is being asked about
// that very address for the same sender: so two forwards that lead to each other end.
func TestAskedBehindAnother(t *testing.T) {
	to := mail.Address{Local: "b", Domain: "x.example"}
	mine, yours := mail.Envelope{From: mail.Address{Local: "a", Domain: "from.example"}}, mail.Envelope{From: mail.Address{Local: "c", Domain: "from.example"}}
	const circle, no = "550 5.4.6 That way comes back to where it began", "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 no"
	host := whoAsks("them.example", "192.0.2.7")
	for _, tt := range []struct {
		name   string
		first  *mail.Envelope // whose question is under way, or nil
		before bool           // it said yes to somebody else before
		answer string
		want   string
		dials  int
	}{
		{"the host itself", nil, false, "250 ok", "", 1},
		{"the host itself, which has nobody", nil, false, "550 5.1.1 no", no, 1},
		{"what it said before", nil, true, "250 ok", "", 1},
		{"in a circle", &mine, false, "250 ok", circle, 1},
		{"beside another sender's", &yours, false, "250 ok", "", 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.hosts["in.x.example"] = addrs("192.0.2.7")
			script := strings.Replace(asking("250 ok", tt.answer), "C: RCPT TO:<b@x.example>\n", "C: RCPT TO:<b@x.example>\nwait 2s\n", 1)
			if tt.first == &yours {
				w.answers("192.0.2.7:25", strings.Replace(script, "FROM:<a@", "FROM:<c@", 1), script)
			} else {
				w.answers("192.0.2.7:25", script)
			}
			a := NewAsker(w.q)
			var first sync.WaitGroup
			if tt.before {
				_, _ = a.Ask(t.Context(), whoAsks("client.example", "192.0.2.98"), "in.x.example", mine, to)
			}
			if tt.first != nil {
				first.Go(func() {
					if got := asked(unnoted(a.Ask(t.Context(), whoAsks("client.example", "192.0.2.98"), "in.x.example", *tt.first, to))); got != "" {
						t.Errorf("%s: who asked first: %q", tt.name, got)
					}
				})
				synctest.Wait()
			}
			if got := asked(unnoted(a.AskBehind(t.Context(), host, "in.x.example", mine, to))); got != tt.want {
				t.Errorf("%s: %q", tt.name, got)
			}
			first.Wait()
			if w.peers.Wait(); len(w.dials) != tt.dials || len(a.under) != 0 {
				t.Errorf("%s: %q, under way %d", tt.name, w.dials, len(a.under))
			}
		})
	}
}

// Somebody else behind the host's address is no such host: who asks for another sender,
// or as who wanted to know first, who is there, too, and so is not the host.
func TestAskedBehindItsAddress(t *testing.T) {
	to := mail.Address{Local: "b", Domain: "x.example"}
	for _, tt := range []struct{ first, sender, want string }{
		{"192.0.2.98", "c", ""}, {"192.0.2.7", "a", ""}, {"192.0.2.98", "a", "550 5.1.1 No such user here"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.hosts["in.x.example"] = addrs("192.0.2.7")
			w.failing = true
			script := asking("250 ok", "250 ok")
			slow := strings.Replace(script, "C: RCPT TO:<b@x.example>\n", "C: RCPT TO:<b@x.example>\nwait 2s\n", 1)
			w.answers("192.0.2.7:25", slow, strings.Replace(script, "FROM:<a@", "FROM:<c@", 1))
			a := NewAsker(w.q)
			ask := func(from, sender string) string {
				return asked(unnoted(a.Ask(t.Context(), whoAsks("client.example", from), "in.x.example", mail.Envelope{From: mail.Address{Local: sender, Domain: "from.example"}}, to)))
			}
			var first sync.WaitGroup
			first.Go(func() {
				if got := ask(tt.first, "a"); got != "" {
					t.Errorf("who asked first: %q", got)
				}
			})
			synctest.Wait()
			if got := ask("192.0.2.7", tt.sender); got != tt.want {
				t.Errorf("%+v: %q", tt, got)
			}
			first.Wait()
			w.peers.Wait()
		})
	}
}

// Of whom a host took before, it may itself want to know, when it has them no more: it is
// told what is known here, and others ask anew.
func TestAskedBackLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := mail.Address{Local: "a", Domain: "from.example"}, mail.Address{Local: "b", Domain: "x.example"}
		w := newWorld(t)
		w.hosts["in.x.example"] = addrs("192.0.2.7")
		w.answers("192.0.2.7:25", asking("250 ok", "250 ok"), asking("250 ok", "550 5.1.1 no"))
		a := NewAsker(w.q)
		for _, one := range []struct{ helo, want string }{
			{"client.example", ""}, {"other.example", ""}, {"them.example", "550 5.1.1 No such user here"},
			{"other.example", "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 no"},
		} {
			if got := asked(unnoted(a.Ask(t.Context(), whoAsks(one.helo, "192.0.2.99"), "in.x.example", mail.Envelope{From: from}, to))); got != one.want {
				t.Errorf("%s: %q", one.helo, got)
			}
		}
		w.peers.Wait()
	})
}

// A host that was silent a moment ago and took somebody before that is the client now, and
// asks about him: what is remembered of it is no answer to it. Else mail would circle.
func TestAskedBackSilent(t *testing.T) {
	const known, here, no = "250 in.x.example was not reached", "550 5.1.1 No such user here", "550 5.1.1 The domain's host says to RCPT: 550 5.1.1 no"
	there := whoAsks("them.example", "192.0.2.99")
	there.Login = mail.Login{Account: 1}
	for _, tt := range []struct {
		name     string
		by       mail.Origin
		restart  bool   // how the host greets is forgotten
		now      string // what it does when it is asked anew
		want     string
		then     string // what others hear
		askAgain bool
	}{
		{"somebody else", whoAsks("client.example", "192.0.2.99"), false, "refused", known, known, false},
		{"by its greeting", whoAsks("them.example", "192.0.2.99"), false, "refused", here, known, false},
		{"by its name", whoAsks("in.x.example", "192.0.2.99"), true, "refused", here, known, false},
		{"by its address", whoAsks("else", "192.0.2.7"), true, asking("250 ok", "550 5.1.1 no"), no, no, true},
		{"by its address, which does not answer", whoAsks("else", "192.0.2.7"), true, "refused", gone, known, true},
		{"who has logged in there", there, false, asking("250 ok", "550 5.1.1 no"), no, no, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			backedUp(t, func(b *backup) {
				b.is(asking("250 ok", "250 ok"))
				b.ask("b", "250")
				if tt.restart {
					b.restart()
				} else {
					time.Sleep(2 * yesKept)
				}
				b.is("refused")
				b.ask("c", gone)
				dials := b.dialed()
				b.is(tt.now)
				b.askBy(tt.by, "b", tt.want)
				if asked := b.dialed() > dials; asked != tt.askAgain {
					t.Errorf("asked anew: %t", asked)
				}
				b.ask("b", tt.then)
			})
		})
	}
}

// Who waits for another's answer goes on when that one has left.
func TestAskedForWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := mail.Address{Local: "a", Domain: "from.example"}, mail.Address{Local: "b", Domain: "x.example"}
		w := newWorld(t)
		w.hosts["in.x.example"] = addrs("192.0.2.7")
		w.failing = true
		w.answers("192.0.2.7:25", strings.Replace(asking("250 ok", "250 ok"), "C: RCPT TO:<b@x.example>\n", "C: RCPT TO:<b@x.example>\nwait 2s\n", 1), asking("250 ok", "250 ok"))
		a := NewAsker(w.q)
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, _ = a.Ask(ctx, whoAsks("client.example", "192.0.2.98"), "in.x.example", mail.Envelope{From: from}, to)
		})
		synctest.Wait()
		all.Go(func() {
			if got := asked(unnoted(a.Ask(t.Context(), whoAsks("other.example", "192.0.2.99"), "in.x.example", mail.Envelope{From: from}, to))); got != "" {
				t.Errorf("%q", got)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		w.peers.Wait()
	})
}
