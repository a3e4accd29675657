package record

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
)

// The ring never holds more than its bound. Who was there before says so: a
// session that lost its beginning has a gap, one of which nothing is left is
// forgotten.
func TestSize(t *testing.T) {
	r := lab(Options{Size: 256 << 10})
	defer r.Close()
	dialogue(r, 1, "lab")
	p := connect(r, 2, "lab")
	p.command("FIRST\r\n")
	for i := range uint64(500) {
		q := connect(r, 100+i, "lab")
		q.body(strings.Repeat("x", 1000))
		q.close()
		if r.blocks.held > 256<<10 {
			t.Fatalf("the ring holds %d octets", r.blocks.held)
		}
	}
	p.command("LAST\r\n")
	if got, want := played(t, r, 1, 2), "2 open lab\n2 D@0 gap 7\n2 D@7 \"LAST\\r\\n\""; got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	all := r.Sessions()
	if n := len(all); n > 260 || n < 100 || all[0].ID != 2 || !all[0].Dropped || all[n-1].ID != 599 || all[n-1].Dropped {
		t.Errorf("%d sessions are there: %+v … %+v", n, all[0], all[n-1])
	}
}

func TestSessionsBound(t *testing.T) {
	r := lab(Options{Sessions: 2})
	defer r.Close()
	for conn := range uint64(5) {
		dialogue(r, conn+1, "lab")
	}
	all := r.Sessions()
	if len(all) != 2 || all[0].ID != 4 || all[1].ID != 5 || played(t, r, 3) != "" {
		t.Errorf("the sessions are %+v; of the third %q is left", all, played(t, r, 3))
	}
}

// What is too old goes, whether or not anything happens; no timer is left.
func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := lab(Options{KeepFor: time.Hour})
		defer r.Close()
		dialogue(r, 1, "lab")
		time.Sleep(2 * time.Minute) // in one block with the first
		open := connect(r, 2, "lab")
		open.command("EARLY\r\n")
		time.Sleep(38 * time.Minute)
		dialogue(r, 3, "lab")
		time.Sleep(19 * time.Minute)
		if n := len(r.Sessions()); n != 3 {
			t.Errorf("%d sessions within the hour", n)
		}
		time.Sleep(time.Minute + time.Second)
		if all := r.Sessions(); len(all) != 2 || all[0].ID != 2 || all[1].ID != 3 {
			t.Errorf("after the hour there are %+v", all)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if r.blocks.held != 0 || len(r.Sessions()) != 1 {
			t.Errorf("%d octets are left of %+v", r.blocks.held, r.Sessions())
		}
		if got := played(t, r, 2); got != "2 open lab\n2 D@0 gap 7" {
			t.Errorf("of the open session there is %q", got)
		}
		open.command("LATE\r\n")
		open.close()
		if got, want := played(t, r, 2), "2 open lab\n2 D@0 gap 7\n2 D@7 \"LATE\\r\\n\"\n2 close"; got != want {
			t.Errorf("%q, not %q", got, want)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if r.blocks.held != 0 || len(r.Sessions()) != 0 || r.timer != nil {
			t.Errorf("%d octets and the sessions %+v are left", r.blocks.held, r.Sessions())
		}
	})
}

// Of a session that stays open the octets go when they are old, and not much later.
func TestAgeOfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := lab(Options{KeepFor: time.Hour})
		defer r.Close()
		p := connect(r, 1, "lab")
		for range 180 {
			p.command("NOOP\r\n")
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		var events []event.Event
		if err := r.Play(t.Context(), []uint64{1}, collect(&events)); err != nil {
			t.Fatal(err)
		}
		if n := len(events) - 2; n < 60 || n > 70 || events[1].Kind != event.Gap || events[1].Len != int64(180-n)*6 {
			t.Errorf("%d commands are left, behind %+v", n, events[1])
		}
	})
}
