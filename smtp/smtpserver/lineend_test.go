package smtpserver

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/smtp"
)

// Replies to RSET, MAIL, RCPT and BDAT wait for their group; all others go at
// once (RFC 2920 §3.2).
func TestFlushes(t *testing.T) {
	tests := []struct {
		group string
		want  []string // one for each write of the server: the codes in it
	}{
		{"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nRCPT TO:<nadie@b>\r\nDATA\r\n", []string{"250 250 550 354"}},
		{"RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nBDAT 2\r\n\r\nBDAT 0 LAST\r\n", []string{"250 250 250 250 250"}},
		{"MAIL FROM:<malo@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n", []string{"550 503 503"}},
		{"MAIL FROM:<a@b>\r\nRCPT", []string{"250"}},
		{"RSET\r\nXYZZY\r\nRSET\r\nSAML\r\nRSET\r\n", []string{"250 500", "250 502", "250"}},
		{"RSET\r\nNOOP\r\n", []string{"250 250"}},
		{"RSET\r\nQUIT\r\n", []string{"250 221"}},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			r.send(test.group)
			synctest.Wait()
			var got []string
			buf := make([]byte, 4096)
			for r.conn.Unread() > 0 {
				n, err := r.conn.Read(buf)
				if err != nil {
					t.Fatal(err)
				}
				var codes []string
				for line := range strings.Lines(string(buf[:n])) {
					codes = append(codes, line[:3])
				}
				got = append(got, strings.Join(codes, " "))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q: writes %q, want %q", test.group, got, test.want)
			}
			r.finish()
		})
	}
}

// A message sent as one pipelined write after EHLO, cut at every octet, is
// answered alike and arrives alike.
func TestEverySplit(t *testing.T) {
	const head = "MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 11\r\nx\r\n.\r\nQ\r\n\r\nBDAT 3 LAST\r\ny\r\nRSET\r\nMAIL FROM:<e@f>\r\nRCPT TO:<a@b>\r\nDATA\r\n"
	const body = "Subject: x\r\n\r\n..\r\n.x\r\n\r\n.\r\nMAIL FROM:<g@h>\r\n"
	for i := range len(head) + len(body) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			if err := r.conn.WriteCut([]byte(head), min(i, len(head))); err != nil {
				t.Fatal(err)
			}
			for _, code := range []string{"250", "250", "250", "250", "250", "250", "250", "250", "354"} {
				if l := r.line(); !strings.HasPrefix(l, code) {
					t.Fatalf("cut at %d: %q, want %s", i, l, code)
				}
			}
			if err := r.conn.WriteCut([]byte(body), max(0, i-len(head))); err != nil {
				t.Fatal(err)
			}
			r.play("S: 250 2.0.0 OK: queued as Q2\nS: 250 2.1.0 OK")
			r.finish()
			if len(r.h.got) != 2 || r.h.got[0].content.String() != "x\r\n.\r\nQ\r\n\r\ny\r\n" || r.h.got[1].content.String() != "Subject: x\r\n\r\n.\r\nx\r\n\r\n" {
				t.Fatalf("cut at %d: %q, %q", i, &r.h.got[0].content, &r.h.got[1].content)
			}
		})
	}
}

// What was sent too early on a strict listener is refused; text behind DATA is
// never read as commands.
func TestTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(c *Config) { c.GreetWait = time.Second })
		r.send("EHLO a.example\r\n")
		r.play("S: 421 4.7.0…\nS: <closed>")
		r.finish()
	})
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(c *Config) { c.GreetWait = time.Second })
		r.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		r.play("S: 421 4.7.0…\nS: <closed>")
		r.finish()
	})
	tests := []struct{ script string }{
		{"C: EHLO a\nC: MAIL FROM:<a@b>\nC: BDAT 6 LAST\nC: QUIT\nS: 250-…\nS: 250-…\nS: 250-…\nS: 250-…\nS: 250-…\nS: 250-…\nS: 250-…\nS: 250-…\nS: 250 HELP\n" +
			"S: 503 5.5.0…\nS: 503 5.5.0…\nC: MAIL FROM:<a@b>\nS: 250 2.1.0 OK"},
		{"C: HELO a\nC: MAIL FROM:<a@b>\nC: RCPT TO:<a@b>\nC: DATA\nC: x\nC: .\nC: RSET\nS: 250 mx…\nS: 503 5.5.0…\nS: 503 5.5.0…\nS: 503 5.5.0…\n" +
			"S: 503 5.5.1…\nS: 503 5.5.1…\nS: 503 5.5.1…\nC: RSET\nS: 503 5.5.1…"},
		{"C: MAIL FROM:<a@b>\nC: RCPT TO:<a@b>\nC: DATA\nC: x\nC: .\nC: MAIL FROM:<c@d>\nS: 250…\nS: 250…\nS: 503 5.5.0…\nS: 503 5.5.1…\nS: 503 5.5.1…\nS: 503 5.5.1…\nC: QUIT\nS: 221…\nS: <closed>"},
		{"C: NOOP\nC: RSET\nC: QUIT\nS: 250…\nS: 503 5.5.0…\nS: 221…\nS: <closed>"},
		{"C: VRFY pepe\nC: RSET\nS: 250…\nS: 503 5.5.0…\nC: RSET\nS: 250…"},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			r.play(test.script)
			r.finish()
			if len(r.h.got) != 0 {
				t.Errorf("%q: a letter was taken", test.script)
			}
		})
	}
}

