package smtpclient

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/mail"
	"posta/wire/wiretest"
)

// slow is a server that answers each command, and each chunk, only after a wait, and
// reads a message behind DATA a part at a time.
type slow struct {
	offer       []string
	answer      time.Duration
	part, pause int // octets, and seconds between them
}

func (s *slow) serve(nc net.Conn) {
	defer nc.Close()
	in := bufio.NewReaderSize(nc, 16)
	say := func(line string) bool { _, err := io.WriteString(nc, line+"\r\n"); return err == nil }
	ok := say("220 x")
	for ok {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "EHLO":
			ok = say(strings.Join(s.offer, "\r\n"))
			continue
		case "DATA":
			if !say("354 go") || !s.message(in) {
				return
			}
		case "BDAT":
			var n int64
			_, _ = fmt.Sscan(arg, &n)
			for ; n > 0; n -= int64(s.part) {
				if _, err := io.CopyN(io.Discard, in, min(n, int64(s.part))); err != nil {
					return
				}
				time.Sleep(time.Duration(s.pause) * time.Second)
			}
		}
		time.Sleep(s.answer)
		ok = say("250 ok")
	}
}

// message reads to the dot; false: it did not come.
func (s *slow) message(in *bufio.Reader) bool {
	for part := 0; ; {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return err == nil
		}
		if part += len(line); s.part > 0 && part >= s.part {
			part = 0
			time.Sleep(time.Duration(s.pause) * time.Second)
		}
	}
}

// A server that keeps to all times, each by itself, does not have a message for
// days; one that is as fast as an old modem gets it.
func TestWhole(t *testing.T) {
	const pipelining, chunking = "250-x\r\n250 PIPELINING", "250-x\r\n250 CHUNKING"
	for name, c := range map[string]struct {
		s      slow
		rcpts  int
		size   int64
		err    string // "": the message is taken
		within time.Duration
	}{
		"slow answers":           {slow{offer: []string{"250 x"}, answer: 4 * time.Minute}, 100, 100, "RCPT", 12*time.Minute + 1000*time.Second},
		"slow answers in groups": {slow{offer: []string{pipelining}, answer: 4 * time.Minute}, 100, 100, "RCPT", 12*time.Minute + 1000*time.Second},
		"slow, but not too":      {slow{offer: []string{"250 x"}, answer: 3 * time.Minute}, 2, 100, "", 18 * time.Minute},
		"reads slowly":           {slow{offer: []string{"250 x"}, part: 8 << 10, pause: 60}, 1, 10 << 20, "the message", 10 * time.Minute},
		"reads as a modem":       {slow{offer: []string{"250 x"}, part: 1100, pause: 1}, 1, 2 << 20, "", time.Hour},
		"reads chunks slowly":    {slow{offer: []string{chunking}, part: 8 << 10, pause: 60}, 1, 10 << 20, "the message", 20 * time.Minute},
		"reads chunks well":      {slow{offer: []string{chunking}, part: 1100, pause: 1}, 1, 2 << 20, "", time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := wiretest.Pipe()
			go c.s.serve(far)
			cl := New(near, Options{Name: "me.example", Chunks: true})
			if err := cl.Greeting(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := cl.Hello(t.Context()); err != nil {
				t.Fatal(err)
			}
			m := &Message{Envelope: mail.Envelope{From: mail.Address{Local: "a", Domain: "me.example"}}, Content: io.LimitReader(lines{}, c.size), Size: c.size}
			for i := range c.rcpts {
				m.To = append(m.To, mail.Recipient{To: mail.Address{Local: fmt.Sprint(i), Domain: "x.example"}})
			}
			began := time.Now()
			out, err := cl.Send(t.Context(), m)
			took := time.Since(began)
			if c.err == "" && (err != nil || !out.Sent) || c.err != "" && (err == nil || !strings.Contains(err.Error(), "lost over "+c.err) || out.Sent) || took > c.within+time.Second {
				t.Errorf("%s: %v after %v, sent %v", name, err, took, out.Sent)
			}
			_ = cl.Close("done")
			time.Sleep(time.Hour)
		})
	}
}

// Each wait has the standard's length, and the end of the context ends it.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := wiretest.Pipe()
		defer far.Close()
		start := time.Now()
		c := New(near, Options{Name: "x"})
		if err := c.Greeting(t.Context()); err == nil || time.Since(start) != 5*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if err := c.Hello(ctx); err == nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		far.Close()
		_ = c.Close("done")
	})
}
