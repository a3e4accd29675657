package wire

import (
	"errors"
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/wire/wiretest"
)

// turned is one end of a connection that has turned, and what its watcher saw.
func turned(t *testing.T, o Options, before string) (*Conn, *wiretest.Conn, *turnWatcher, error) {
	t.Helper()
	near, far := wiretest.Pipe()
	if !o.Dialer {
		near, far = far, near
	}
	w := &turnWatcher{}
	o.Sink = w
	c := NewConn(near, o)
	if _, err := far.Write([]byte(before)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Line(100); err != nil {
		t.Fatal(err)
	}
	c.Reply("said\r\n")
	return c, far, w, c.Turn(time.Hour)
}

type turnWatcher struct{ text strings.Builder }

func (w *turnWatcher) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *turnWatcher) Emit(e *event.Event) {
	switch e.Kind {
	case event.Turn:
		w.text.WriteString("turn ")
	case event.Data:
		w.text.WriteString([]string{">", "<"}[e.Dir] + []string{"C", "R", "B"}[e.Part] + " ")
	}
}

// The directions stay, what is said in them changes; and so do the rules.
func TestTurn(t *testing.T) {
	for _, dialer := range []bool{true, false} {
		c, far, w, err := turned(t, Options{Dialer: dialer, Human: !dialer}, "before\r\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := far.Write([]byte("bare\n")); err != nil {
			t.Fatal(err)
		}
		_, err = c.Line(100)
		if asks := !dialer; asks && err != nil || !asks && !errors.Is(err, ErrBareEnd) {
			t.Errorf("dialer %v: %v", dialer, err)
		}
		c.Reply("x\r\n")
		_ = c.Close("quit")
		want := map[bool]string{true: "<R >C turn <C >R ", false: ">C <R turn >R <C "}[dialer]
		if w.text.String() != want {
			t.Errorf("dialer %v: %s, not %s", dialer, w.text.String(), want)
		}
	}
}

// What was sent ahead was meant for the role that ended.
func TestTurnEarly(t *testing.T) {
	_, _, w, err := turned(t, Options{}, "TURN\r\n220 early\r\n")
	if !errors.Is(err, ErrEarly) || strings.Contains(w.text.String(), "turn") {
		t.Errorf("%v %s", err, w.text.String())
	}
}

// The time that the connection may last begins anew.
func TestTurnTime(t *testing.T) {
	near, _ := wiretest.Pipe()
	c := NewConn(near, Options{Session: time.Nanosecond})
	if err := c.Turn(0); err != nil {
		t.Fatal(err)
	}
	c.SetIdle(time.Millisecond)
	if _, err := c.Line(100); !errors.Is(err, ErrIdle) {
		t.Error(err)
	}
}
