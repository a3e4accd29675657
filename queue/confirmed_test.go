package queue

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/store/sqldb"
)

// backup is a backup MX of x.example in a world, which can be started again.
type backup struct {
	*world
	t   *testing.T
	dir string
	db  *sqldb.DB
	a   *Asker
	end func()
}

func newBackup(t *testing.T) *backup {
	b := &backup{world: newWorld(t), t: t, dir: t.TempDir()}
	b.hosts["in.x.example"] = []netip.Addr{netip.MustParseAddr("192.0.2.7")}
	b.start()
	relay := directory.NewDomain("x.example")
	relay.Kind, relay.Relay, relay.Callout = directory.KindRelay, "in.x.example", true
	if _, err := b.db.Directory().AddDomain(t.Context(), relay); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *backup) start() {
	b.t.Helper()
	db, err := sqldb.Open(b.t.Context(), b.dir, sqldb.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.db, b.q.cfg.Confirmed = db, db
	b.a = NewAsker(b.q)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- b.a.Run(ctx) }()
	b.end = func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
		if err := db.Close(); err != nil {
			b.t.Error(err)
		}
	}
}

// restart forgets all that only a process knows.
func (b *backup) restart() {
	b.t.Helper()
	b.end()
	b.start()
}

// ask asks about a recipient, and is told what begins so: "250" and the note.
func (b *backup) ask(local, want string) {
	b.t.Helper()
	b.askBy(mail.Origin{}, local, want)
}

func (b *backup) askBy(by mail.Origin, local, want string) {
	b.t.Helper()
	note, err := b.a.Ask(b.t.Context(), by, "in.x.example", mail.Envelope{From: mail.Address{Local: "a", Domain: "from.example"}}, mail.Address{Local: local, Domain: "x.example"})
	got := asked(err)
	if err == nil {
		got = strings.TrimSpace("250 " + note)
	}
	if !strings.HasPrefix(got, want) || want == "250" && got != want {
		b.t.Errorf("%s: %q, want %q", local, got, want)
	}
	b.peers.Wait()
}

// is lets the host answer the next connection so; none: it is down.
func (b *backup) is(script ...string) { b.scripts["192.0.2.7:25"] = script }

func backedUp(t *testing.T, test func(b *backup)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackup(t)
		defer func() { b.end() }()
		test(b)
		for _, err := range b.problems {
			t.Error(err)
		}
	})
}

const gone = "451 4.4.1 The domain's host cannot be asked: No connection"

// Whom the host took before is taken while it is down, also after a restart, for
// 31 days since it last did; nobody else is.
func TestConfirmed(t *testing.T) {
	backedUp(t, func(b *backup) {
		b.is(asking("250 ok", "250 ok"))
		b.ask("b", "250")
		b.restart()
		b.ask("c", gone)
		b.ask("b", "250 in.x.example was not reached (No connection: connection refused); it is known to take b@x.example: it did so on 2000-01-01")
		dials := b.dialed()
		b.ask("B", "250 in.x.example was not reached (No connection: connection refused)")
		b.ask("b", "250 in.x.example was not reached")
		if b.dialed() != dials {
			t.Error("a host that was away a moment ago is asked again about whom it is known to take")
		}
		time.Sleep(20 * 24 * time.Hour)
		b.is(asking("250 ok", "250 ok"))
		b.ask("b", "250")
		b.restart()
		time.Sleep(31 * 24 * time.Hour)
		b.ask("b", "250 in.x.example was not reached (No connection: connection refused); it is known to take b@x.example: it did so on 2000-01-21")
		b.restart()
		time.Sleep(time.Second)
		b.ask("b", gone)
	})
}

