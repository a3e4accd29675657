package pop3server

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/store"
	"posta/wire/wiretest"
)

// rfc: 1939-6-1 1939-6.QUIT-2
func TestQuitDeletes(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.login()
	k.play("C: DELE 3\nS: +OK …\nC: DELE 1\nS: +OK …\nC: QUIT\nS: +OK Bye\nS!")
	if len(d.removals) != 1 || !slices.Equal(d.removals[0], []uint32{1, 3}) || d.held() {
		t.Errorf("removals %v, held %v", d.removals, d.held())
	}
	if got := facts[event.Deleted](k.w); len(got) != 1 || got[0].Messages != 2 || got[0].Account != 7 || !slices.Equal(got[0].UIDs, []uint32{1, 3}) {
		t.Errorf("facts %+v", got)
	}
	if k.w.reason != "quit" {
		t.Errorf("reason %q", k.w.reason)
	}
	k = dial(t, New(config(d)))
	k.login()
	k.play("C: UIDL\nS: +OK …\nS: 1 " + id2 + "\nS: .\nC: QUIT\nS: +OK …\nS!")
	if len(d.removals) != 1 {
		t.Error("QUIT without deletions wrote")
	}
}

// A QUIT that was said counts, whatever becomes of the session meanwhile.
func TestQuitOutlivesTheSession(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.login()
	d.removing = k.cancel
	k.play("C: DELE 3\nS: +OK …\nC: QUIT\nS: +OK Bye\nS!")
	if len(d.letters) != 2 || d.held() {
		t.Errorf("%d messages, held %v", len(d.letters), d.held())
	}
}

// mute is a connection on which nothing can be sent any more.
type mute struct {
	*wiretest.Conn
	on atomic.Bool
}

func (m *mute) Write(p []byte) (int, error) {
	if m.on.Load() {
		return 0, syscall.EPIPE
	}
	return m.Conn.Write(p)
}

// What could not be sent is not deleted, although QUIT was read.
func TestQuitUnheard(t *testing.T) {
	d := three()
	client, server := wiretest.Pipe()
	m := &mute{Conn: server}
	k := startOn(t, New(config(d)), client, m)
	k.expect("+OK …")
	k.login()
	m.on.Store(true)
	k.send("RETR 1\r\nDELE 1\r\nQUIT\r\n")
	<-k.done
	if len(d.letters) != 3 || len(d.removals) != 0 || d.held() {
		t.Errorf("%d messages, removals %v, held %v", len(d.letters), d.removals, d.held())
	}
}

func TestQuitThatFails(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.login()
	d.removeErr = errors.New("disk on fire")
	k.play("C: DELE 3\nS: +OK …\nC: QUIT\nS: -ERR [SYS/TEMP] …\nS!")
	if len(d.letters) != 3 || d.held() || len(facts[event.Deleted](k.w)) != 0 {
		t.Errorf("%d messages, held %v", len(d.letters), d.held())
	}
}

// Who hangs up has deleted nothing, and the session says so.
// rfc: 1939-6-1
func TestLeftWithoutQuit(t *testing.T) {
	for _, c := range []struct{ said, note string }{
		{"C: DELE 3\nS: +OK …\nC: DELE 1\nS: +OK …", "marked as deleted: 2; without QUIT nothing was deleted"},
		{"C: DELE 3\nS: +OK …\nC: RSET\nS: +OK …", ""},
		{"C: DELE 3\nS: +OK …\nC: QUIT\nS: +OK …\nS!", ""},
	} {
		d := three()
		k := dial(t, New(config(d)))
		k.login()
		k.play(c.said)
		k.peer.Close()
		<-k.done
		note := ""
		for _, f := range facts[event.Note](k.w) {
			if strings.Contains(f.Text, "marked") {
				note = f.Text
			}
		}
		if note != c.note || d.held() {
			t.Errorf("%q: note %q, want %q; held %v", c.said, note, c.note, d.held())
		}
	}
}

// Whether the disk has the deletions is not known: no answer is the honest one.
func TestQuitWithUnknownEnd(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.login()
	d.removeErr = fmt.Errorf("commit: %w", store.ErrUnknown)
	k.play("C: DELE 3\nS: +OK …\nC: QUIT\nS!")
	if d.held() || len(facts[event.Deleted](k.w)) != 0 {
		t.Errorf("held %v", d.held())
	}
}

// rfc: 1939-3-7 1939-3-8 1939-3-9 1939-3-10
func TestAutologout(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Minute, 10 * time.Minute, 30 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			d := three()
			cfg := config(d)
			cfg.Idle = idle
			k := dial(t, New(cfg))
			k.login()
			k.play("C: DELE 1\nS: +OK …")
			limit := max(idle, 10*time.Minute)
			for range 10 { // each command begins the time anew
				time.Sleep(limit - time.Second)
				k.play("C: NOOP\nS: +OK")
			}
			if d.renewals == 0 {
				t.Error("the lease was not renewed")
			}
			begin := time.Now()
			k.ended()
			if took := time.Since(begin); took < limit || took > limit+10*time.Second {
				t.Errorf("autologout after %v, want %v", took, limit)
			}
			if len(d.letters) != 3 || d.held() || k.w.reason != "timeout" {
				t.Errorf("%d messages, held %v, reason %q", len(d.letters), d.held(), k.w.reason)
			}
		})
	}
}

func TestLostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := three()
		k := dial(t, New(config(d)))
		k.login()
		k.play("C: DELE 1\nS: +OK …")
		d.renewErr = errors.New("busy")
		time.Sleep(9*time.Minute + 30*time.Second)
		k.play("C: NOOP\nS: +OK")
		time.Sleep(9*time.Minute + 30*time.Second)
		k.play("C: NOOP\nS: +OK") // a failed renewal is not yet a loss
		d.renewErr = store.ErrLost
		k.play("C: QUIT\nS: -ERR [SYS/TEMP] The lock …\nS!")
		if len(d.letters) != 3 {
			t.Error("deleted without the lease")
		}
	})
}

func TestShutdown(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.login()
	k.play("C: DELE 1\nS: +OK …")
	k.cancel()
	k.conn.Interrupt()
	k.play("S: -ERR [SYS/TEMP] The server is shutting down; nothing was deleted\nS!")
	if len(d.letters) != 3 || d.held() {
		t.Errorf("%d messages, held %v", len(d.letters), d.held())
	}
}
