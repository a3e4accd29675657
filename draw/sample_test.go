package draw

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// spoken is a session of a sample: turns of lines, "C 0.5 text" where 0.5 are
// the seconds since the turn before, and | ends a line.
type spoken struct {
	client, server string  // with their ports
	began          float64 // seconds since the sample's beginning
	turns          []string
	open           bool // it does not end
}

// hear makes sessions of samples.
func hear(t testing.TB, all ...spoken) []*story.Session {
	t.Helper()
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(book)
	for i, s := range all {
		s.play(t, uint64(i+1), book, func(e *event.Event) { d.Feed(e) })
	}
	sessions, _ := book.Sessions()
	for i, s := range sessions { // as in a server's list
		s.Number = uint64(i + 1)
	}
	return sessions
}

// play emits a session's events.
func (s spoken) play(t testing.TB, conn uint64, book *story.Book, emit func(*event.Event)) {
	t.Helper()
	at := time.Date(2026, 3, 2, 10, 15, 0, 0, time.UTC).Add(time.Duration(s.began * float64(time.Second)))
	emit(&event.Event{Conn: conn, Kind: event.Open, Time: at, Fact: event.Captured{Sure: true, Stream: uint32(conn - 1),
		Endpoints: event.Endpoints{Remote: netip.MustParseAddrPort(s.client), Local: netip.MustParseAddrPort(s.server)}}})
	off := [2]int64{}
	for _, turn := range s.turns {
		var who byte
		var after float64
		if n, err := fmt.Sscanf(turn, "%c %f", &who, &after); n != 2 {
			t.Fatalf("%q: %v", turn, err)
		}
		_, text, _ := strings.Cut(turn[2:], " ")
		at = at.Add(time.Duration(after * float64(time.Second)))
		dir := event.FromDialer
		switch who {
		case 'T':
			emit(&event.Event{Conn: conn, Kind: event.Secure, Time: at, Fact: event.Secured{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: text}})
			continue
		case 'S', 's', 'x':
			dir = event.FromListener
		}
		if who == 'X' || who == 'x' { // ciphertext of so many octets
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", turn, err)
			}
			book.Ciphertext(story.Place{Conn: conn, Dir: dir, At: story.Moment{Time: at}, Until: story.Moment{Time: at}, Octets: n})
			continue
		}
		octets := []byte(strings.ReplaceAll(text, "|", "\r\n"))
		if who == 'c' || who == 's' { // that many are lost
			n := int64(len(octets))
			emit(&event.Event{Conn: conn, Kind: event.Gap, Dir: dir, Layer: event.Text, Len: n, Off: off[dir], Time: at})
			off[dir] += n
			continue
		}
		emit(&event.Event{Conn: conn, Kind: event.Data, Dir: dir, Layer: event.Text, Data: octets, Len: int64(len(octets)), Off: off[dir], Time: at})
		off[dir] += int64(len(octets))
	}
	if !s.open {
		emit(&event.Event{Conn: conn, Kind: event.Close, Fact: event.Closed{Reason: "fin"}, Time: at.Add(time.Millisecond)})
	}
}

func english(t testing.TB) *words.Words { return speaks(t, "en") }

