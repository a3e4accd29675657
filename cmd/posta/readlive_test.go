package main

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
)

// Of a capture that comes through a pipe each frame is shown before the next
// packet is there; Ctrl-C ends it in good order.
func TestReadLive(t *testing.T) {
	for _, format := range []string{"table", "json"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			in, pipe := io.Pipe()
			out := &both{}
			ended := make(chan int)
			around := terminal{In: in, Out: out, Err: out, Getenv: func(string) string { return "" }}
			go func() {
				ended <- run(ctx, []string{"read", "-", "--lang", "en", "--fields", "frame.number,tcp.seq", "--format", format}, around)
			}()
			rest := labCapture
			send := func(n int) {
				_, _ = pipe.Write(rest[:n])
				rest = rest[n:]
				time.Sleep(2 * pause)
				synctest.Wait()
			}
			send(24)
			headings := strings.Count(format, "table")
			for number := 1; number <= 20; number++ {
				send(16 + int(binary.LittleEndian.Uint32(rest[8:])))
				if lines := strings.Count(out.String(), "\n"); lines != number+headings {
					t.Fatalf("%s: with %d packets it shows\n%s", format, number, out)
				}
			}
			cancel()
			if status := <-ended; status != exitDone {
				t.Errorf("it ends with status %d: %s", status, out)
			}
			pipe.Close()
			in.Close()
		})
	}
}

// A row waits for the one before it, but not for ever.
func TestReadLiveWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		a := &app{terminal: terminal{Out: &out, Err: &out, Getenv: func(string) string { return "" }}}
		l, err := a.newFrameList(framesFlags{fields: []string{"frame.number"}})
		if err != nil {
			t.Fatal(err)
		}
		l.live = true
		l.d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: event.Captured{}})
		packet := func(number uint32, marks event.Marks) {
			l.d.Feed(&event.Event{Conn: 1, Kind: event.Packet, Packet: number, Fact: &event.Segment{Net: -1, Len: 1, Marks: marks}})
		}
		packet(1, event.OutOfOrder)
		packet(2, event.Retransmission)
		for _, step := range []struct {
			after time.Duration
			again time.Duration
			shown string
		}{{0, rowPatience, ""}, {rowPatience / 2, rowPatience / 2, ""}, {rowPatience, 0, "frame.number\n2\n"}} {
			time.Sleep(step.after)
			if again := l.idle(); again != step.again || out.String() != step.shown {
				t.Errorf("after %v: again in %v, shown %q", step.after, again, out.String())
			}
		}
		packet(3, event.Retransmission)
		time.Sleep(rowPatience + 1)
		if packet(4, event.Retransmission); l.shown != 2 {
			t.Errorf("where it never pauses, %d rows are shown", l.shown)
		}
	})
}
