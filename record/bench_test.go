package record

import (
	"strings"
	"testing"
)

// What a message of 4 KiB costs when it is recorded, with its session.
func BenchmarkSession(b *testing.B) {
	for _, mode := range []string{"strict", "lab"} {
		b.Run(mode, func(b *testing.B) {
			r := lab(Options{})
			defer r.Close()
			letter := strings.Repeat("x", 4<<10)
			b.ReportAllocs()
			conn := uint64(0)
			for b.Loop() {
				conn++
				p := connect(r, conn, mode)
				for range 7 {
					p.reply("250 2.0.0 fine, go on\r\n")
					p.command("RCPT TO:<somebody@example.net>\r\n")
				}
				p.body(letter)
				p.close()
			}
		})
	}
}
