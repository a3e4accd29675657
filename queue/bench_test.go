package queue

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// sinkhole takes all mail, without looking at it.
func sinkhole(l net.Listener, taken *atomic.Int64) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer nc.Close()
			in, out := bufio.NewReader(nc), bufio.NewWriter(nc)
			say := func(s string) { _, _ = out.WriteString(s + "\r\n") }
			say("220 sink")
			for {
				if in.Buffered() == 0 && out.Flush() != nil {
					return
				}
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				switch {
				case strings.HasPrefix(line, "EHLO"):
					say("250-sink\r\n250-8BITMIME\r\n250 PIPELINING")
				case strings.HasPrefix(line, "DATA"):
					say("354 go")
					_ = out.Flush()
					for line != ".\r\n" {
						if line, err = in.ReadString('\n'); err != nil {
							return
						}
					}
					say("250 taken")
					taken.Add(1)
				case strings.HasPrefix(line, "QUIT"):
					say("221 bye")
					_ = out.Flush()
					return
				default:
					say("250 ok")
				}
			}
		}()
	}
}

// A full queue for one next hop, out of the store that serves and over sockets.
func BenchmarkDrain(b *testing.B) {
	db, err := sqldb.Open(b.Context(), b.TempDir(), sqldb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var taken atomic.Int64
	go sinkhole(l, &taken)
	body := []byte("Subject: Hi\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 56))
	for i := range b.N {
		f := store.Filing{ID: fmt.Sprintf("q%d", i), From: "a@us.example", Draft: db.Draft(0), Received: time.Now()}
		_, _ = f.Draft.Write(body)
		f.Out = []store.Outgoing{{Queue: f.ID, From: f.From, Sender: "us.example", Received: f.Received,
			Rcpts: []store.Rcpt{{To: "b@x.example", Domain: "x.example", Due: time.Now(), Expires: time.Now().Add(time.Hour)}}}}
		if err := db.File(b.Context(), f); err != nil {
			b.Fatal(err)
		}
	}
	q := New(Config{Store: db.Queue(), Routes: laidRoutes{"x.example": {Hosts: []string{l.Addr().String()}}}, Hostname: "us.example",
		Limits: Limits{Destination: 64}, Problem: func(err error) { b.Error(err) }})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	b.ResetTimer()
	go func() { done <- q.Run(ctx) }()
	for taken.Load() < int64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

type laidRoutes map[string]Route

func (r laidRoutes) Route(_ context.Context, domain string) (Route, error) { return r[domain], nil }
