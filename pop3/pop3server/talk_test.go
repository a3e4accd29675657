package pop3server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"posta/event"
	"posta/mail"
	"posta/wire"
	"posta/wire/wiretest"
)

// watcher keeps what a session emits.
type watcher struct {
	mu     sync.Mutex
	facts  []any
	shown  strings.Builder // octets of commands and replies with masks applied
	reason string
}

func (w *watcher) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *watcher) Emit(e *event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Kind {
	case event.State:
		w.facts = append(w.facts, e.Fact)
	case event.Close:
		w.reason = e.Fact.(event.Closed).Reason
	case event.Data:
		if e.Layer == event.Text && e.Part != event.Body {
			data := append([]byte(nil), e.Data...)
			for _, m := range e.Mask {
				for i := m.Off; i < m.Off+m.Len; i++ {
					data[i] = '*'
				}
			}
			w.shown.Write(data)
		}
	}
}

func (w *watcher) transcript() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown.String()
}

// talk is a client of one session.
type talk struct {
	t      testing.TB
	peer   *wiretest.Conn
	over   io.Writer // peer, or TLS on it
	conn   *wire.Conn
	r      *bufio.Reader
	w      *watcher
	cancel context.CancelFunc
	done   chan struct{}
}

func config(d *drops) Config {
	return Config{Hostname: "pop.pepito.es", Listener: "pop3", Mode: mail.Lab, Auth: &people{}, Maildrops: d, Version: "1.0"}
}

// dial starts a session. The greeting is read.
func dial(t testing.TB, srv *Server) *talk {
	t.Helper()
	k := start(t, srv)
	k.expect("+OK …")
	return k
}

func start(t testing.TB, srv *Server) *talk {
	t.Helper()
	client, server := wiretest.Pipe()
	return startOn(t, srv, client, server)
}

// startOn starts a session on the server's end of a pipe.
func startOn(t testing.TB, srv *Server, client *wiretest.Conn, server net.Conn) *talk {
	k := &talk{t: t, peer: client, over: client, w: &watcher{}, done: make(chan struct{}), r: bufio.NewReader(client)}
	k.conn = wire.NewConn(server, wire.Options{ID: 1, Sink: k.w, Human: srv.Mode == mail.Lab})
	var ctx context.Context
	ctx, k.cancel = context.WithCancel(t.Context())
	go func() {
		defer close(k.done)
		srv.Session(ctx, k.conn)
	}()
	t.Cleanup(func() {
		k.peer.Close()
		k.conn.Interrupt()
		<-k.done
		k.cancel()
	})
	return k
}

func (k *talk) send(s string) {
	k.t.Helper()
	if _, err := io.WriteString(k.over, s); err != nil {
		k.t.Fatalf("sending %q: %v", s, err)
	}
}

func (k *talk) line() string {
	k.t.Helper()
	s, err := k.r.ReadString('\n')
	if err != nil {
		k.t.Fatalf("reading a line: %q, %v", s, err)
	}
	return strings.TrimSuffix(s, "\r\n")
}

// expect reads a line; "…" at want's end stands for any rest.
func (k *talk) expect(want string) {
	k.t.Helper()
	got := k.line()
	if start, ok := strings.CutSuffix(want, "…"); ok && strings.HasPrefix(got, start) {
		return
	}
	if got != want {
		k.t.Fatalf("S: %q, want %q", got, want)
	}
}

// play runs a dialogue: "C: …" is sent, "S: …" expected, "S!" is the end of
// the connection.
func (k *talk) play(script string) {
	k.t.Helper()
	for row := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		row = strings.TrimLeft(row, "\t")
		switch {
		case strings.HasPrefix(row, "C: "):
			k.send(row[3:] + "\r\n")
		case strings.HasPrefix(row, "S: "):
			k.expect(row[3:])
		case row == "S!":
			k.ended()
		default:
			k.t.Fatalf("bad row %q", row)
		}
	}
}

// body reads a multi-line response up to its final dot and undoes the
// stuffing.
func (k *talk) body() string {
	k.t.Helper()
	var b strings.Builder
	line := ""
	for {
		part, err := k.r.ReadString('\n')
		if err != nil {
			k.t.Fatalf("in a body: %q, %v", part, err)
		}
		if line += part; !strings.HasSuffix(line, "\r\n") {
			continue
		}
		if line == ".\r\n" {
			return b.String()
		}
		b.WriteString(strings.TrimPrefix(line, "."))
		line = ""
	}
}

// ended waits for the end of the connection, with nothing more said.
func (k *talk) ended() {
	k.t.Helper()
	rest, err := io.ReadAll(k.r)
	if len(rest) > 0 || err != nil && !errors.Is(err, io.EOF) {
		k.t.Fatalf("at the end: %q, %v", rest, err)
	}
	k.peer.Close()
	<-k.done
}

func (k *talk) login() {
	k.t.Helper()
	k.play("C: USER pepe\nS: +OK …\nC: PASS se cret\nS: +OK …")
}

func facts[T any](w *watcher) (out []T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.facts {
		if v, ok := f.(T); ok {
			out = append(out, v)
		}
	}
	return out
}