// What the host answers holds; what it did before counts where it answers nothing.
func TestConfirmedAnswers(t *testing.T) {
	const known = "250 in.x.example was not reached"
	for _, tt := range []struct{ script, want, then string }{
		{"refused", known, known},
		{"silent", known, known},
		{mute("S: 220 x"), known, known},
		{mute(asking("250 ok", "")), known, known},
		{"S: 421 closing\nclosed", known, known},
		{"S: 450 busy\nC: QUIT\nS: 221 bye\nclosed", known, known},
		{"S: 220 x\nC: EHLO us.example\nS: 421 closing\nclosed", known, known},
		{"S: 554 go away\nC: QUIT\nS: 221 bye\nclosed", "450 ", known},
		{"S: 220 us.example\nC: EHLO us.example\nS: 250 us.example\nC: QUIT\nS: 221 bye\nclosed", "451 4.4.6", known},
		{asking("250 ok", "450 4.2.1 Greylisted"), "450 4.2.1", known},
		{asking("451 not now", ""), "450 ", known},
		{asking("553 5.1.8 Who are you", ""), "550 5.1.8", known},
		{asking("250 ok", "550 5.1.1 no"), "550 5.1.1", gone},
		{asking("250 ok", "552 5.2.2 full"), "550 5.2.2", gone},
	} {
		t.Run(tt.script, func(t *testing.T) {
			backedUp(t, func(b *backup) {
				b.is(asking("250 ok", "250 ok"))
				b.ask("b", "250")
				b.restart()
				b.failing = strings.HasSuffix(tt.script, "never")
				b.is(tt.script)
				b.ask("b", tt.want)
				b.restart()
				b.is("refused")
				b.ask("b", tt.then)
			})
		})
	}
}

// What is wrong between us and the host is no reason to take anybody.
func TestUnasked(t *testing.T) {
	refused := verdict{fate: later, verb: "AUTH", code: 535, status: status(4, 7, 8)}
	busy := refused
	busy.code = 454
	if refused.unasked() || !busy.unasked() || (verdict{fate: failed}).unasked() {
		t.Errorf("%t %t %t", refused.unasked(), busy.unasked(), verdict{fate: failed}.unasked())
	}
}

// A refusal counts also where what was confirmed is not written yet.
func TestConfirmedRefusedAtOnce(t *testing.T) {
	backedUp(t, func(b *backup) {
		to := mail.Address{Local: "b", Domain: "x.example"}
		b.a.confirmed.add(to, "in.x.example")
		b.a.confirmed.forget(t.Context(), to)
		b.restart()
		b.ask("b", gone)
	})
}

// Whom one host took is not known at another, nor after the domain has gone.
func TestConfirmedWay(t *testing.T) {
	backedUp(t, func(b *backup) {
		b.is(asking("250 ok", "250 ok"))
		b.ask("b", "250")
		b.restart()
		b.routes["x.example"] = Route{Hosts: []string{"10.0.0.1:26"}}
		b.ask("b", gone)
		b.answers("10.0.0.1:26", asking("250 ok", "250 ok"))
		time.Sleep(time.Minute)
		b.ask("b", "250")
		b.restart()
		b.scripts["10.0.0.1:26"] = nil
		b.ask("b", "250 in.x.example was not reached")
		delete(b.routes, "x.example")
		b.restart()
		b.ask("b", gone)
		b.routes["x.example"] = Route{Hosts: []string{"10.0.0.1:26"}}
		if err := b.db.Directory().RemoveDomain(t.Context(), "x.example", false); err != nil {
			t.Fatal(err)
		}
		b.restart()
		b.ask("b", gone)
	})
}

// While a silent host keeps all turns, nobody is refused whom it is known to take.
func TestConfirmedCrowd(t *testing.T) {
	backedUp(t, func(b *backup) {
		for i := range 2 * mostAsked {
			b.a.confirmed.add(mail.Address{Local: fmt.Sprint(i), Domain: "x.example"}, "in.x.example")
		}
		b.restart()
		b.is("silent")
		done := make(chan struct{})
		for i := range 2 * mostAsked {
			go func() {
				b.ask(fmt.Sprint(i), "250 in.x.example was not reached (")
				done <- struct{}{}
			}()
		}
		for range 2 * mostAsked {
			<-done
		}
	})
}

// What waits to be written is bounded.
func TestConfirmedBounds(t *testing.T) {
	cfg := Config{}
	fill(&cfg)
	c := newConfirmed(&cfg)
	for i := range mostUnsaved + 10 {
		c.add(mail.Address{Local: fmt.Sprint(i), Domain: "x.example"}, "in.x.example")
	}
	if n := len(c.unsaved); n != mostUnsaved {
		t.Errorf("%d wait", n)
	}
	if n := c.saveAll(); n != mostUnsaved || len(c.unsaved) != 0 {
		t.Errorf("%d were written, %d wait", n, len(c.unsaved))
	}
}
