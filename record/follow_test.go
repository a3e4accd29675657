package record

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"posta/event"
)

// followed is what somebody heard who follows a ring.
type followed struct {
	out  told
	err  error
	stop context.CancelFunc
	done chan struct{}
}

// following begins to follow in a synctest bubble.
func following(t *testing.T, r *Ring, what Following, flush func() error) *followed {
	ctx, cancel := context.WithCancel(t.Context())
	f := &followed{stop: cancel, done: make(chan struct{})}
	if flush == nil {
		flush = func() error { return nil }
	}
	go func() {
		defer close(f.done)
		f.err = r.Follow(ctx, what, &f.out, flush)
	}()
	synctest.Wait()
	return f
}

// heard is what has been told so far.
func (f *followed) heard() string {
	synctest.Wait()
	return strings.Join(f.out.lines, "\n")
}

// Whoever follows hears what whoever plays it later does, and at once; of
// sessions that are open from their beginning.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := lab(Options{})
		defer r.Close()
		dialogue(r, 1, "lab") // it has ended
		open := connect(r, 2, "lab")
		open.reply("220 hi\r\n")
		f := following(t, r, Following{}, nil)
		if got, want := f.heard(), "2 open lab\n2 L@0 \"220 hi\\r\\n\""; got != want {
			t.Fatalf("%s\nnot\n%s", got, want)
		}
		open.command("NOOP\r\n")
		if got := f.heard(); !strings.HasSuffix(got, "\n2 D@0 \"NOOP\\r\\n\"") {
			t.Errorf("what was said is not heard at once:\n%s", got)
		}
		dialogue(r, 3, "strict")
		open.close()
		if got, want := f.heard(), played(t, r, 2, 3); got != want {
			t.Errorf("%s\nnot\n%s", got, want)
		}
		if strings.Contains(f.heard(), "geheim") || strings.Contains(f.heard(), "brief") {
			t.Error("a masked session shows its secrets")
		}
		f.stop()
		if <-f.done; !errors.Is(f.err, context.Canceled) {
			t.Errorf("it ended with %v", f.err)
		}
	})
}

// It can be of certain sessions or of a listener's, with those that have ended,
// and it ends by itself when there can be no more.
func TestFollowSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := lab(Options{})
		dialogue(r, 1, "lab")
		two, three := connect(r, 2, "lab"), connect(r, 3, "strict")
		until := make(chan struct{})
		ids := following(t, r, Following{IDs: []uint64{1, 2}}, nil)
		strict := following(t, r, Following{Listener: "strict"}, nil)
		past := following(t, r, Following{Past: true, Until: until}, nil)
		rest := following(t, r, Following{}, nil)
		two.close()
		<-ids.done
		if ids.err != nil || ids.heard() != played(t, r, 1, 2) {
			t.Errorf("of two: %v\n%s", ids.err, ids.heard())
		}
		close(until)
		synctest.Wait()
		three.command("QUIT\r\n")
		three.close()
		<-past.done
		if past.err != nil || past.heard() != played(t, r, 1, 2, 3) {
			t.Errorf("of all: %v\n%s", past.err, past.heard())
		}
		if strict.heard() != played(t, r, 3) {
			t.Errorf("of the strict listener:\n%s", strict.heard())
		}
		r.Close()
		if <-rest.done; rest.err != nil || rest.heard() != "2 open lab\n3 open strict\n2 close\n3 D@0 \"QUIT\\r\\n\"\n3 close" {
			t.Errorf("of the others: %v\n%s", rest.err, rest.heard())
		}
		<-strict.done
	})
}

