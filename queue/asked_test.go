package queue

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/store"
	"posta/store/sqldb"
)

// kept is a world whose queue is in the store that serves.
type kept struct {
	*world
	db *sqldb.DB
}

func newKept(t *testing.T) kept {
	db, err := sqldb.Open(t.Context(), t.TempDir(), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := kept{newWorld(t), db}
	w.q.cfg.Store = db.Queue()
	return w
}

// send files a message, each of a sender of its own.
func (w *kept) send(to string) { w.sendUntil(to, 5*24*time.Hour) }

func (w *kept) sendUntil(to string, age time.Duration) { w.sendAll(age, to) }

// sendAll files one message for all of them.
func (w *kept) sendAll(age time.Duration, all ...string) {
	w.store.ids++
	now := time.Now()
	f := store.Filing{ID: fmt.Sprint("q", w.store.ids), From: "a@us.example", Draft: w.db.Draft(0), Received: now}
	_, _ = f.Draft.Write([]byte("Subject: Hi\r\n\r\nHi\r\n"))
	f.Out = []store.Outgoing{{Queue: f.ID, From: f.From, Sender: f.ID, Received: now}}
	for _, to := range all {
		a, _ := mail.ParseAddress(to)
		f.Out[0].Rcpts = append(f.Out[0].Rcpts, store.Rcpt{To: to, Domain: a.Domain, Due: now, Expires: now.Add(age)})
	}
	if err := w.db.File(context.Background(), f); err != nil {
		w.t.Error(err)
	}
	w.q.Stir()
}

// retryAt asks for a try of all by hand.
func (w *kept) retryAt(d time.Duration) {
	time.AfterFunc(d, func() {
		if n, _, err := w.q.Change(context.Background(), store.Pick{}, store.Retry); n == 0 || err != nil {
			w.t.Errorf("retry of %d, %v", n, err)
		}
	})
}

// items gives what waits.
func (w *kept) items() []store.Item {
	all, err := w.db.Queue().Items(context.Background(), store.Pick{})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// A try that is asked for while one is under way is made when that ends, though it
// found nobody, and once.
func TestRetryUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "silent", "refused") // the first takes half a minute
		w.send("b@x.example")
		w.retryAt(5 * time.Second)
		w.run(2 * time.Minute)
		if n := w.dialed(); n != 2 {
			t.Errorf("%d dialed, want a second time and no third\n%s", n, w.story())
		}
		if all := w.items(); len(all) != 1 || all[0].Attempts != 2 || !all[0].Asked.IsZero() {
			t.Errorf("%+v", all)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the other host says no for now; the second try is taken
		w := newKept(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "silent", talk(sent, quit))
		w.send("b@x.example")
		w.retryAt(5 * time.Second)
		w.run(time.Minute)
		if all := w.items(); len(all) != 0 {
			t.Errorf("%+v\n%s", all, w.story())
		}
	})
}

// Of whom is being tried is known since when, and in which session once there is one.
func TestUnderWaySince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.failing = true
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.host("x.example", "my.example", 20, "192.0.2.8")
		w.answers("192.0.2.7:25", "silent", "refused")
		w.answers("192.0.2.8:25", "C: a client that speaks before the greeting")
		began := time.Now()
		w.send("b@x.example")
		looks := make(chan string, 3)
		for _, d := range []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute} {
			time.AfterFunc(d, func() {
				one := w.items()[0]
				looks <- fmt.Sprint(one.Leased, one.Since.Sub(began).Round(time.Second), w.q.Session(one.ID))
			})
		}
		w.run(11 * time.Minute)
		got := []string{<-looks, <-looks, <-looks}
		if got[0] != "true 0s 0" || got[1] != "true 0s 1" || got[2][:5] != "false" || got[2][len(got[2])-2:] != " 0" {
			t.Errorf("%q", got)
		}
	})
}

// Another process of the same store asks: what this one remembers of the host is
// older than the wish.
func TestRetryElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "refused", talk(sent, quit))
		w.send("b@x.example")
		time.AfterFunc(30*time.Second, func() {
			if _, err := w.db.Queue().Change(context.Background(), store.Pick{}, store.Retry, time.Now()); err != nil {
				t.Error(err)
			}
			w.q.Stir()
		})
		w.run(time.Minute)
		if all := w.items(); len(all) != 0 || w.dialed() != 2 {
			t.Errorf("%+v, %d dialed\n%s", all, w.dialed(), w.story())
		}
	})
}

// Tries by hand, however many, move no other try further off.
func TestRetryKeepsTheSchedule(t *testing.T) {
	no := talk("C: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 450 4.2.0 later", "C: RSET\nS: 250 ok", quit)
	for name, script := range map[string]string{"refused": "refused", "later": no} {
		synctest.Test(t, func(t *testing.T) {
			w := newKept(t)
			w.failing = true
			w.host("x.example", "mx.example", 10, "192.0.2.7")
			for range 20 {
				w.answers("192.0.2.7:25", script)
			}
			began := time.Now()
			w.send("b@x.example")
			looks := make(chan time.Time, 4)
			look := func() { looks <- w.items()[0].Due }
			for _, d := range []time.Duration{30 * time.Second, 90 * time.Second, 150 * time.Second} {
				time.AfterFunc(d-time.Second, look)
				w.retryAt(d)
			}
			time.AfterFunc(200*time.Second, look)
			w.run(7 * time.Minute)
			all, due := w.items(), []time.Time{<-looks, <-looks, <-looks, <-looks}
			for _, one := range due {
				if !one.Equal(due[0]) || one.Sub(began) < 5*time.Minute || one.Sub(began) > 7*time.Minute {
					t.Fatalf("%s: due %v after %v", name, due, began)
				}
			}
			if next := all[0].Due.Sub(due[0]); all[0].Attempts != 5 || all[0].Extra != 3 || next > 13*time.Minute || next < 10*time.Minute {
				t.Errorf("%s: %d attempts, %d of them extra, the next after %v\n%s", name, all[0].Attempts, all[0].Extra, next, w.story())
			}
		})
	}
}

// Who is being tried by a way that is changed meanwhile is tried by the new one
// at once, when the old one was in vain.
func TestReroutedUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newKept(t)
		w.routes["x.example"] = Route{Hosts: []string{"10.0.0.1"}}
		w.answers("10.0.0.1:25", "silent")
		w.answers("10.0.0.2:25", talk(sent, quit))
		w.send("b@x.example")
		time.AfterFunc(5*time.Second, func() {
			w.routes["x.example"] = Route{Hosts: []string{"10.0.0.2"}}
			w.q.Rerouted()
		})
		w.run(time.Minute)
		if all := w.items(); len(all) != 0 {
			t.Errorf("%+v\n%s", all, w.story())
		}
	})
	synctest.Test(t, func(t *testing.T) { // a way elsewhere: what the attempt finds out is not remembered
		w := newKept(t)
		w.host("x.example", "mx.example", 10, "192.0.2.7")
		w.answers("192.0.2.7:25", "silent", talk(sent, quit))
		w.send("b@x.example")
		time.AfterFunc(5*time.Second, w.q.Rerouted)
		time.AfterFunc(40*time.Second, func() { w.send("b@x.example") })
		w.run(time.Minute)
		if w.dialed() != 2 {
			t.Errorf("%d dialed\n%s", w.dialed(), w.story())
		}
	})
}
