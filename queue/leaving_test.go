package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/dsn"
	"posta/smtp/smtpclient"
	"posta/store"
	"posta/wire/wiretest"
)

// keptDoor is the world's door for the store that serves.
type keptDoor struct{ *kept }

func (d keptDoor) Report(ctx context.Context, r *dsn.Report, settle ...store.Settlement) error {
	if err := d.db.Queue().Settle(ctx, settle...); err != nil {
		return err
	}
	return d.world.Report(ctx, r)
}

// act does something at a time, and hands over what came of it.
func act(d time.Duration, do func() string) <-chan string {
	did := make(chan string, 1)
	time.AfterFunc(d, func() { did <- do() })
	return did
}

// removes takes all out that waits.
func (w *kept) removes(c store.Change) func() string {
	return func() string {
		n, err := w.q.Remove(context.Background(), store.Pick{}, c)
		return fmt.Sprint(n.Items, n.Reported, n.Underway, err)
	}
}

const slowly = `
	C: MAIL FROM:<a@us.example>
	S: 250 ok
	C: RCPT TO:<b@x.example>
	wait 20s
	`

// Who is being tried leaves when that ends: whom the host takes is relayed, and
// nobody hears anything else; else he leaves once.
func TestRemoveUnderWay(t *testing.T) {
	taken := script(slowly, "S: 250 ok\nC: DATA\nS: 354 go\nC: Subject: Hi\nC: \nC: Hi\nC: .\nS: 250 2.0.0 mine", quit)
	putOff := script(slowly, "S: 450 4.2.0 later\nC: RSET\nS: 250 ok", quit)
	refusal := script(slowly, "S: 550 5.1.1 nobody\nC: RSET\nS: 250 ok", quit)
	for name, tt := range map[string]struct {
		script  string
		change  store.Change
		story   string
		reports int
		says    string
	}{
		"bounced and taken":   {taken, store.Bounce, "b@x.example relayed mx.example: 250 2.0.0 mine\n", 0, ""},
		"deleted and taken":   {taken, store.Delete, "b@x.example relayed mx.example: 250 2.0.0 mine\n", 0, ""},
		"bounced and put off": {putOff, store.Bounce, "b@x.example failed : An administrator returned it\n", 1, "450 4.2.0 later"},
		"deleted and put off": {putOff, store.Delete, "b@x.example removed : An administrator deleted it from the queue\n", 0, ""},
		"bounced and refused": {refusal, store.Bounce, "b@x.example failed mx.example: 550 5.1.1 nobody\n", 1, "550 5.1.1 nobody"},
		"deleted and refused": {refusal, store.Delete, "b@x.example removed : An administrator deleted it from the queue\n", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newKept(t)
				w.q.cfg.Door = keptDoor{&w}
				w.host("x.example", "mx.example", 10, "192.0.2.7")
				w.answers("192.0.2.7:25", script(greeting(), tt.script))
				w.send("b@x.example")
				did := act(5*time.Second, w.removes(tt.change))
				w.run(10 * time.Minute)
				if got := <-did; got != "0 0 {1 [1]} <nil>" {
					t.Errorf("removed: %s", got)
				}
				if got := w.story(); got != tt.story || len(w.items()) != 0 || len(w.reports) != tt.reports || len(w.problems) != 0 {
					t.Errorf("%s%+v, %q, %q", got, w.items(), w.reports, w.problems)
				}
				if tt.says != "" && !strings.Contains(w.reports[0], tt.says) {
					t.Errorf("the report has no %q:\n%s", tt.says, w.reports[0])
				}
			})
		})
	}
}

// Who has not been named yet is left out of the transaction.
func TestRemoveBeforeRCPT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.q.cfg.Door = keptDoor{&w}
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "wait 20s\n"+talk(quit))
		w.send("b@x.example")
		did := act(5*time.Second, w.removes(store.Bounce))
		w.run(time.Minute)
		if got, story := <-did, w.story(); got != "0 0 {1 [1]} <nil>" || story != "b@x.example failed : An administrator returned it\n" || len(w.items()) != 0 || len(w.reports) != 1 {
			t.Errorf("%s, %s%+v, %q", got, story, w.items(), w.reports)
		}
	})
}

// A restart does not forget who is to leave.
func TestRemoveAcrossRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.send("b@x.example")
		all, err := w.db.Queue().Claim(t.Context(), store.Claim{Lane: store.Lane{Domain: "x.example"}, All: true, Now: time.Now(), Until: time.Now().Add(time.Hour), Limit: 9})
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if got := w.removes(store.Delete)(); got != "0 0 {1 []} <nil>" {
			t.Error(got)
		}
		if err := w.db.Queue().Unclaim(t.Context(), all...); err != nil { // as an end does
			t.Fatal(err)
		}
		w.run(time.Minute)
		if got := w.story(); got != "b@x.example removed : An administrator deleted it from the queue\n" || len(w.items()) != 0 || w.dialed() != 0 {
			t.Errorf("%s%+v", got, w.items())
		}
	})
}

