package smuggle

import (
	"bufio"
	"strings"
	"testing"

	"posta/mail"
	"posta/text"
)

// A person whose program ends every line in a bare LF may end data with
// LF.LF, but with no other pair: mixed endings never end a message, and after
// them bare LF is not enough any more.
func TestBareLFTypist(t *testing.T) {
	h := open(t, mail.Lab, false)
	lf := strings.ReplaceAll(hidden, "\r\n", "\n")
	for _, a := range attempts(named()) {
		if !strings.Contains(a.seq.String(), `\r`) && a.seq.dot == "." && a.seq.end == "\n" && a.seq.after == "\n" {
			continue // the honest end of such a peer
		}
		stream := "Subject: " + a.token + "\n\nfirst" + a.seq.end + a.seq.dot + a.seq.after + lf
		for cut := range len(stream) {
			p := h.dial(t, "smtp")
			p.reply()
			if !p.ask("\n", [2]string{"HELO " + helo, "250"}, [2]string{"MAIL FROM: x@" + helo, "250"},
				[2]string{"RCPT TO: " + victim, "250"}, [2]string{"DATA", "354"}) {
				t.FailNow()
			}
			p.send(stream[:cut], stream[cut:], "\r\n.\r\n", "QUIT\r\n")
			said := strings.Join(p.rest(), "")
			p.Close()
			if strings.Contains(said, "354 ") || strings.Count(said, "queued") > 1 {
				t.Fatalf("%s cut at %d: %q", a.seq, cut, said)
			}
			mixed := strings.Contains(stream, "\r")
			if got := strings.Contains(said, "queued"); got == mixed {
				t.Fatalf("%s cut at %d: accepted is %v: %q", a.seq, cut, got, said)
			}
		}
	}
	if got := h.mailbox(t, loot); len(got) != 0 {
		t.Errorf("%d smuggled messages arrived; the first: %q", len(got), got[0])
	}
}

// What an old device sends with bare LF is kept with CRLF. A lone dot that
// this makes is stuffed when it goes out again, so that nobody downstream
// takes it for an end.
func TestNormalised(t *testing.T) {
	h := open(t, mail.Strict, true)
	p := h.dial(t, "smtp")
	p.reply()
	p.ask("\n", [2]string{"HELO " + helo, "250"}, [2]string{"MAIL FROM:<x@" + helo + ">", "250"},
		[2]string{"RCPT TO:<" + victim + ">", "250"}, [2]string{"DATA", "354"})
	p.send("Subject: x\n\nfirst\n.\n" + strings.ReplaceAll(hidden, "\r\n", "\n") + "last\r\n.\r\nQUIT\n")
	if said := p.rest(); len(said) != 2 || said[0][:3]+said[1][:3] != "250221" {
		t.Fatalf("%q", said)
	}
	want := "Subject: x\r\n\r\nfirst\r\n.\r\n" + hidden + "last\r\n"
	if got := h.mailbox(t, victim); len(got) != 1 || got[0] != want {
		t.Fatalf("kept is %q, want %q", got, want)
	}
	got := h.retr(t, victim)
	if !strings.HasSuffix(got, "\r\n\r\nfirst\r\n..\r\n"+strings.ReplaceAll(hidden, "\n.\r", "\n..\r")+"last\r\n.\r\n") {
		t.Errorf("RETR sends %q", got)
	}
	var dot text.Dot
	content, n, done, err := dot.Scan(nil, []byte(got))
	if !done || err != nil || n != len(got) || unprefixed(string(content)) != want {
		t.Errorf("RETR reads back as %q (%d of %d octets, %v)", content, n, len(got), err)
	}
}

// retr is what RETR 1 sends behind its +OK, up to the answer to QUIT.
func (h *house) retr(t *testing.T, address string) string {
	p := h.dial(t, "pop3")
	p.reply()
	p.ask("\r\n", [2]string{"STLS", "+OK"})
	c := secured(p)
	r := bufio.NewReader(c)
	for _, line := range []string{"USER " + address, "PASS " + secret, "RETR 1"} {
		if _, err := c.Write([]byte(line + "\r\n")); err != nil {
			t.Fatal(err)
		}
		if got, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(got, "+OK") {
			t.Fatalf("%s: %q, %v", line, got, err)
		}
	}
	if _, err := c.Write([]byte("QUIT\r\n")); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return strings.TrimSuffix(all.String(), "+OK Bye\r\n")
		}
		all.WriteString(line)
	}
}
