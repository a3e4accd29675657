package wire

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// A pause takes its time whatever the peer says meanwhile, and loses none of it.
func TestPause(t *testing.T) {
	for name, said := range map[string][]byte{
		"nothing": nil,
		"a line":  []byte("NOOP\r\n"),
		"much":    bytes.Repeat([]byte("NOOP\r\n"), 2000), // more than the buffer
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, conn, _ := pair(t, Options{Idle: time.Minute})
				client.Write([]byte("EHLO x\r\n"))
				line, err := conn.Line(100)
				if err != nil {
					t.Fatal(err)
				}
				go func() { client.Write(said) }()
				began := time.Now()
				conn.Pause(5 * time.Minute)
				if took := time.Since(began); took != 5*time.Minute {
					t.Errorf("it took %v", took)
				}
				if string(line) != "EHLO x" {
					t.Errorf("the line lent has become %q", line)
				}
				for range len(said) / len("NOOP\r\n") {
					if line, err := conn.Line(100); string(line) != "NOOP" || err != nil {
						t.Fatalf("%q, %v", line, err)
					}
				}
			})
		})
	}
}

// It ends with the peer's side, and at Interrupt.
func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn, _ := pair(t, Options{Idle: time.Minute})
		began := time.Now()
		go func() {
			time.Sleep(7 * time.Second)
			client.CloseWrite()
		}()
		conn.Pause(time.Hour)
		conn.Pause(time.Hour) // there is nobody any more
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("the peer has gone: %v", took)
		}
	})
	for name, said := range map[string][]byte{"quiet": nil, "full": bytes.Repeat([]byte("x"), 100_000)} {
		synctest.Test(t, func(t *testing.T) {
			client, conn, _ := pair(t, Options{Idle: time.Minute})
			go func() { client.Write(said) }()
			began := time.Now()
			go func() {
				time.Sleep(7 * time.Second)
				conn.Interrupt()
			}()
			conn.Pause(time.Hour)
			if took := time.Since(began); took < 7*time.Second || took > 8*time.Second {
				t.Errorf("%s, at Interrupt: %v", name, took)
			}
			conn.Close("test over")
		})
	}
}
