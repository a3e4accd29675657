package smuggle

import (
	"fmt"
	"strings"
	"testing"

	"posta/mail"
)

// begin brings a connection to where DATA or BDAT may come.
func (h *house) begin(t *testing.T) *peer {
	t.Helper()
	p := h.dial(t, "smtp")
	p.reply()
	if !p.ask("\r\n", [2]string{"EHLO " + helo, "250"}, [2]string{"MAIL FROM:<x@" + helo + ">", "250"},
		[2]string{"RCPT TO:<" + victim + ">", "250"}) {
		t.FailNow()
	}
	return p
}

// codes are the first three octets of each line said.
func codes(said []string) string {
	var all []string
	for _, line := range said {
		all = append(all, line[:min(3, len(line))])
	}
	return strings.Join(all, " ")
}

// A chunk is as long as BDAT says, whatever is in it: ends of data and
// commands are content, and bare line ends refuse the message. Both writes and
// every octet between them.
func TestChunks(t *testing.T) {
	inside := "first\r\n.\r\n" + hidden
	chunk := func(s, last string) string { return fmt.Sprintf("BDAT %d%s\r\n%s", len(s), last, s) }
	for _, c := range []struct{ name, stream, codes, kept string }{
		{"commands in a chunk", chunk("Subject: a\r\n\r\n"+inside, " LAST"), "250 221", "Subject: a\r\n\r\n" + inside},
		{"a dot is no end", chunk("Subject: a\r\n\r\n.\r\n", "") + chunk(".\r\n", " LAST"), "250 250 221", "Subject: a\r\n\r\n.\r\n.\r\n"},
		{"a line end in two chunks", chunk("Subject: a\r\n\r\nx\r", "") + chunk("\n.\r", "") + chunk("\n", " LAST"), "250 250 250 221", "Subject: a\r\n\r\nx\r\n.\r\n"},
		{"a bare LF", chunk("Subject: a\r\n\r\nx\n.\n"+inside, " LAST"), "550 221", ""},
		{"a bare CR", chunk("Subject: a\r\n\r\nx\r.\r"+inside, " LAST"), "550 221", ""},
		{"a bare CR between two chunks", chunk("Subject: a\r\n\r\nx\r", "") + chunk(".\r\n"+inside, " LAST"), "250 550 221", ""},
		{"a bare CR at the end", chunk("Subject: a\r\n\r\nx\r", " LAST"), "550 221", ""},
		{"a bare CR before an empty last chunk", chunk("Subject: a\r\n\r\nx\r", "") + "BDAT 0 LAST\r\n", "250 550 221", ""},
		{"a chunk without a message", "RSET\r\n" + chunk(hidden, " LAST"), "250 503 221", ""},
		{"a chunk behind a broken one", chunk("x\ny", "") + chunk(hidden, " LAST"), "550 503 221", ""},
		{"a chunk announced wrongly", chunk(inside, " LAST LAST") + "MAIL FROM:<x@y.es>\r\n", "501 503 221", ""},
		{"a chunk announced twice", chunk("Subject: a\r\n", "") + "BDAT 3 4\r\nabc" + chunk("x\r\n", " LAST"), "250 501 503 221", ""},
	} {
		for _, mode := range []mail.Mode{mail.Strict, mail.Lab} {
			t.Run(fmt.Sprint(c.name, " ", mode), func(t *testing.T) {
				h := open(t, mode, false)
				for cut := range len(c.stream) {
					p := h.begin(t)
					p.send(c.stream[:cut], c.stream[cut:], "QUIT\r\n")
					if said := p.rest(); codes(said) != c.codes {
						t.Fatalf("cut at %d: %q, want %s", cut, said, c.codes)
					}
					p.Close()
				}
				h.wants(t, c.kept, len(c.stream))
			})
		}
	}
}

// wants checks the mailboxes: n times a message, or none if it is "".
func (h *house) wants(t *testing.T, message string, n int) {
	t.Helper()
	if got := h.mailbox(t, loot); len(got) != 0 {
		t.Errorf("%d smuggled messages arrived; the first: %q", len(got), got[0])
	}
	if message == "" {
		n = 0
	}
	got := h.mailbox(t, victim)
	if len(got) != n {
		t.Errorf("%d messages are there, want %d", len(got), n)
	}
	for _, m := range got {
		if m != message {
			t.Fatalf("kept is %q, want %q", m, message)
		}
	}
}

// Behind a BDAT whose length nobody can tell, a strict server serves nothing:
// what comes may be the chunk.
func TestUnmeasurableChunks(t *testing.T) {
	h := open(t, mail.Strict, false)
	for _, size := range []string{"-1", "+9", "0x10", "1e3", "12LAST", "99999999999999999999", "9223372036854775807",
		"9223372036854775808", "18446744073709551626", "ten", "١٢", "12\x00"} {
		for _, last := range []string{"", " LAST"} {
			p := h.begin(t)
			p.send("BDAT "+size+last+"\r\n", "RSET\r\n"+hidden)
			p.send("QUIT\r\n")
			if err := p.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			for _, line := range p.rest() {
				if !strings.HasPrefix(line, "5") && !strings.HasPrefix(line, "221") && line != "" {
					t.Errorf("BDAT %s%s: %q", size, last, line)
				}
			}
			p.Close()
		}
	}
	h.wants(t, "", 0)
}

// Message text that comes with DATA, before 354, is not read as commands by a
// strict server: nothing but QUIT is served any more.
func TestTextBeforeGoAhead(t *testing.T) {
	h := open(t, mail.Strict, false)
	stream := "DATA\r\nSubject: a\r\n\r\nfirst\r\n.\r\nRSET\r\n" + hidden
	for cut := range len(stream) {
		if cut == len("DATA\r\n") {
			continue // then it came after the 354 for all that anybody can tell
		}
		p := h.begin(t)
		p.send(stream[:cut], stream[cut:], "QUIT\r\n")
		said := p.rest()
		if !strings.HasPrefix(said[0], "503 ") || !strings.HasPrefix(said[len(said)-1], "221 ") || strings.Contains(codes(said), "2 ") {
			t.Errorf("cut at %d: %q", cut, said)
		}
		p.Close()
	}
	h.wants(t, "", 0)
}
