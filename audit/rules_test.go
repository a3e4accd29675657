package audit_test

import (
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/audit"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// street is where sessions are played for an Auditor, one after the other.
type street struct {
	d     *dissect.Dissector
	a     *audit.Auditor
	class *audit.Class
	conn  uint64
	now   time.Time
	found []audit.Finding
	learn []*audit.Lesson
}

func newStreet() *street {
	s := &street{now: time.Unix(1_700_000_000, 0).UTC()}
	s.a = audit.New(func(f audit.Finding) { s.found = append(s.found, f) })
	s.class = audit.NewClass(func(l *audit.Lesson) { s.learn = append(s.learn, l) })
	s.d = dissect.New(field.Set{}, func(*dissect.Frame) {})
	s.d.Tell(story.New(story.Options{Out: func(one *story.Session, act *story.Act) {
		s.a.Act(one, act)
		s.class.Act(one, act)
	}}))
	return s
}

// play plays a dialogue by turns: C or S begins each, T turns TLS on, W waits so
// long, U names who logged in, B is so much of a message that was not recorded, N is a note of posta's, L are lost octets of the client, l of the server, and X ends it with
// a reason. M at the begin is a capture that begins in the middle.
func (s *street) play(protocol string, turns ...string) {
	s.conn++
	conn := s.conn
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.9:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")}
	if protocol == "pop3" {
		ends.Local = netip.MustParseAddrPort("192.0.2.1:110")
	}
	var fact any = event.Opened{Protocol: protocol, Endpoints: ends}
	if turns[0] == "M:" {
		fact, turns = event.Captured{Endpoints: ends}, turns[1:]
	}
	s.feed(&event.Event{Conn: conn, Kind: event.Open, Time: s.now, Fact: fact})
	off, reason := [2]int64{}, "quit"
	for _, turn := range turns {
		s.now = s.now.Add(time.Second)
		said := turn[2:]
		switch turn[0] {
		case 'T':
			version, cipher, _ := strings.Cut(said, " ")
			s.feed(&event.Event{Conn: conn, Kind: event.Secure, Time: s.now, Fact: event.Secured{Version: version, Cipher: cipher, ServerName: "mail.a.example"}})
		case 'W':
			wait, _ := time.ParseDuration(said)
			s.now = s.now.Add(wait)
		case 'X':
			reason = said
		case 'N':
			s.feed(&event.Event{Conn: conn, Kind: event.State, Time: s.now, Fact: event.Note{Text: said}})
		case 'U':
			s.feed(&event.Event{Conn: conn, Kind: event.State, Time: s.now, Fact: event.Authenticated{User: said, OK: true}})
		case 'B':
			n, _ := strconv.ParseInt(said, 10, 64)
			s.feed(&event.Event{Conn: conn, Kind: event.Data, Dir: event.FromDialer, Layer: event.Text, Part: event.Body, Time: s.now, Off: off[event.FromDialer], Len: n})
			off[event.FromDialer] += n
		case 'L', 'l':
			dir := event.FromDialer
			if turn[0] == 'l' {
				dir = event.FromListener
			}
			s.feed(&event.Event{Conn: conn, Kind: event.Gap, Time: s.now, Dir: dir, Layer: event.Text, Len: 100, Off: off[dir]})
			off[dir] += 100
		default:
			dir := event.FromDialer
			if turn[0] == 'S' {
				dir = event.FromListener
			}
			s.feed(&event.Event{Conn: conn, Kind: event.Data, Time: s.now, Dir: dir, Layer: event.Text, Data: []byte(said), Len: int64(len(said)), Off: off[dir]})
			off[dir] += int64(len(said))
		}
	}
	s.feed(&event.Event{Conn: conn, Kind: event.Close, Time: s.now, Fact: event.Closed{Reason: reason}})
}

func (s *street) feed(e *event.Event) { s.d.Feed(e) }

// names are the rules that spoke, once each.
func (s *street) names() (out []string) {
	for _, f := range s.found {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	slices.Sort(out)
	return out
}

// The usual turns.
const (
	greets = "S:220 mail.a.example ready\r\n"
	ehlo   = "C:EHLO c.b.example\r\n"
	offers = "S:250-mail.a.example\r\n250 STARTTLS\r\n"
	secure = "C:STARTTLS\r\n"
	ready  = "S:220 go on\r\n"
	tls13  = "T:TLSv1.3 TLS_AES_128_GCM_SHA256"
	plain  = "S:250-mail.a.example\r\n250 AUTH PLAIN LOGIN\r\n"
	quit   = "C:QUIT\r\n"
	bye    = "S:221 bye\r\n"
	from   = "C:MAIL FROM:<x@b.example>\r\n"
	to     = "C:RCPT TO:<y@a.example>\r\n"
	data   = "C:DATA\r\n"
	okay   = "S:250 ok\r\n"
	start  = "S:354 go\r\n"
	letter = "C:From: x@b.example\r\nDate: Thu, 26 Nov 2026 20:00:00 +0000\r\nSubject: hi\r\n\r\nhello\r\n.\r\n"
)

// inTLS is a session that TLS hides, with turns inside.
func inTLS(turns ...string) []string {
	return append(append([]string{greets, ehlo, offers, secure, ready, tls13, ehlo, plain}, turns...), quit, bye)
}

func TestRules(t *testing.T) {
	long := strings.Repeat("x", 1200)
	for _, c := range []struct {
		name, protocol string
		turns          []string
		want           string
	}{
		{"a clean session inside TLS", "smtp", inTLS("C:AUTH PLAIN AGx1aXMAc2VjcmV0\r\n", "S:235 in\r\n", from, okay, to, okay, data, start, letter, okay), ""},
		{"POP3 inside TLS", "pop3", []string{"S:+OK ready\r\n", "C:CAPA\r\n", "S:+OK\r\nSTLS\r\n.\r\n", "C:STLS\r\n", "S:+OK\r\n", tls13, "C:USER eva\r\n", "S:+OK\r\n", "C:PASS secret\r\n", "S:+OK\r\n",
			"C:RETR 1\r\n", "S:+OK\r\nSubject: x\r\n\r\nhi\r\n.\r\n", quit, "S:+OK\r\n"}, ""},
		{"PLAIN in the clear", "smtp", []string{greets, "C:EHLO c\r\n", "S:250 mail.a.example\r\n", "C:AUTH PLAIN AGx1aXMAc2VjcmV0\r\n", "S:235 in\r\n", quit, bye}, "password-clear tls-not-offered"},
		{"a password that nobody answers", "pop3", []string{"S:+OK\r\n", "C:USER eva\r\n", "S:+OK\r\n", "C:PASS secret\r\n", "X:peer closed"}, "password-clear torn"},
		{"CRAM-MD5", "smtp", []string{greets, ehlo, offers, "C:AUTH CRAM-MD5\r\n", "S:334 PDE4OTY+\r\n", "C:bHVpcyBiOTEzYTYwMmM3ZWRhN2E0OTViNGU2ZTczMzRkMzg5MA==\r\n", "S:535 5.7.8 no\r\n", quit, bye},
			"login-failed password-crackable tls-unused"},
		{"APOP", "pop3", []string{"S:+OK <1@a>\r\n", "C:APOP eva c4c9334bac560ecc979e58001b3e22fb\r\n", "S:+OK\r\n", quit, "S:+OK\r\n"}, "password-crackable"},
		{"SCRAM", "smtp", []string{greets, ehlo, offers, "C:AUTH SCRAM-SHA-256 biwsbj1sdWlzLHI9eHl6\r\n", "S:334 cj14\r\n", "C:Yz1iaXdz\r\n", "S:235 in\r\n", quit, bye}, "password-crackable tls-unused"},
		{"a message in the clear", "smtp", []string{greets, ehlo, offers, from, okay, to, okay, data, start, letter, okay, quit, bye}, "message-readable tls-unused"},
		{"AUTH is offered", "smtp", []string{greets, ehlo, plain, quit, bye}, "auth-without-tls"},
		{"USER is offered", "pop3", []string{"S:+OK\r\n", "C:CAPA\r\n", "S:+OK\r\nUSER\r\nSTLS\r\n.\r\n", quit, "S:+OK\r\n"}, "auth-without-tls"},
		{"written over", "smtp", []string{greets, ehlo, "S:250-mail.a.example\r\n250-SIZE 100\r\n250 XXXXXXXA\r\n", quit, bye}, "tls-stripped"},
		{"written over in the command", "smtp", []string{greets, ehlo, offers, "C:XXXXXXXX\r\n", "S:500 what\r\n", quit, bye}, "syntax tls-stripped"},
		{"TLS refused", "smtp", []string{greets, ehlo, offers, secure, "S:454 not now\r\n", from, okay, quit, bye}, "tls-refused"},
		{"an old version", "smtp", []string{greets, ehlo, offers, secure, ready, "T:TLSv1.1 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ehlo, plain, quit, bye}, "tls-weak"},
		{"a broken suite", "smtp", []string{greets, ehlo, offers, secure, ready, "T:TLSv1.2 TLS_RSA_WITH_RC4_128_SHA", ehlo, plain, quit, bye}, "tls-weak"},
		{"no forward secrecy", "smtp", []string{greets, ehlo, offers, secure, ready, "T:TLSv1.2 TLS_RSA_WITH_AES_128_GCM_SHA256", ehlo, plain, quit, bye}, "tls-weak"},
		{"in the middle of SMTP", "smtp", []string{"M:", okay, from, okay, to, okay, data, start, letter, okay, quit, bye}, "message-readable"},
		{"a refusal in the middle of SMTP", "smtp", []string{"M:", "S:554 spam\r\n", from, okay, "C:RSET\r\n", okay, quit, bye}, ""},
		{"no SYN, and a greeting", "smtp", []string{"M:", greets, from, okay, quit, bye}, "out-of-order"},
		{"in the middle of POP3", "pop3", []string{"M:", "S:+OK 3 messages\r\n", "C:LIST\r\n", "S:+OK\r\n1 100\r\n.\r\n", quit, "S:+OK\r\n"}, ""},
		{"before PASS", "pop3", []string{"M:", "S:+OK\r\n", "C:PASS secret\r\n", "S:+OK\r\n", quit, "S:+OK\r\n"}, "password-clear"},
		{"behind STARTTLS", "smtp", []string{greets, ehlo, offers, "C:STARTTLS\r\nRSET\r\n", ready, tls13, ehlo, plain, quit, bye}, "tls-prefixed"},
		{"behind STLS", "pop3", []string{"S:+OK\r\n", "C:STLS\r\nUSER eva\r\n", "S:+OK\r\n", tls13, "C:QUIT\r\n", "S:+OK\r\n"}, "tls-prefixed"},
		{"STARTTLS in a group", "smtp", []string{greets, "C:EHLO c\r\nSTARTTLS\r\n", offers, "C:RSET\r\n", ready, tls13, ehlo, plain, quit, bye}, "tls-prefixed"},
		{"STARTTLS of one side", "smtp", []string{ehlo, secure, ehlo, from, to, data, letter, "X:the capture ended"}, "message-readable"},
		{"the reply before STARTTLS's was lost", "smtp", []string{greets, ehlo, secure, "l:", "S:454 no\r\n", from, okay, to, okay, "X:the capture ended"}, "octets-lost"},
		{"STARTTLS's reply was lost", "smtp", []string{greets, ehlo, offers, secure, from, "l:", okay, "X:the capture ended"}, "octets-lost"},
		{"behind the answer to STARTTLS", "smtp", []string{greets, ehlo, offers, secure, "S:220 go on\r\n250 AUTH PLAIN\r\n", tls13, ehlo, plain, quit, bye}, "tls-prefixed"},
		{"behind the answer to STLS", "pop3", []string{"S:+OK\r\n", "C:STLS\r\n", "S:+OK\r\n+OK SASL PLAIN\r\n", tls13, "C:QUIT\r\n", "S:+OK\r\n"}, "tls-prefixed"},
		{"smuggled", "smtp", inTLS(from, okay, to, okay, data, start, "C:From: x@y\r\nDate: now\r\n\r\nhi\n.\r\nMAIL FROM:<admin@a.example>\r\nRCPT TO:<y@a.example>\r\nDATA\r\nhi\r\n.\r\n", okay), "smuggling"},
		{"a dot with bare ends", "smtp", inTLS(from, okay, to, okay, data, start, "C:From: x@y\r\nDate: now\r\n\r\nhi\n.\nand so on\r\n.\r\n", okay), "smuggling"},
		{"bare LFs in a message", "smtp", inTLS(from, okay, to, okay, data, start, "C:From: x@y\r\nDate: now\r\n\r\nhi\nthere\r\n.\r\n", okay), "bare-line-end"},
		{"a bare LF behind a command", "smtp", []string{greets, "C:EHLO c.b.example\n", offers, quit, bye}, "bare-line-end"},
		{"MAIL without EHLO", "smtp", []string{greets, from, okay, quit, bye}, "out-of-order"},
		{"MAIL without EHLO behind TLS", "smtp", []string{greets, ehlo, offers, secure, ready, tls13, from, "S:503 EHLO first\r\n", quit, bye}, "out-of-order"},
		{"RCPT first, refused", "smtp", inTLS(to, "S:503 no\r\n"), "out-of-order"},
		{"DATA without RCPT", "smtp", inTLS(from, okay, data, "S:503 no\r\n"), "out-of-order"},
		{"a pipelined group that was refused", "smtp", inTLS("C:MAIL FROM:<x@b.example>\r\nRCPT TO:<y@a.example>\r\nDATA\r\n", "S:550 no\r\n503 no\r\n503 no\r\n"), ""},
		{"AUTH twice", "smtp", inTLS("C:AUTH PLAIN AGx1aXMAc2VjcmV0\r\n", "S:235 in\r\n", "C:AUTH PLAIN AGx1aXMAc2VjcmV0\r\n", "S:503 no\r\n"), "out-of-order"},
		{"STARTTLS inside TLS", "smtp", inTLS(secure, "S:503 no\r\n"), "out-of-order"},
		{"RETR before the log-in", "pop3", []string{"S:+OK\r\n", "C:RETR 1\r\n", "S:-ERR no\r\n", quit, "S:+OK\r\n"}, "out-of-order"},
		{"PASS without USER", "pop3", []string{"S:+OK\r\n", "C:PASS secret\r\n", "S:-ERR no\r\n", quit, "S:+OK\r\n"}, "login-failed out-of-order password-clear"},
		{"nothing is known behind a gap", "smtp", []string{greets, ehlo, offers, "L:", to, "S:503 no\r\n", quit, bye}, "octets-lost"},
		{"spoke first", "smtp", []string{ehlo, greets, offers, quit, bye}, "too-early"},
		{"brackets", "smtp", inTLS("C:MAIL FROM:x@b.example\r\n", okay), "lenient"},
		{"no command", "smtp", inTLS("C:BANANA\r\n", "S:500 what\r\n"), "syntax"},
		{"a long command", "smtp", inTLS("C:NOOP "+long+"\r\n", "S:250 ok\r\n"), "long-line"},
		{"a long line of text", "smtp", inTLS(from, okay, to, okay, data, start, "C:From: x@y\r\nDate: now\r\n\r\n"+long+"\r\n.\r\n", okay), "long-line"},
		{"telnet", "smtp", []string{greets, "N:[21 telnet negotiation octets before the first command, refused]", ehlo, offers, quit, bye}, "telnet"},
		{"a browser", "smtp", []string{greets, "C:GET / HTTP/1.1\r\n", "S:500 what\r\n", "C:Host: x\r\n", "S:500 what\r\n", "X:refused: HTTP"}, "other-protocol torn"},
		{"TLS at a clear port", "smtp", []string{greets, "C:\x16\x03\x01\x00\n", "S:500 what\r\n", "X:peer closed"}, "other-protocol torn"},
		{"no empty line", "smtp", inTLS(from, okay, to, okay, data, start, "C:From: x@y\r\nDate: now\r\nhello there\r\n.\r\n", okay), "no-separation"},
		{"no From, no Date", "smtp", inTLS(from, okay, to, okay, data, start, "C:Subject: x\r\n\r\nhi\r\n.\r\n", okay), "header-incomplete"},
		{"relaying, refused", "smtp", inTLS(from, okay, "C:RCPT TO:<z@else.example>\r\n", "S:550 5.7.1 relaying denied\r\n"), "relay"},
		{"a path with a way", "smtp", inTLS(from, okay, "C:RCPT TO:<z%else.example@a.example>\r\n", okay), "relay"},
		{"several strangers", "smtp", inTLS(from, okay, "C:RCPT TO:<z@else.example.org>\r\n", okay, "C:RCPT TO:<z@other.net>\r\n", okay), "relay"},
		{"TURN", "smtp", inTLS("C:TURN\r\n", "S:502 no\r\n"), "turn"},
		{"five VRFYs", "smtp", inTLS("C:VRFY a\r\n", "S:550 no\r\n", "C:VRFY b\r\n", "S:550 no\r\n", "C:VRFY c\r\n", "S:550 no\r\n", "C:VRFY d\r\n", "S:550 no\r\n", "C:VRFY e\r\n", "S:250 <e@a.example>\r\n"), "harvesting"},
		{"a version in the greeting", "smtp", []string{"S:220 mail.a.example ESMTP Postfix 3.5.1\r\n", quit, bye}, "software"},
		{"no QUIT", "smtp", []string{greets, ehlo, offers, "X:peer closed"}, "torn"},
		{"the recording ended", "smtp", []string{greets, ehlo, offers, "X:the capture ended"}, ""},
		{"a long silence", "smtp", []string{greets, ehlo, offers, "W:2m", quit, bye}, "silence"},
		{"octets lost", "smtp", []string{greets, ehlo, offers, "L:", quit, bye}, "octets-lost"},
	} {
		s := newStreet()
		s.play(c.protocol, c.turns...)
		s.a.End()
		if got := strings.Join(s.names(), " "); got != c.want {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
	}
}

// What needs more than one session.
func TestRulesOverSessions(t *testing.T) {
	fails := func(s *street, user string) {
		s.play("pop3", "S:+OK\r\n", "C:USER "+user+"\r\n", "S:+OK\r\n", "C:PASS secret\r\n", "S:-ERR no\r\n", quit, "S:+OK\r\n")
	}
	count := func(s *street, rule string) (n int) {
		for _, f := range s.found {
			if f.Rule == rule {
				n++
			}
		}
		return n
	}
	s := newStreet()
	for range 5 {
		fails(s, "eva")
	}
	if count(s, "guessing") != 1 {
		t.Errorf("five failures: %v", s.names())
	}
	s.play("pop3", "S:+OK\r\n", "C:USER eva\r\n", "S:+OK\r\n", "C:PASS right\r\n", "S:+OK\r\n", quit, "S:+OK\r\n")
	if count(s, "guessing") != 2 {
		t.Error("who guessed right was not told")
	}
	s = newStreet()
	for range 8 {
		fails(s, "eva")
		s.now = s.now.Add(20 * time.Minute)
	}
	if count(s, "guessing") != 0 {
		t.Error("slips that lie far apart are taken for guessing")
	}

	bare := []string{greets, ehlo, "S:250-mail.a.example\r\n250 SIZE 100\r\n", quit, bye}
	with := []string{greets, ehlo, offers, quit, bye}
	for _, order := range [][][]string{{bare, with}, {with, bare}, {bare, with, bare}} {
		s = newStreet()
		for _, turns := range order {
			s.play("smtp", turns...)
		}
		if count(s, "tls-stripped") != 1 {
			t.Errorf("a server that offers TLS in one session of two: %v", s.names())
		}
	}
	s = newStreet()
	s.play("smtp", bare...)
	s.play("smtp", bare...)
	if count(s, "tls-stripped") != 0 {
		t.Error("a server that never offers TLS is said to be stripped of it")
	}
}

// A rule that speaks of everything is cut short, and what it did not say is counted.
func TestFindingsAreBounded(t *testing.T) {
	s := newStreet()
	turns := []string{greets, ehlo, offers}
	for range 30 {
		turns = append(turns, "C:BANANA\r\n", "S:500 what\r\n")
	}
	s.play("smtp", append(turns, quit, bye)...)
	if len(s.found) != 20 || s.a.Left() != 10 {
		t.Errorf("%d findings, %d left out", len(s.found), s.a.Left())
	}
}

func TestPasswordIsSaid(t *testing.T) {
	s := newStreet()
	s.play("smtp", greets, ehlo, plain, "C:AUTH LOGIN\r\n", "S:334 VXNlcm5hbWU6\r\n", "C:bHVpcw==\r\n", "S:334 UGFzc3dvcmQ6\r\n", "C:c2VjcmV0\r\n", "S:235 in\r\n", quit, bye)
	s.play("smtp", greets, ehlo, plain, "C:AUTH PLAIN ********\r\n", "S:235 in\r\n", quit, bye)
	var texts []string
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.found {
			if f.Rule == "password-clear" {
				texts = append(texts, f.What(w))
			}
		}
	}
	if len(texts) != 4 || !strings.Contains(texts[0], "luis") || !strings.Contains(texts[0], "secret") || !strings.Contains(texts[0], "base64") ||
		strings.Contains(texts[1], "***") || !strings.Contains(texts[2], "contraseña de luis") {
		t.Errorf("%q", texts)
	}
}

func TestLesson(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	s := newStreet()
	s.play("smtp", greets, ehlo, plain, "C:AUTH PLAIN AGx1aXMAc2VjcmV0\r\n", "S:235 in\r\n", from, okay, to, okay, data, start, letter, okay, quit, bye)
	s.play("smtp", inTLS("C:AUTH PLAIN AGx1aXMAc2VjcmV0\r\n", "S:235 in\r\n", from, okay, to, okay, data, start, letter, okay)...)
	if len(s.learn) != 2 {
		t.Fatalf("%d lessons", len(s.learn))
	}
	open, closed := strings.Join(s.learn[0].Clear(w), "\n"), strings.Join(s.learn[1].Clear(w), "\n")
	for _, one := range []string{"192.0.2.9:40000", "mail.a.example ready", "c.b.example", "luis", "secret", "x@b.example", "y@a.example", `"hi"`} {
		if !strings.Contains(open, one) {
			t.Errorf("%q is missing in\n%s", one, open)
		}
	}
	for _, one := range []string{"luis", "secret", "x@b.example", "y@a.example", `"hi"`} {
		if strings.Contains(closed, one) {
			t.Errorf("TLS does not hide %q in\n%s", one, closed)
		}
	}
	if !strings.Contains(closed, "mail.a.example ready") || !strings.Contains(closed, "asked TLS for: mail.a.example") {
		t.Errorf("what TLS shows:\n%s", closed)
	}
	if over := strings.Join(s.learn[0].OverTLS(w), "\n"); strings.Contains(over, "secret") || !strings.Contains(over, "192.0.2.9:40000") {
		t.Errorf("over TLS:\n%s", over)
	}
}

// Whom the server refused the message did not go to: an eavesdropper learns that
// he was tried.
func TestLessonOfRefused(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	nobody, no, later := "C:RCPT TO:<nobody@a.example>\r\n", "S:550 5.1.1 no\r\n", "S:450 4.2.0 later\r\n"
	for _, tt := range []struct {
		name  string
		lines []string
		want  []string
		not   string
	}{
		{"one of two", []string{to, okay, nobody, no, data, start, letter, okay}, []string{"Mail from x@b.example to y@a.example.", "Tried, and refused by the server: mail from x@b.example to nobody@a.example."}, "y@a.example, nobody"},
		{"all", []string{nobody, no}, []string{"Tried, and refused by the server: mail from x@b.example to nobody@a.example."}, "Mail from"},
		{"taken in the end", []string{nobody, later, nobody, okay}, []string{"Mail from x@b.example to nobody@a.example."}, "Tried"},
		{"taken before", []string{nobody, okay, nobody, later}, []string{"Mail from x@b.example to nobody@a.example."}, "Tried"},
	} {
		s := newStreet()
		s.play("smtp", append([]string{greets, ehlo, plain, from, okay}, append(tt.lines, quit, bye)...)...)
		text := strings.Join(s.learn[0].Clear(w), "\n")
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, text)
			}
		}
		if strings.Contains(text, tt.not) {
			t.Errorf("%s: %q in\n%s", tt.name, tt.not, text)
		}
	}
}

// Every rule speaks in some test, and cites only what its table names.
func TestEveryRuleIsTried(t *testing.T) {
	src, err := os.ReadFile("rules_test.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range audit.Rules() {
		if seen[r.Name] || r.Why == "" || r.Severity == 0 {
			t.Errorf("%s stands twice, or lacks something", r.Name)
		}
		seen[r.Name] = true
		if !strings.Contains(string(src), r.Name) {
			t.Errorf("no test has %s", r.Name)
		}
	}
}

// docs/findings.md has every rule, with its severity and what it rests on.
func TestRulesAreDocumented(t *testing.T) {
	for _, page := range []string{"../docs/findings.md", "../docs/findings.es.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for line := range strings.Lines(string(text)) {
			if cells := strings.Split(line, " | "); len(cells) == 5 && strings.HasPrefix(line, "| `") {
				rows = append(rows, strings.Join(cells[:3], " | "))
			}
		}
		var want []string
		for _, r := range audit.Rules() {
			cites := strings.Join(r.Cites, ", ")
			if cites == "" {
				cites = "–"
			}
			want = append(want, "| `"+r.Name+"` | "+r.Severity.String()+" | "+cites)
		}
		if !slices.Equal(rows, want) {
			t.Errorf("%s has\n%s\nthe rules are\n%s", page, strings.Join(rows, "\n"), strings.Join(want, "\n"))
		}
	}
}
