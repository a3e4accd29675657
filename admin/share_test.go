package admin

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
)

// Where the system does not say who is at the socket, the name that is claimed
// is no fact.
func TestCounterUnknownPeer(t *testing.T) {
	table, b := office(t)
	l := newHall()
	counter := newCounter(l, table)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- counter.Serve(ctx) }()
	c := &Client{http: http.Client{Transport: &http.Transport{DialContext: l.enter}}}
	for range 2 { // a connection each
		if _, err := submit(t, c, Submission{User: "root", To: []string{"ana"}}, sheet); err != nil || b.origin.Inside != nobody {
			t.Errorf("handed in by %q, %v", b.origin.Inside, err)
		}
		if from := b.env.From.String(); from != "nobody@mail.pepito.es" {
			t.Errorf("from %s", from)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestShares(t *testing.T) {
	s := newShares(3, 2)
	ana, eva, unknown := peer{1, true}, peer{2, true}, peer{}
	for i, step := range []struct {
		who  peer
		want bool
	}{{ana, true}, {ana, true}, {ana, false}, {unknown, true}, {eva, false}} {
		if got := s.take(step.who); got != step.want {
			t.Errorf("%d: %v for %+v", i, got, step.who)
		}
	}
	s.leave(ana)
	if !s.take(eva) || s.take(ana) {
		t.Error("what was given back is not there for others")
	}
	for _, who := range []peer{ana, eva, unknown} {
		s.leave(who)
	}
	if s.all != 0 || len(s.held) != 0 {
		t.Errorf("%d left, %v", s.all, s.held)
	}
}

// A user with all of his connections gets no more, until one ends.
func TestTurnstile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newHall()
		gate := &turnstile{l, newShares(5, 2)}
		let := make(chan *guest, 5)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := gate.Accept()
				if err != nil {
					return
				}
				g, ok := conn.(*guest)
				if !ok {
					t.Error("no guest")
				}
				let <- g
			}
		}()
		for range 3 {
			conn, err := l.enter(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
		synctest.Wait()
		if len(let) != 2 {
			t.Errorf("%d were let in", len(let))
		}
		one := <-let
		for range 2 { // http closes some twice
			if err := one.Close(); err != nil {
				t.Error(err)
			}
		}
		conn, err := l.enter(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		synctest.Wait()
		if len(let) != 2 {
			t.Errorf("%d are inside", len(let))
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
}

// Nobody keeps a connection that he does not use.
func TestCounterKeepsNothing(t *testing.T) {
	table, _ := office(t)
	l := newHall()
	counter := newCounter(l, table)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- counter.Serve(ctx) }()
	client := http.Client{Transport: &http.Transport{DialContext: l.enter}}
	r, err := client.Get("http://posta/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if !r.Close {
		t.Error("the connection stays open")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