func TestBareEnds(t *testing.T) {
	const open = "C: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<a@b>\nS: 250…\n"
	for _, bare := range []string{"x\n.\n", "x\n.\r\n", "x\r\n.\n", "x\r.\r", "x\r\n.\r", "x\r.\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			r.play(open + "C: DATA\nS: 354…")
			r.send(bare + "MAIL FROM:<c@d>\r\nRCPT TO:<c@d>\r\nDATA\r\nsmuggled\r\n.\r\n")
			r.play("S: 550 5.5.2…\nS: <closed>")
			r.finish()
			if len(r.h.got) != 0 || r.h.lost != 1 {
				t.Errorf("%q: taken", bare)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			r.play(open)
			r.send(fmt.Sprintf("BDAT %d LAST\r\n%sRSET\r\n", len(bare), bare))
			r.play("S: 550 5.5.2…\nS: 250…")
			r.finish()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.greet()
		r.send("NOOP\nRSET\r\n")
		r.play("S: 500 5.5.2…\nS: 500 5.5.2…") // a line behind a bare LF is not trusted either
		r.send(strings.Repeat("x", 3000) + "\r\n")
		r.play("S: 500 5.5.2 Line too long")
		r.send("\xff\xfb\x1f\xff\xfb\x20HELO x\r\n")
		r.play("S: 500 5.5.2 Telnet negotiation came before…")
		r.send("\x16\x03\x01 x\r\n")
		r.play("S: 500 5.5.2 Invalid character: a TLS…")
		r.send("NO\x00P\r\n")
		r.play("S: 500 5.5.2…\nC: NOOP\nS: 250…")
		r.finish()
	})
}

// The octets of a chunk's last line without an end get one.
func TestChunkLineEnds(t *testing.T) {
	tests := []struct {
		chunks []string
		want   string
		ok     bool
	}{
		{[]string{"a\r", "\nb\r\n"}, "a\r\nb\r\n", true},
		{[]string{"a"}, "a\r\n", true},
		{[]string{"a\r\n", "b", ""}, "a\r\nb\r\n", true},
		{[]string{""}, "", true},
		{[]string{"a\r"}, "", false},
		{[]string{"a", "\nb"}, "", false},
		{[]string{"a\r", "b"}, "", false},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			r.play("C: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<a@b>\nS: 250…\n")
			last := ""
			for i, c := range test.chunks {
				mark := ""
				if i == len(test.chunks)-1 {
					mark = " LAST"
				}
				r.send(fmt.Sprintf("BDAT %d%s\r\n%s", len(c), mark, c))
				last = r.line()
			}
			r.finish()
			if ok := strings.HasPrefix(last, "250"); ok != test.ok || ok && r.h.got[0].content.String() != test.want {
				t.Errorf("%q: %s", test.chunks, last)
			}
		})
	}
}

// Whatever a peer sends, the session ends when the peer goes, and no letter is
// taken that was not ended properly.
func FuzzSession(f *testing.F) {
	f.Add([]byte("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"), true)
	f.Add([]byte("HELO a\r\nAUTH LOGIN\r\nx\r\n*\r\nBDAT 3 LAST\r\nabcVRFY \"\r\nEXPN x\r\nHELP y\r\n"), true)
	f.Add([]byte("\xff\xfb\x1fEHLO\nSTARTTLS\r\n"), false)
	f.Fuzz(func(t *testing.T, octets []byte, human bool) {
		synctest.Test(t, func(t *testing.T) {
			mode := func(*Config) {}
			if human {
				mode = lab
			}
			r := start(t, mode)
			r.line()
			_, _ = r.conn.Write(octets)
			synctest.Wait()
			_ = r.conn.CloseWrite()
			replies, err := io.ReadAll(r.in)
			if err != nil {
				t.Fatal(err)
			}
			<-r.done
			checkReplies(t, string(replies))
			r.finish()
		})
	})
}

func checkReplies(t *testing.T, s string) {
	for i := strings.IndexByte(s, 0xff); i >= 0; i = strings.IndexByte(s, 0xff) {
		s = s[:i] + s[i+3:] // an answer to telnet negotiation
	}
	var reader smtp.ReplyReader
	for s != "" {
		line, rest, ok := strings.Cut(s, "\r\n")
		if !ok {
			t.Fatalf("a reply breaks off: %q", s)
		}
		if _, _, err := reader.Line(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		s = rest
	}
}
