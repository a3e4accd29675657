//go:build whole

package peers

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"posta/config"
)

// body is a message as curl is given it, and what is to be kept behind posta's
// own fields.
type body struct{ name, given, kept string }

// bodies are odd ones. Where nothing else is said, they are kept as given.
func bodies() []body {
	const head = "Subject: odd\r\n\r\n"
	same := func(name, text string) body { return body{name, text, text} }
	var eight strings.Builder
	for c := 0x80; c <= 0xff; c++ {
		eight.WriteByte(byte(c))
	}
	return []body{
		same("dots", head+".\r\n..\r\n...\r\n.x\r\n\r\n.\r\n\r\n. \r\n"),
		same("a dot first and last", head+".\r\n"),
		same("empty lines", head+"\r\n\r\n\r\n"),
		same("no body", "Subject: odd\r\n\r\n"),
		{"no final line end", head + "last", head + "last\r\n"},
		{"a dot without a line end", head + ".", head + ".\r\n"},
		{"no header", "luis jaramillo uday\r\n", "\r\nluis jaramillo uday\r\n"},
		{"a dot in front of all", ".\r\nSubject: no header\r\n", "\r\n.\r\nSubject: no header\r\n"},
		same("dialogue as text", head+"QUIT\r\n.\r\nMAIL FROM:<>\r\n+OK\r\n-ERR\r\n.\r\n"),
		same("long lines", head+strings.Repeat(strings.Repeat("x", 100<<10)+"\r\n", 3)+"."+strings.Repeat(".", 100<<10)+"\r\n"),
		same("998 and around", head+strings.Repeat("x", 998)+"\r\n"+strings.Repeat("y", 999)+"\r\n"),
		same("8 bit", head+eight.String()+"\r\nñandú, corazón, 日本\r\n"),
		same("NUL", head+"a\x00b\r\n\x00\r\n.\x00\r\n\x00.\r\n"),
		same("telnet and editing octets", head+"\xff\xfb\x01\x08\x7f\x15\x1b[A\x04\x1a\xff\xff\r\n"),
		same("5 MB", head+noise(5<<20)),
	}
}

// noise are lines of any octets but CR and LF, always the same ones; many
// begin with dots.
func noise(size int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(strings.Repeat(".", random.IntN(3)))
		for range random.IntN(200) {
			if c := byte(random.Uint32()); c != '\r' && c != '\n' {
				b.WriteByte(c)
			}
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// What curl hands in, curl fetches, octet by octet: sizes told are sizes sent.
func TestRoundTrip(t *testing.T) {
	for _, c := range []struct{ mode, in, out string }{
		{config.ModeStrict, "smtp", "pop3s"},
		{config.ModeLab, "smtp", "pop3"},
	} {
		w := start(t, c.mode)
		for _, b := range bodies() {
			t.Run(c.mode+"/"+b.name, func(t *testing.T) {
				w := w.in(t)
				w.must("", "curl", w.curlSend(c.in, gorka, b.given)...)
				list := w.must("", "curl", w.curlFetch(c.out, gorka, "")...)
				fetched := w.must("", "curl", w.curlFetch(c.out, gorka, "1")...)
				kept := w.arrived(gorka, b.kept)
				if fetched != kept {
					t.Errorf("kept is %s\nfetched %s", brief(kept), brief(fetched))
				}
				if want := "1 " + strconv.Itoa(len(kept)) + "\r\n"; list != want {
					t.Errorf("LIST says %q, want %q", list, want)
				}
			})
		}
	}
}

// A message with a bare CR or LF is refused, and curl says so.
func TestBareEndsRefused(t *testing.T) {
	for _, mode := range []string{config.ModeStrict, config.ModeLab} {
		w := start(t, mode)
		for _, text := range []string{"Subject: x\n\nx\n", "Subject: x\r\n\r\nx\ny\r\n", "Subject: x\r\n\r\nx\ry\r\n"} {
			said := w.fails(8, "", "curl", w.curlSend("smtp", gorka, text, "-v")...)
			if !strings.Contains(said, "< 550 5.5.2 ") {
				t.Errorf("%s: for %q curl says %q", mode, text, said)
			}
		}
		if got := w.inbox(gorka); len(got) != 0 {
			t.Errorf("%s: kept is %q", mode, got)
		}
	}
}