func speaks(t testing.TB, lang string) *words.Words {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// lab is what the guide's students type: a message sent with a log-in, and fetched.
func lab() []spoken {
	return []spoken{
		{client: "192.168.1.23:50312", server: "192.168.1.10:25", turns: []string{
			"S 0.004 220 mail.pepito.es ESMTP posta|", "C 4.2 EHLO pc-ana|",
			"S 0.001 250-mail.pepito.es|250-SIZE 52428800|250-8BITMIME|250-PIPELINING|250-STARTTLS|250-AUTH PLAIN LOGIN|250-ENHANCEDSTATUSCODES|250 HELP|",
			"C 6.8 AUTH LOGIN|", "S 0.001 334 VXNlcm5hbWU6|", "C 9.1 YW5hQHBlcGl0by5lcw==|", "S 0.001 334 UGFzc3dvcmQ6|",
			"C 7.4 dGVuLXR1bGlwcw==|", "S 0.043 235 2.7.0 Authentication successful|", "C 8.3 MAIL FROM:<ana@pepito.es>|", "S 0.001 250 2.1.0 OK|",
			"C 9.7 RCPT TO:<nadie@pepito.es>|", "S 0.002 550 5.1.1 <nadie@pepito.es>: no such user here|",
			"C 61.2 RCPT TO:<luis@pepito.es>|", "S 0.002 250 2.1.5 OK|", "C 3.1 DATA|", "S 0.001 354 End data with <CR><LF>.<CR><LF>|",
			"C 21.5 From: Ana <ana@pepito.es>|To: Luis <luis@pepito.es>|Subject: Hello, Luis|Message-ID: <1@pepito.es>||My first message by hand.|.|",
			"S 0.007 250 2.0.0 OK: queued as k3xq7rtz42|", "C 2.9 QUIT|", "S 0.001 221 2.0.0 Bye|"}},
		{client: "192.168.1.31:50977", server: "192.168.1.10:110", began: 165, turns: []string{
			"S 0.003 +OK POP3 server ready <73.1772446@mail.pepito.es>|", "C 4.6 USER luis|", "S 0.001 +OK|", "C 5.2 PASS two-cups-blue|", "S 0.051 +OK 1 message|",
			"C 2.2 STAT|", "S 0.001 +OK 1 312|", "C 3.3 LIST|", "S 0.001 +OK 1 message|1 312|.|", "C 2.9 RETR 1|",
			"S 0.002 +OK 312 octets|Return-Path: <ana@pepito.es>|Received: from pc-ana by mail.pepito.es with ESMTPA id k3xq7rtz42;| Mon, 2 Mar 2026 10:17:20 +0000|From: Ana <ana@pepito.es>|To: Luis <luis@pepito.es>|Subject: Hello, Luis|Message-ID: <1@pepito.es>||My first message by hand.|.|",
			"C 8.8 DELE 1|", "S 0.001 +OK|", "C 2.0 QUIT|", "S 0.004 +OK Bye|"}},
	}
}

func pipelined() []spoken {
	return []spoken{{client: "[2001:db8::5]:40122", server: "[2001:db8::1]:25", turns: []string{
		"S 0.012 220 mx.example.net ESMTP|", "C 0.010 EHLO relay.example.org|", "S 0.011 250-mx.example.net|250-PIPELINING|250 CHUNKING|",
		"C 0.010 MAIL FROM:<news@example.org>|RCPT TO:<ana@example.net>|RCPT TO:<bob@example.net>|RCPT TO:<nobody@example.net>|DATA|",
		"S 0.012 250 2.1.0 Ok|250 2.1.5 Ok|250 2.1.5 Ok|550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in virtual mailbox table|354 End data with <CR><LF>.<CR><LF>|",
		"C 0.011 From: News <news@example.org>|Subject: This week's news, with a rather long subject line that needs more than one line of the picture to be shown|Content-Type: multipart/mixed; boundary=x||--x|Content-Type: text/plain||Hi|--x|Content-Type: application/pdf; name=\"programme.pdf\"||xxxxx|--x--|.|",
		"S 0.040 250 2.0.0 Ok: queued as 4Xy2Zz1kQTz9rvc|", "C 0.010 QUIT|", "S 0.010 221 2.0.0 Bye|"}}}
}

func starttls() []spoken {
	return []spoken{{client: "192.0.2.7:51000", server: "192.0.2.1:587", turns: []string{
		"S 0.002 220 mail.pepito.es ESMTP|", "C 0.001 EHLO laptop|", "S 0.001 250-mail.pepito.es|250-STARTTLS|250 SIZE 52428800|", "C 0.001 STARTTLS|", "S 0.001 220 2.0.0 Ready to start TLS|",
		"T 0.004 mail.pepito.es", "C 0.001 EHLO laptop|", "S 0.001 250-mail.pepito.es|250-AUTH PLAIN LOGIN|250 SIZE 52428800|",
		"C 0.002 AUTH PLAIN AGFuYUBwZXBpdG8uZXMAdGVuLXR1bGlwcw==|", "S 0.043 235 2.7.0 Authentication successful|",
		"C 0.001 MAIL FROM:<ana@pepito.es>|", "S 0.001 250 2.1.0 OK|", "C 0.001 RCPT TO:<luis@pepito.es>|", "S 0.001 250 2.1.5 OK|",
		"C 0.001 DATA|", "S 0.001 354 Go ahead|", "C 0.001 Subject: Secret||x|.|", "S 0.003 250 2.0.0 OK: queued as m1|", "C 0.001 QUIT|", "S 0.001 221 2.0.0 Bye|"}}}
}

func failing() []spoken {
	return []spoken{{client: "198.51.100.9:61022", server: "192.0.2.1:25", open: true, turns: []string{
		"S 0.002 220 mail.pepito.es ESMTP|", "C 0.1 \xff\xfb\x1f\xff\xfb\x18\xff\xfd\x03", "S 0.001 \xff\xfe\x1f\xff\xfe\x18\xff\xfc\x03", "C 2.1 DATA|", "S 0.001 503 5.5.1 Say HELO first|", "C 3.4 HELO|", "S 0.001 501 5.5.4 HELO needs a name|",
		"C 2.2 HELO ca\x1b[31mfé|", "S 0.001 250 mail.pepito.es|", "C 3.0 MAIL FROM:<bob@elsewhere.example>|", "S 0.001 250 2.1.0 OK|",
		"C 3.0 RCPT TO:<ana@third.example>|", "S 0.001 554 5.7.1 Relaying denied|", "s 1 xxxxxxxxxxxxxxxxxxxxxx", "C 1 RCPT TO:<luis@pepito.es>|", "S 0.001 451 4.3.0 Try again later|", "C 1 QUIT|", "S 0.001 221 2.0.0 Bye|"}}}
}

func turning() []spoken {
	return []spoken{{client: "192.0.2.66:49999", server: "192.0.2.1:366", turns: []string{
		"S 0.002 220 provider.example|", "C 0.1 EHLO branch.example|", "S 0.1 250-provider.example|250 ATRN|", "C 0.1 ATRN branch.example|", "S 0.1 250 2.0.0 now reversing the connection|",
		"C 0.1 220 branch.example ready|", "S 0.1 EHLO provider.example|", "C 0.1 250 branch.example|", "S 0.1 MAIL FROM:<>|", "C 0.1 250 2.1.0 OK|", "S 0.1 QUIT|", "C 0.1 221 2.0.0 Bye|"}}}
}

// long is a session of n fetched messages.
func long(n int) []spoken {
	turns := []string{"S 0.002 +OK ready|", "C 0.1 USER luis|", "S 0.001 +OK|", "C 0.1 PASS x|", "S 0.05 +OK|"}
	for i := range n {
		turns = append(turns, fmt.Sprintf("C 0.01 RETR %d|", i+1), "S 0.001 +OK|Subject: message||x|.|", fmt.Sprintf("C 0.01 DELE %d|", i+1), "S 0.001 +OK|")
	}
	return []spoken{{client: "192.0.2.7:51000", server: "192.0.2.1:110", turns: append(turns, "C 0.1 QUIT|", "S 0.1 +OK|")}}
}

// ciphertext is a session whose TLS could not be read.
func ciphertext() []spoken {
	s := starttls()[0]
	s.turns = append(s.turns[:5:5], "X 0.1 517", "x 0.1 1400", "X 0.1 3412", "x 1.5 88")
	return []spoken{s}
}

// several are two clients at once, a server that passes mail on, and a fetch.
func several() []spoken {
	send := func(client, helo, server, host, id string, began float64) spoken {
		return spoken{client: client, server: server, began: began, turns: []string{"S 0.01 220 " + host + " ESMTP|", "C 0.01 HELO " + helo + "|", "S 0.01 250 " + host + "|",
			"C 0.01 MAIL FROM:<a@a.example>|", "S 0.01 250 ok|", "C 0.01 RCPT TO:<eva@b.example>|", "S 0.01 250 ok|", "C 0.01 DATA|", "S 0.01 354 go|",
			"C 0.01 Subject: Hi||x|.|", "S 0.01 250 OK: queued as " + id + "|", "C 0.01 QUIT|", "S 0.01 221 bye|"}}
	}
	passed := send("10.0.0.1:40001", "mx.a.example", "10.0.0.2:25", "mx.b.example", "bbbb-222222", 2)
	passed.turns[9] = "C 0.01 Received: from pc-1 by mx.a.example with SMTP id aaaa-111111;| Mon, 2 Mar 2026 10:15:00 +0000|Subject: Hi||x|.|"
	return []spoken{
		send("10.0.0.11:50001", "pc-1", "10.0.0.1:25", "mx.a.example", "aaaa-111111", 0),
		send("10.0.0.12:50002", "pc-2", "10.0.0.1:25", "mx.a.example", "aaaa-222222", 0.035),
		passed,
		{client: "10.0.0.13:50003", server: "10.0.0.2:110", began: 5, turns: []string{"S 0.01 +OK <1.2@mx.b.example>|", "C 0.01 USER eva|", "S 0.01 +OK|", "C 0.01 PASS x|", "S 0.01 +OK|",
			"C 0.01 RETR 1|", "S 0.01 +OK|Received: from mx.a.example by mx.b.example with SMTP id bbbb-222222;| Mon, 2 Mar 2026 10:15:00 +0000|Received: from pc-1 by mx.a.example with SMTP id aaaa-111111;| Mon, 2 Mar 2026 10:15:00 +0000|Subject: Hi||x|.|",
			"C 0.01 QUIT|", "S 0.01 +OK|"}},
	}
}

// together is a group of commands over two phases, of one session and of two at once.
func together() []spoken {
	one := spoken{client: "192.0.2.7:51000", server: "192.0.2.1:110", turns: []string{"S 0.002 +OK ready|", "C 0.1 USER luis|PASS x|", "S 0.1 +OK|+OK|", "C 0.1 STAT|", "S 0.1 +OK 0 0|",
		"C 0.1 NOOP|QUIT|", "S 0.1 +OK|+OK bye|"}}
	two := one
	two.client, two.began = "192.0.2.8:51001", 0.05
	return []spoken{one, two}
}
