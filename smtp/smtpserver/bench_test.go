package smtpserver

import (
	"bufio"
	"crypto/tls"
	"strings"
	"testing"

	"posta/wire"
	"posta/wire/wiretest"
)

type tlsState = tls.ConnectionState

// benchmark sends one message after the other through one session.
func benchmark(b *testing.B, cfg Config, message, body string) {
	client, server := wiretest.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		New(cfg).Session(b.Context(), wire.NewConn(server, wire.Options{ID: 1}))
	}()
	in := bufio.NewReader(client)
	expect := func(n int) {
		for range n {
			line, err := in.ReadString('\n')
			if err != nil || strings.HasPrefix(line, "5") {
				b.Fatalf("%q, %v", line, err)
			}
		}
	}
	send := func(s string) {
		if _, err := client.Write([]byte(s)); err != nil {
			b.Fatal(err)
		}
	}
	expect(1)
	send("HELO a\r\n")
	expect(1)
	send("EHLO a\r\n")
	for line := ""; !strings.HasPrefix(line, "250 "); {
		line, _ = in.ReadString('\n')
	}
	b.ReportAllocs()
	for b.Loop() {
		send(message)
		expect(3)
		send(body)
		expect(1)
	}
	_ = client.Close()
	<-done
}
