package observe

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"posta/event"
)

func TestSessionsAreBounded(t *testing.T) {
	s := New(Options{Sessions: 10, Bytes: 20_000, PerEach: 2000})
	for conn := uint64(1); conn <= 100; conn++ {
		open(s, conn)
		for i := range 200 {
			say(s, conn, said{dialer, event.Command, fmt.Sprintf("NOOP %d\r\n", i)})
		}
		state(s, conn, event.Closed{Reason: "quit"})
	}
	all := s.List(Filter{})
	if len(all) > 10 || len(all) < 3 || all[0].ID != 100 {
		t.Errorf("%d sessions are kept", len(all))
	}
	if held := s.held.Load(); held > 20_000 || held <= 0 {
		t.Errorf("%d octets are held", held)
	}
	got := texts(t, s, 100)
	if got[0] != "command NOOP 0" || got[len(got)-1] != "command NOOP 199" {
		t.Errorf("the ends are %q and %q", got[0], got[len(got)-1])
	}
	gap := slices.IndexFunc(got, func(l string) bool { return strings.HasPrefix(l, "gap [") })
	var dropped int
	if _, err := fmt.Sscanf(got[max(gap, 0)], "gap [%d lines not kept]", &dropped); err != nil || dropped+len(got)-1 != 200 {
		t.Errorf("%d lines and %q", len(got), got[max(gap, 0)])
	}
}

func TestOpenSessionsAloneAreBounded(t *testing.T) {
	s := New(Options{Bytes: 20_000, PerEach: 4000})
	for conn := uint64(1); conn <= 50; conn++ {
		open(s, conn)
	}
	for range 100 {
		for conn := uint64(1); conn <= 50; conn++ {
			say(s, conn, said{dialer, event.Command, "NOOP and more words\r\n"})
		}
	}
	if held := s.held.Load(); held > 40_000 {
		t.Errorf("%d octets are held", held)
	}
	for conn := uint64(1); conn <= 50; conn++ {
		state(s, conn, event.Closed{})
	}
	if held := s.held.Load(); held > 20_000 {
		t.Errorf("%d octets are held after the end", held)
	}
}

func TestLongLineIsCut(t *testing.T) {
	s := New(Options{})
	open(s, 1)
	for range 100 {
		say(s, 1, said{dialer, event.Command, strings.Repeat("x", 100)})
	}
	say(s, 1, said{dialer, event.Command, "\r\nQUIT\r\n"})
	got := texts(t, s, 1)
	if len(got) != 2 || got[0] != "command "+strings.Repeat("x", maxLine)+"…" || got[1] != "command QUIT" {
		t.Errorf("got %d lines, the first of %d octets", len(got), len(got[0]))
	}
}

func TestSessionsByManyAtOnce(t *testing.T) {
	s := New(Options{Sessions: 20, Bytes: 30_000, PerEach: 3000})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 100 {
				conn := uint64(worker*1000 + i + 1)
				open(s, conn)
				for _, one := range conversation() {
					say(s, conn, one)
				}
				s.List(Filter{Limit: 3})
				if _, err := s.Show(conn); err != nil {
					t.Errorf("an open session: %v", err)
				}
				state(s, conn, event.Closed{})
			}
		})
	}
	wg.Wait()
	if n := len(s.List(Filter{})); n > 20 {
		t.Errorf("%d sessions are kept", n)
	}
}
