package pop3server

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"posta/mail"
)

func three() *drops {
	return newDrops(letter{body: "Subject: a\r\n\r\none\r\n"}, letter{body: "Subject: bb\r\n\r\ntwo\r\n"}, letter{body: "Subject: ccc\r\n\r\nthree\r\n"})
}

const (
	id1 = "000000000000000000000001"
	id2 = "000000000000000000000002"
	id3 = "000000000000000000000003"
)

// rfc: 1939-7-1 1939-5.STAT-2 1939-5.STAT-3 1939-5.LIST-1 1939-5.LIST-3 1939-5.LIST-4 1939-5.RETR-1 1939-5.DELE-1 1939-7.TOP-1 1939-7.UIDL-1 1939-7.UIDL-3
func TestTransaction(t *testing.T) {
	dialogues := map[string]string{
		"what is there": `
			C: STAT
			S: +OK 3 62
			C: LIST
			S: +OK 3 messages (62 octets)
			S: 1 19
			S: 2 20
			S: 3 23
			S: .
			C: UIDL
			S: +OK …
			S: 1 ` + id1 + `
			S: 2 ` + id2 + `
			S: 3 ` + id3 + `
			S: .
			C: LIST 2
			S: +OK 2 20
			C: UIDL 3
			S: +OK 3 ` + id3 + `
			C: NOOP
			S: +OK`,
		"what is deleted is gone at once": `
			C: DELE 2
			S: +OK …
			C: DELE 2
			S: -ERR That message is marked as deleted
			C: RETR 2
			S: -ERR That message …
			C: TOP 2 1
			S: -ERR That message …
			C: LIST 2
			S: -ERR That message …
			C: UIDL 2
			S: -ERR That message …
			C: STAT
			S: +OK 2 42
			C: LIST
			S: +OK 2 messages (42 octets)
			S: 1 19
			S: 3 23
			S: .
			C: UIDL
			S: +OK …
			S: 1 ` + id1 + `
			S: 3 ` + id3 + `
			S: .
			C: RSET
			S: +OK Maildrop has 3 messages (62 octets)
			C: LIST 2
			S: +OK 2 20
			C: STAT
			S: +OK 3 62`,
		"numbers": `
			C: RETR 0
			S: -ERR No such message
			C: RETR 4
			S: -ERR No such message
			C: LIST 4
			S: -ERR No such message
			C: DELE 2147483647
			S: -ERR No such message
			C: DELE 4294967297
			S: -ERR Argument 1 of DELE must be a decimal number
			C: DELE 1x
			S: -ERR Argument …
			C: DELE +1
			S: -ERR Argument …
			C: DELE -1
			S: -ERR Argument …
			C: DELE 1` + "\x00" + `
			S: -ERR Control characters …
			C: DELE 1 2
			S: -ERR DELE takes …
			C: RETR
			S: -ERR RETR needs …
			C: TOP 1
			S: -ERR TOP needs …
			C: TOP 1 -1
			S: -ERR Argument 2 …
			C: STAT 1
			S: -ERR STAT takes …
			C: STAT
			S: +OK 3 62`,
		"retrieval": `
			C: RETR 1
			S: +OK 19 octets
			S: Subject: a
			S: 
			S: one
			S: .
			C: TOP 3 0
			S: +OK …
			S: Subject: ccc
			S: 
			S: .
			C: TOP 3 1000
			S: +OK …
			S: Subject: ccc
			S: 
			S: three
			S: .`,
	}
	for name, script := range dialogues {
		t.Run(name, func(t *testing.T) {
			d := three()
			k := dial(t, New(config(d)))
			k.login()
			k.play(script)
			k.peer.Close()
			<-k.done
			if len(d.letters) != 3 || len(d.removals) != 0 || d.held() {
				t.Errorf("after a dropped connection %d messages, removals %v, held %v", len(d.letters), d.removals, d.held())
			}
		})
	}
}

// The lease is renewed while a message goes to a slow client, too.
func TestSlowMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := three()
		cfg := config(d)
		srv := New(cfg)
		d.piece, d.pause = 5, srv.lease()/2
		k := dial(t, srv)
		k.login()
		k.play("C: RETR 1\nS: +OK …")
		k.body()
		if !d.held() || d.renewals == 0 {
			t.Errorf("held %v after %d renewals", d.held(), d.renewals)
		}
	})
}

// rfc: 1939-7.UIDL-4
func TestUniqueIDsLast(t *testing.T) {
	srv := New(config(three()))
	for range 2 {
		k := dial(t, srv)
		k.login()
		k.play("C: UIDL\nS: +OK …\nS: 1 " + id1 + "\nS: 2 " + id2 + "\nS: 3 " + id3 + "\nS: .\nC: DELE 1\nS: +OK …")
		k.peer.Reset()
		<-k.done
	}
}

// Sessions see what was there when they began.
func TestSnapshot(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.login()
	d.mu.Lock()
	d.last++
	d.letters[d.last] = letter{body: "new\r\n"}
	delete(d.letters, 2)
	d.mu.Unlock()
	k.play("C: STAT\nS: +OK 3 62\nC: LIST 4\nS: -ERR …\nC: RETR 2\nS: -ERR That message was removed meanwhile\nC: RETR 3\nS: +OK 23 octets")
	k.body()
}

// A write that fails leaves the messages: the client has not got them.
func TestReset(t *testing.T) {
	d := newDrops(letter{body: "Subject: big\r\n\r\n" + strings.Repeat("x", 100000) + "\r\n"})
	k := dial(t, New(config(d)))
	k.login()
	k.send("RETR 1\r\nRETR 1\r\nRETR 1\r\nRETR 1\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n")
	k.peer.Reset()
	<-k.done
	if len(d.letters) != 1 || d.held() {
		t.Errorf("%d messages, held %v", len(d.letters), d.held())
	}
}