// Keys come before what they decrypt, those of masked sessions never.
func TestFollowKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := lab(Options{})
		defer r.Close()
		f := following(t, r, Following{}, nil)
		shake := func(conn uint64, mode string, random byte) *peer {
			p := connect(r, conn, mode)
			p.told = true
			p.say(event.FromDialer, event.Wire, event.Command, clientHello(random))
			_, _ = io.WriteString(r.KeyLog(), keyLine(random))
			p.em.Fact(event.Secure, event.Secured{})
			p.say(event.FromDialer, event.Wire, event.Command, "sealed")
			return p
		}
		open := shake(1, "lab", 1)
		shake(2, "strict", 2).close()
		want := "1 open lab\n1 Dwire@0 \"\\x16\\x03\"×47\n1 keys \"CL\"×176\n1 event.Secured\n1 Dwire@47 \"sealed\"\n2 open strict\n2 event.Secured\n2 close"
		if got := f.heard(); got != want {
			t.Errorf("%s\nnot\n%s", got, want)
		}
		late := following(t, r, Following{IDs: []uint64{1}}, nil)
		open.close()
		<-late.done
		want = "1 open lab\n1 keys \"CL\"×176\n1 Dwire@0 \"\\x16\\x03\"×47\n1 event.Secured\n1 Dwire@47 \"sealed\"\n1 close"
		if got := late.heard(); got != want {
			t.Errorf("late, it hears\n%s\nnot\n%s", got, want)
		}
		if got := played(t, r, 1); strings.Contains(got, "keys") {
			t.Errorf("it is played with keys:\n%s", got)
		}
		f.stop()
	})
}

// Who is slow is passed: he hears of gaps and of every session's end, and
// nobody waits for him.
func TestFollowSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := lab(Options{Size: 64 << 10, PerSession: 32 << 10})
		defer r.Close()
		hold := make(chan struct{})
		long, gone := connect(r, 1, "lab"), connect(r, 2, "lab")
		long.reply("220 hi\r\n")
		f := following(t, r, Following{}, func() error { <-hold; return nil })
		hold <- struct{}{} // the first, for nothing
		synctest.Wait()    // he has heard of these, and is not ready
		gone.command("QUIT\r\n")
		gone.close()
		long.command("EHLO x\r\n")
		for conn := range uint64(100) {
			p := connect(r, 100+conn, "lab")
			p.body(strings.Repeat("y", 4000))
			p.close()
		}
		long.command("NOOP\r\n")
		dialogue(r, 3, "lab")
		close(hold)
		got := f.heard()
		for _, want := range []string{"1 open lab\n", "\n2 D@0 gap 0\n2 L@0 gap 0\n2 close\n", "\n1 D@0 gap 8\n1 D@8 \"NOOP\\r\\n\"\n" + played(t, r, 3)} {
			if !strings.Contains(got, want) {
				t.Errorf("he does not hear %q of\n%s", want, got)
			}
		}
		opens := strings.Count(got, "open")
		if closes := strings.Count(got, "close"); opens != closes+1 || opens > 50 {
			t.Errorf("%d were opened and %d closed", opens, closes)
		}
		failed := errors.New("he went")
		g := following(t, r, Following{IDs: []uint64{1}}, func() error { return failed })
		if <-g.done; !errors.Is(g.err, failed) {
			t.Errorf("it ended with %v", g.err)
		}
		f.stop()
	})
}

// Followers, players and sessions get on with each other.
func TestFollowWhileWriting(t *testing.T) {
	r := lab(Options{Size: 128 << 10, PerSession: 64 << 10})
	var all []chan string
	for range 3 {
		result := make(chan string, 1)
		all = append(all, result)
		go func() {
			var out told
			err := r.Follow(context.Background(), Following{}, &out, func() error { return nil })
			open, closed := strings.Count(strings.Join(out.lines, "\n"), "open"), strings.Count(strings.Join(out.lines, "\n"), "close")
			if err != nil || open != closed {
				result <- "something of it was not closed"
			}
			close(result)
		}()
	}
	for conn := range uint64(500) {
		dialogue(r, 1+conn, []string{"lab", "strict"}[conn%2])
	}
	r.Close()
	for wrong := range slices.Values(all) {
		if text := <-wrong; text != "" {
			t.Error(text)
		}
	}
}