// Who is being tried and put off is held then, and nothing says when again.
func TestHoldUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", script(greeting(), slowly, "S: 450 4.2.0 later\nC: RSET\nS: 250 ok", quit))
		w.send("b@x.example")
		did := act(5*time.Second, func() string {
			n, under, err := w.q.Change(context.Background(), store.Pick{}, store.Hold)
			return fmt.Sprint(n, under, err)
		})
		w.run(time.Hour)
		if got := <-did; got != "1 {1 [1]} <nil>" {
			t.Errorf("held: %s", got)
		}
		if got := w.story(); got != "b@x.example held mx.example: 450 4.2.0 later\n" || !w.facts[0].Next.IsZero() {
			t.Errorf("%s%v", got, w.facts[0].Next)
		}
		if all := w.items(); len(all) != 1 || !all[0].Held || all[0].Attempts != 1 {
			t.Errorf("%+v", all)
		}
	})
}

// Whom RCPT has not named yet nobody names who is held, given up or deleted by then.
func TestUnnamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.q.cfg.Door = keptDoor{&w}
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", script(greeting(), slowly, "S: 250 ok\nC: DATA\nS: 354 go\nC: Subject: Hi\nC: \nC: Hi\nC: .\nS: 250 2.0.0 mine", quit))
		w.sendAll(24*time.Hour, "b@x.example", "c@x.example", "d@x.example", "e@x.example")
		did := act(5*time.Second, func() string {
			_, under, err := w.q.Change(context.Background(), store.Pick{To: "c@x.example"}, store.Hold)
			bounced, e := w.q.Remove(context.Background(), store.Pick{To: "d@x.example"}, store.Bounce)
			deleted, f := w.q.Remove(context.Background(), store.Pick{To: "e@x.example"}, store.Delete)
			return fmt.Sprint(under.Items, err, bounced.Underway.Items, e, deleted.Underway.Items, f)
		})
		w.run(time.Hour)
		if got := <-did; got != "1 <nil> 1 <nil> 1 <nil>" {
			t.Error(got)
		}
		if got := w.story(); got != `b@x.example relayed mx.example: 250 2.0.0 mine
d@x.example failed : An administrator returned it
e@x.example removed : An administrator deleted it from the queue
` {
			t.Errorf("%s", got)
		}
		if all := w.items(); len(all) != 1 || all[0].To != "c@x.example" || !all[0].Held || all[0].Attempts != 0 || len(w.reports) != 1 {
			t.Errorf("%+v, %q", all, w.reports)
		}
	})
}

// Of what a site fetches in one go, it does not get what is held or to leave before
// its turn comes.
func TestHoldInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.q.cfg.Door = keptDoor{&w}
		w.routes["x.example"] = Route{OnDemand: true}
		for _, to := range []string{"b@x.example", "c@x.example", "d@x.example"} {
			w.send(to)
		}
		near, far := wiretest.Pipe()
		w.peers.Go(func() {
			if err := wiretest.Script(far, talk(strings.Replace(sent, "S: 354 go", "wait 20s\nS: 354 go", 1), quit), nil); err != nil {
				t.Error(err)
			}
		})
		time.AfterFunc(5*time.Second, func() {
			if _, under, err := w.q.Change(context.Background(), store.Pick{To: "c@x.example"}, store.Hold); under.Items != 1 || err != nil {
				t.Error(under, err)
			}
			if n, err := w.q.Remove(context.Background(), store.Pick{To: "d@x.example"}, store.Delete); n.Underway.Items != 1 || err != nil {
				t.Error(n, err)
			}
		})
		time.AfterFunc(time.Second, func() {
			c := smtpclient.New(near, smtpclient.Options{Name: "us.example"})
			if err := errors.Join(c.Greeting(t.Context()), c.Hello(t.Context())); err != nil {
				t.Error(err)
			}
			n, err := w.q.Deliver(t.Context(), c, Turned{Site: "site", OnDemand: true}, []string{"x.example"})
			if n != 1 || err != nil {
				t.Error(n, err)
			}
			_ = c.Quit(t.Context())
		})
		w.run(time.Minute)
		if all := w.items(); len(all) != 1 || all[0].To != "c@x.example" || !all[0].Held || all[0].Leased {
			t.Errorf("%+v\n%s", all, w.story())
		}
	})
}
