package wire

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"posta/wire/wiretest"
)

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn, _ := pair(t, Options{Idle: 5 * time.Minute})
		start := time.Now()
		go func() {
			time.Sleep(4 * time.Minute)
			client.Write([]byte("NO"))
			time.Sleep(4 * time.Minute)
			client.Write([]byte("OP\r\n"))
		}()
		if line, err := conn.Line(20); string(line) != "NOOP" || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		_, err := conn.Line(20)
		if !errors.Is(err, ErrIdle) || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 13*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		conn.SetIdle(time.Minute)
		if _, err := conn.Dot(io.Discard, 0); !errors.Is(err, ErrIdle) || time.Since(start) != 14*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		// The session may still say why it ends.
		conn.Reply("421 4.4.2 idle\r\n")
		if err := conn.Flush(); err != nil || client.Unread() == 0 {
			t.Error("no last words:", err)
		}
	})
}

func TestSessionTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn, _ := pair(t, Options{Idle: time.Minute, Session: 150 * time.Second})
		start := time.Now()
		go func() {
			for range 3 {
				time.Sleep(40 * time.Second)
				client.Write([]byte("NOOP\r\n"))
			}
		}()
		for {
			_, err := conn.Line(20)
			if err == nil {
				continue
			}
			if !errors.Is(err, ErrSessionTime) || time.Since(start) != 150*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			return
		}
	})
}

func TestPeerThatDoesNotRead(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{time.Second: time.Minute, 10 * time.Minute: 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			_, conn, _ := pair(t, Options{Idle: idle})
			start := time.Now()
			big := bytes.Repeat([]byte("x"), wiretest.Window)
			conn.Write(big)
			if _, err := conn.Write(big); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != want {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			conn.Reply("250 OK\r\n")
			if conn.Flush() == nil || conn.Close("timeout") == nil {
				t.Error("the error was forgotten")
			}
			if time.Since(start) != want {
				t.Error("Close waited again")
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn, _ := pair(t, Options{Idle: time.Hour})
		go func() {
			time.Sleep(time.Minute)
			conn.Interrupt()
		}()
		start := time.Now()
		if _, err := conn.Line(20); !errors.Is(err, ErrShutdown) || time.Since(start) != time.Minute {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		client.Write([]byte("NOOP\r\n"))
		if _, err := conn.Line(20); !errors.Is(err, ErrShutdown) {
			t.Error(err)
		}
		if _, err := conn.Dot(io.Discard, 0); !errors.Is(err, ErrShutdown) || time.Since(start) != time.Minute+lastMessage {
			t.Errorf("%v after %v", err, time.Since(start)) // NOOP is part of a message let in before, which had its time
		}
		if err := conn.Chunk(io.Discard, 1); !errors.Is(err, ErrShutdown) {
			t.Error(err)
		}
		time.Sleep(time.Minute) // the farewell's time counts from the write
		conn.Reply("421 4.3.2 bye\r\n")
		if err := conn.Flush(); err != nil {
			t.Error(err)
		}
		at := time.Now()
		if _, err := conn.Write(make([]byte, 2*wiretest.Window)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(at) != farewell {
			t.Errorf("%v after %v", err, time.Since(at))
		}
	})
}

// A message that is coming in when the server ends may still come to its end,
// if that is soon.
func TestInterruptInAMessage(t *testing.T) {
	for _, c := range []struct {
		name  string
		read  func(*Conn) error
		rest  string
		after time.Duration
		want  error
		took  time.Duration
	}{
		{"DATA in time", dotted, ".\r\n", lastMessage / 2, nil, lastMessage / 2},
		{"DATA too late", dotted, ".\r\n", 2 * lastMessage, ErrShutdown, lastMessage},
		{"BDAT in time", chunked, "b\r\n", lastMessage / 2, nil, lastMessage / 2},
		{"BDAT too late", chunked, "b\r\n", 2 * lastMessage, ErrShutdown, lastMessage},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, conn, _ := pair(t, Options{Idle: time.Hour})
			client.Write([]byte("a\r\n"))
			interrupted := time.Now().Add(time.Minute)
			go func() {
				time.Sleep(time.Minute)
				conn.Interrupt()
				time.Sleep(c.after)
				client.Write([]byte(c.rest))
			}()
			if err := c.read(conn); !errors.Is(err, c.want) || time.Since(interrupted) != c.took {
				t.Errorf("%s: %v after %v", c.name, err, time.Since(interrupted))
			}
			if _, err := conn.Line(20); !errors.Is(err, ErrShutdown) {
				t.Errorf("%s, then: %v", c.name, err)
			}
			time.Sleep(time.Minute)
		})
	}
}

func dotted(c *Conn) error {
	_, err := c.Dot(io.Discard, 0)
	return err
}

func chunked(c *Conn) error { return c.Chunk(io.Discard, 6) }

// A peer that is still talking must not lose the last words to a reset.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn, w := pair(t, Options{})
		client.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		conn.Line(100)
		conn.Reply("554 no\r\n")
		start := time.Now()
		go func() {
			client.Write([]byte("more"))
			time.Sleep(time.Second / 2)
			b, err := io.ReadAll(client)
			if string(b) != "554 no\r\n" || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			client.Close()
		}()
		if err := conn.Close("refused: not mail"); err != nil {
			t.Error(err)
		}
		if time.Since(start) != time.Second/2 {
			t.Errorf("lingered %v", time.Since(start))
		}
		if conn.Close("again") != nil || len(w.events) != 4 {
			t.Errorf("closed twice:\n%s", w.log())
		}

		_, conn, _ = pair(t, Options{})
		start = time.Now()
		conn.Close("timeout")
		if time.Since(start) != lingerTime {
			t.Errorf("lingered %v for a silent peer", time.Since(start))
		}
		_, conn, _ = pair(t, Options{})
		start = time.Now()
		conn.Close("quit")
		if time.Since(start) != 0 {
			t.Error("lingered after QUIT")
		}
	})
}
