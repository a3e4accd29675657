//go:build unix

package server

import (
	"bufio"
	"context"
	"net"
	"strings"
	"syscall"
	"testing"

	"posta/admin"
	"posta/config"
)

// What recording costs the house: processor time for a message of 4 KiB, client
// and store included. Compare record=false with record=true.
func BenchmarkRecord(b *testing.B) {
	for _, c := range []struct {
		name, mode string
		record     bool
	}{
		{"mode=strict/record=false", config.ModeStrict, false},
		{"mode=strict/record=true", config.ModeStrict, true},
		{"mode=lab/record=false", config.ModeLab, false},
		{"mode=lab/record=true", config.ModeLab, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			h, ports := start(b, func(cfg *config.Config) {
				cfg.Record.Enabled = c.record
				for i := range cfg.Listeners {
					cfg.Listeners[i].Mode = c.mode
				}
			})
			messages(b, h, ports["smtp"])
		})
	}
}

func messages(b *testing.B, h *House, address string) {
	password := "clave-2026"
	_ = h.Operations().Call(context.Background(), "domain.add", admin.DomainChange{Name: "pepito.es"}, nil)
	if err := h.Operations().Call(context.Background(), "account.add", admin.AccountChange{Address: "pepe@pepito.es", Password: &password}, nil); err != nil {
		b.Fatal(err)
	}
	nc, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	r := bufio.NewReader(nc)
	say := func(text, code string) {
		if _, err := nc.Write([]byte(text)); err != nil {
			b.Fatal(err)
		}
		if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, code) {
			b.Fatal(text, line, err)
		}
	}
	say("", "220")
	say("HELO x.example\r\n", "250")
	body := strings.Repeat(strings.Repeat("x", 62)+"\r\n", 64) + ".\r\n"
	before, n := processor(b), 0
	for b.Loop() {
		n++
		say("MAIL FROM:<luis@x.example>\r\n", "250")
		say("RCPT TO:<pepe@pepito.es>\r\n", "250")
		say("DATA\r\n", "354")
		say(body, "250")
	}
	b.ReportMetric(float64(processor(b)-before)/float64(n), "cpu-µs/op")
	say("QUIT\r\n", "221")
}

// processor is the time that this process has used, in microseconds.
func processor(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return (int64(u.Utime.Sec)+int64(u.Stime.Sec))*1e6 + int64(u.Utime.Usec) + int64(u.Stime.Usec)
}