func TestOwner(t *testing.T) {
	d := three()
	dial(t, New(config(d))).login()
	if d.holder != "pop3 session from 192.0.2.1:40000" {
		t.Errorf("owner %q", d.holder)
	}
}

// rfc: 2449-6.6-1
func TestPipelining(t *testing.T) {
	d := three()
	k := dial(t, New(config(d)))
	k.send("CAPA\r\nUSER pepe\r\nPASS se cret\r\nSTAT\r\nRETR 2\r\nDELE 2\r\nNONSENSE\r\nLIST\r\nQUIT\r\n")
	k.expect("+OK …")
	k.body()
	k.play("S: +OK …\nS: +OK …\nS: +OK 3 62\nS: +OK 20 octets\nS: Subject: bb\nS: \nS: two\nS: .\nS: +OK …\nS: -ERR …\n" +
		"S: +OK 2 messages (42 octets)\nS: 1 19\nS: 3 23\nS: .\nS: +OK Bye\nS!")
	if len(d.letters) != 2 {
		t.Errorf("%d messages", len(d.letters))
	}
}

// A client may send much before it reads: the server waits, and loses nothing.
// rfc: 2449-6.6-3
func TestMuchPipelined(t *testing.T) {
	d := newDrops(letter{body: strings.Repeat("x", 998) + "\r\n"})
	k := dial(t, New(config(d)))
	k.login()
	const n = 2000
	k.send(strings.Repeat("RETR 1\r\n", n) + "QUIT\r\n")
	for range n {
		k.expect("+OK 1000 octets")
		if got := k.body(); len(got) != 1000 {
			t.Fatalf("%d octets", len(got))
		}
	}
	k.play("S: +OK …\nS!")
}

// rfc: 2449-4-1 2449-4-2 1939-3-2
func TestLines(t *testing.T) {
	cfg := config(three())
	cfg.Mode = mail.Strict
	k := dial(t, New(cfg))
	name := strings.Repeat("x", 248) // "USER " + 248 + CRLF are 255
	k.play("C: USER " + name + "\nS: -ERR Passwords …\nC: USER " + name + "x\nS: -ERR Line too long")
	k.send("NOOP\n")
	k.send("\r\n")
	k.expect("-ERR A line ends in CR LF…")
	k.expect("-ERR A line ends in CR LF…")
	k.send("CA\rPA\r\n")
	k.expect("-ERR A line ends in CR LF…")
	k.send("\xff\xfb\x1f\xff\xfb\x20CAPA\r\n")
	k.play("S: -ERR Telnet negotiation came before…\nC: helo x\nS: -ERR That is a command of SMTP, and this is POP3\nC: XYZZY\nS: -ERR Unknown command\nC:  CAPA\nS: -ERR Unknown command\nC: CAPA \nS: -ERR Exactly one space …\nC: \nS: -ERR Empty command\nC: QUIT\nS: +OK Bye\nS!")
}

func TestLabLines(t *testing.T) {
	k := dial(t, New(config(three())))
	k.send("user pepe\n")
	k.expect("+OK …")
	k.send("PASS se cret\n")
	k.play("S: +OK …\nC:   list   2  \nS: +OK 2 20\nC: HELP\nS: -ERR Unknown command; now you may say CAPA STAT LIST UIDL RETR TOP DELE RSET NOOP QUIT")
}

func TestHTTP(t *testing.T) {
	for _, first := range []string{"GET / HTTP/1.1", "POST /x HTTP/1.1", "put / HTTP/1.0", "CONNECT a:1 HTTP/1.1", "OPTIONS * HTTP/1.1", "Host: localhost", "host:localhost", "PRI * HTTP/2.0"} {
		for _, mode := range []mail.Mode{mail.Lab, mail.Strict} {
			cfg := config(three())
			cfg.Mode = mode
			k := dial(t, New(cfg))
			k.send(first + "\r\nUSER pepe\r\nPASS se cret\r\nQUIT\r\n")
			k.ended()
			if !strings.HasPrefix(k.w.reason, "refused") {
				t.Errorf("%s: reason %q", first, k.w.reason)
			}
		}
	}
}

// A listing of ten thousand messages is whole, and little is kept of them.
func TestLargeMaildrop(t *testing.T) {
	d := newDrops()
	for range 10000 {
		d.last++
		d.letters[d.last] = letter{body: "x\r\n"}
	}
	k := dial(t, New(config(d)))
	k.login()
	for _, verb := range []string{"LIST", "UIDL"} {
		k.play("C: " + verb + "\nS: +OK 10000 messages (30000 octets)")
		lines := strings.Split(strings.TrimSuffix(k.body(), "\r\n"), "\r\n")
		if len(lines) != 10000 {
			t.Fatalf("%s: %d lines", verb, len(lines))
		}
		for i, l := range lines {
			if !strings.HasPrefix(l, fmt.Sprint(i+1, " ")) {
				t.Fatalf("%s: line %d is %q", verb, i+1, l)
			}
		}
		if last := lines[9999]; verb == "UIDL" && last != fmt.Sprintf("10000 %024x", 10000) {
			t.Errorf("last line %q", last)
		}
	}
}

func BenchmarkList(b *testing.B) {
	d := newDrops()
	for range 10000 {
		d.last++
		d.letters[d.last] = letter{body: "x\r\n"}
	}
	k := dial(b, New(config(d)))
	k.login()
	k.send("UIDL\r\n")
	answer := len(k.line()+"\r\n") + len(k.body()) + len(".\r\n")
	b.ReportAllocs()
	for b.Loop() {
		k.send("UIDL\r\n")
		if _, err := k.r.Discard(answer); err != nil {
			b.Fatal(err)
		}
	}
}
