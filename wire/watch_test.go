package wire

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/event"
	"posta/wire/wiretest"
)

// watcher is a Sink that keeps everything.
type watcher struct {
	mu     sync.Mutex
	events []event.Event
	data   []string
}

func (w *watcher) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *watcher) Emit(e *event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := *e
	kept.Mask = slices.Clone(e.Mask)
	kept.Data = nil
	w.events = append(w.events, kept)
	w.data = append(w.data, string(e.Data))
}

// log writes Text and facts down, a line each: secrets as stars.
func (w *watcher) log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out strings.Builder
	for i, e := range w.events {
		switch {
		case e.Kind == event.Data && e.Layer == event.Text:
			data := []byte(w.data[i])
			for _, m := range e.Mask {
				for k := range m.Len {
					data[m.Off+k] = '*'
				}
			}
			fmt.Fprintf(&out, "%s %d %q\n", []string{"C", "S", "B"}[max(int(e.Dir), 2*int(e.Part/event.Body))], e.Off, data)
		case e.Kind == event.State:
			fmt.Fprintf(&out, "%v\n", e.Fact)
		case e.Kind == event.Close:
			fmt.Fprintf(&out, "close %v\n", e.Fact)
		}
	}
	return out.String()
}

func (w *watcher) notes() (notes []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if n, ok := e.Fact.(event.Note); ok {
			notes = append(notes, n.Text)
		}
	}
	return notes
}

// pair makes a connection and a watcher of it.
func pair(t testing.TB, o Options) (*wiretest.Conn, *Conn, *watcher) {
	t.Helper()
	client, server := wiretest.Pipe()
	w := &watcher{}
	if o.ID = 1; o.Sink == nil {
		o.Sink = w
	}
	return client, NewConn(server, o), w
}

// send writes pieces and a FIN.
func send(t testing.TB, client *wiretest.Conn, pieces ...string) {
	t.Helper()
	for _, p := range pieces {
		if _, err := client.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	client.CloseWrite()
}

// splits calls f with s whole, in two at every place, and octet by octet.
func splits(s string, f func(pieces ...string)) {
	f(s)
	for i := 1; i < len(s); i++ {
		f(s[:i], s[i:])
	}
	f(strings.Split(s, "")...)
}

// fake is a net.Conn that takes everything and says nothing.
type fake struct{}

func (fake) Read([]byte) (int, error)         { return 0, io.EOF }
func (fake) Write(p []byte) (int, error)      { return len(p), nil }
func (fake) Close() error                     { return nil }
func (fake) LocalAddr() net.Addr              { return nil }
func (fake) RemoteAddr() net.Addr             { return nil }
func (fake) SetDeadline(time.Time) error      { return nil }
func (fake) SetReadDeadline(time.Time) error  { return nil }
func (fake) SetWriteDeadline(time.Time) error { return nil }
