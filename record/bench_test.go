package record

import (
	"fmt"
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

// What a session costs with a letter of 4 KiB, in memory alone and with files
// beside: all that the archive does is counted.
func BenchmarkArchive(b *testing.B) {
	letter := strings.Repeat(strings.Repeat("x", 62)+"\r\n", 64) + ".\r\n"
	for _, disk := range []bool{false, true} {
		b.Run(fmt.Sprintf("disk=%v", disk), func(b *testing.B) {
			r := lab(Options{})
			defer r.Close()
			archive, err := OpenArchive(ArchiveOptions{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer archive.Close()
			conn, next := uint64(0), uint64(0)
			for b.Loop() {
				conn++
				p := connect(r, conn, "lab")
				for range 5 {
					p.command("MAIL FROM:<luis@x.example>\r\n")
					p.reply("250 2.1.0 OK\r\n")
				}
				p.body(letter)
				p.close()
				if disk && conn%200 == 0 {
					news := r.endedSince(next)
					n, err := archive.take(r, news.ended)
					if err != nil {
						b.Fatal(err)
					}
					next = news.from + uint64(n)
				}
			}
		})
	}
}
