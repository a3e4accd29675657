package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/wire/wiretest"
)

// greeter serves: each line is answered, QUIT ends, PANIC panics.
func greeter(_ context.Context, c *Conn) {
	c.Reply("220 hi\r\n")
	c.Flush()
	for {
		line, err := c.Line(100)
		switch {
		case errors.Is(err, ErrShutdown):
			c.Reply("421 bye\r\n")
			c.Close("shutdown")
			return
		case err != nil:
			return
		case string(line) == "PANIC":
			panic("as told")
		case string(line) == "QUIT":
			c.Close("quit")
			return
		}
		c.Reply("250 OK\r\n")
		c.Flush()
	}
}

func serve(t *testing.T, s *Server) (*wiretest.Listener, context.CancelFunc, <-chan error) {
	t.Helper()
	l := wiretest.Listen()
	s.Listener = l
	if s.Options == nil {
		s.Options = func(netip.AddrPort) Options { return Options{ID: 1} }
	}
	if s.Session == nil {
		s.Session = greeter
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	return l, cancel, done
}

func dial(t *testing.T, l *wiretest.Listener) *wiretest.Conn {
	t.Helper()
	c, err := l.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func hears(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Errorf("heard %q, %v; want %q", b, err, want)
	}
}

func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{}
		var stack string
		l, cancel, done := serve(t, &Server{
			Options:  func(netip.AddrPort) Options { return Options{ID: 1, Sink: w} },
			Panicked: func(r any, s []byte) { stack = string(s) },
		})
		calm, wild := dial(t, l), dial(t, l)
		hears(t, calm, "220 hi\r\n")
		hears(t, wild, "220 hi\r\n")
		wild.Write([]byte("PANIC\r\n"))
		if b, err := io.ReadAll(wild); len(b) > 0 || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		wild.Close()
		synctest.Wait()
		if !strings.Contains(stack, "greeter") || !strings.Contains(w.log(), "internal error") {
			t.Errorf("the panic was not told: %q\n%s", stack, w.log())
		}
		calm.Write([]byte("NOOP\r\n"))
		hears(t, calm, "250 OK\r\n")
		cancel()
		hears(t, calm, "421 bye\r\n")
		calm.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := l.Dial(); err == nil {
			t.Error("still listening")
		}
	})
}

func TestAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held atomic.Int64
		l, cancel, done := serve(t, &Server{
			MaxConns: 2,
			Busy:     "421 busy",
			Admit: func(remote netip.AddrPort) (string, func()) {
				if remote.Addr() == netip.MustParseAddr("203.0.113.9") {
					return "421 not you", nil
				}
				held.Add(1)
				return "", func() { held.Add(-1) }
			},
		})
		stranger, err := l.DialFrom(netip.MustParseAddr("203.0.113.9"))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(stranger); string(b) != "421 not you\r\n" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		one, two := dial(t, l), dial(t, l)
		hears(t, one, "220 hi\r\n")
		hears(t, two, "220 hi\r\n")
		three := dial(t, l)
		if b, err := io.ReadAll(three); string(b) != "421 busy\r\n" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		one.Write([]byte("QUIT\r\n"))
		synctest.Wait()
		if held.Load() != 1 {
			t.Errorf("%d admissions are held", held.Load())
		}
		four := dial(t, l)
		hears(t, four, "220 hi\r\n")
		cancel()
		if err := <-done; err != nil || held.Load() != 0 {
			t.Errorf("%v, %d held", err, held.Load())
		}
	})
}

// Who is turned away from a TLS port hears nothing in clear text, but the
// watchers hear of it.
func TestAdmitTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		l, cancel, done := serve(t, &Server{
			TLS:     true,
			Admit:   func(netip.AddrPort) (string, func()) { return "421 not you", nil },
			Refused: func(remote netip.AddrPort, line string) { told = append(told, remote.Addr().String()+" "+line) },
		})
		stranger, err := l.DialFrom(netip.MustParseAddr("203.0.113.9"))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(stranger); len(b) != 0 || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		cancel()
		if err := <-done; err != nil || len(told) != 1 || told[0] != "203.0.113.9 421 not you" {
			t.Errorf("%v, %q", err, told)
		}
	})
}

func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, cancel, done := serve(t, &Server{Session: func(ctx context.Context, c *Conn) {
			<-ctx.Done() // deaf to Interrupt
		}})
		dial(t, l)
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-done; err != nil || time.Since(start) != defaultGrace {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestAcceptFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, cancel, done := serve(t, &Server{})
		defer cancel()
		l.Fail(&net.OpError{Op: "accept", Err: syscall.EMFILE})
		hears(t, dial(t, l), "220 hi\r\n")
		c := dial(t, l)
		hears(t, c, "220 hi\r\n")
		l.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// An idle session must cost little: docs/design.md's budget is 10 KiB in clear.
func TestIdleMemory(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Listener: l, Session: greeter, Options: func(netip.AddrPort) Options {
		return Options{ID: 1, Sink: event.Discard{}, Idle: time.Hour, Session: time.Hour, Human: true}
	}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	const many = 400
	clients := make([]net.Conn, many)
	before := inUse()
	for i := range clients {
		if clients[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		hears(t, clients[i], "220 hi\r\n")
		clients[i].Write([]byte("EHLO x\r\n"))
		hears(t, clients[i], "250 OK\r\n")
	}
	each := (inUse() - before) / many
	t.Logf("%d octets a session, the clients' sockets included", each)
	if each > 10<<10 {
		t.Errorf("%d octets a session", each)
	}
	for _, c := range clients {
		c.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func inUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

func TestManyRepliesStayInOrder(t *testing.T) {
	client, conn, w := pair(t, Options{})
	heard := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(client)
		heard <- b
	}()
	var want bytes.Buffer
	for i := range 200 {
		reply, body := strings.Repeat("r", i)+"\r\n", bytes.Repeat([]byte("b"), 150*i)
		conn.Reply(reply)
		conn.Write(body)
		want.WriteString(reply)
		want.Write(body)
	}
	secret := strings.Repeat("s", 2*outSize)
	conn.Secret(secret)
	want.WriteString(secret)
	conn.Close("quit")
	if b := <-heard; !bytes.Equal(b, want.Bytes()) {
		t.Fatalf("%d octets of %d", len(b), want.Len())
	}
	if strings.Contains(w.log(), "sss") {
		t.Error("a long secret reply was shown")
	}
	off := int64(0)
	for _, e := range w.events {
		if e.Kind == event.Data && e.Off != off {
			t.Fatalf("octets at %d, want %d", e.Off, off)
		}
		off += e.Len
	}
}
