package smtp

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"posta/text"
)

// follower reads what both sides send, in the pieces it comes in, as Dialog
// says it is to be read.
type follower struct {
	d    Dialog
	part [2][]byte // of a line
	is   [2]Expect // what part is
	line [2]text.Line
	dot  text.Dot
	told func(Side, string)
	raw  func(Side, string) // whole lines, where they are wanted
}

func (f *follower) push(s Side, octets []byte) {
	for len(octets) > 0 {
		what, left, _ := f.d.Next(s)
		if len(f.part[s]) > 0 {
			what = f.is[s]
		}
		n := 0
		switch what {
		case Opaque:
			f.told(s, "opaque")
			return
		case Chunk:
			n = int(min(left, int64(len(octets))))
			f.d.Data(int64(n), false)
		case MailData:
			var done bool
			_, n, done, _ = f.dot.Scan(nil, octets)
			f.d.Data(int64(n), done)
			if done {
				f.dot = text.Dot{}
				f.told(s, "end of data")
			}
		default:
			f.dot = text.Dot{}
			var end text.Ends
			n, end = f.line[s].Scan(octets)
			f.part[s], f.is[s] = append(f.part[s], octets[:n]...), what
			if end != 0 {
				line := f.part[s]
				f.part[s] = nil
				f.take(s, what, line[:len(line)-end.Len()])
			}
		}
		octets = octets[n:]
	}
}

func (f *follower) take(s Side, what Expect, line []byte) {
	if what == AuthLine {
		if f.d.Auth(line) {
			f.told(s, "auth")
			return
		}
		what = CommandLine
	}
	if f.raw != nil {
		f.raw(s, string(line))
	}
	if what == CommandLine {
		c, _ := f.d.Command(line)
		f.told(s, strings.TrimRight(c.Name+" "+c.Arg, " "))
		return
	}
	a, done, err := f.d.Reply(string(line))
	switch {
	case err != nil:
		f.told(s, "no reply: "+string(line))
	case done:
		f.told(s, shownAnswer(a))
	}
}

func shownAnswer(a Answer) string {
	to := a.Verb.String()
	switch {
	case a.Greeting:
		to = "greeting"
	case a.Body:
		to = "body"
	case a.Verb == Unknown:
		to = "?"
	}
	if !a.Sure {
		to += " unsure"
	}
	return fmt.Sprintf("%d to %s", a.Code, to)
}

// A dialogue is lines of "C: …" and "S: …", each a piece; \r\n ends a line of
// what is sent. "C lost" and "S lost" are gaps.
func TestDialog(t *testing.T) {
	for _, c := range []struct{ name, said, told string }{
		{"plain", `
S: 220 here\r\n
C: EHLO x\r\n
S: 250-here\r\n250 SIZE\r\n
C: MAIL FROM:<a@b.c>\r\n
S: 250 ok\r\n
C: DATA\r\n
S: 354 go\r\n
C: QUIT\r\n..\r\n.\r\nQUIT\r\n
S: 250 queued\r\n221 bye\r\n`, `
S 220 to greeting
C EHLO x
S 250 to EHLO
C MAIL FROM:<a@b.c>
S 250 to MAIL
C DATA
S 354 to DATA
C end of data
C QUIT
S 250 to body
S 221 to QUIT`},
		{"pipelined, in pieces", `
S: 220 here\r\n
C: MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@h.i>\r\nDA
S: 250 ok\r\n550 no\r\n25
C: TA\r\n
S: 0 ok\r\n354 go\r\n
C: x\r\n.\r
C: \nRSET\r\n
S: 250 ok\r\n250 ok\r\n`, `
S 220 to greeting
C MAIL FROM:<a@b.c>
C RCPT TO:<d@e.f>
C RCPT TO:<g@h.i>
S 250 to MAIL
S 550 to RCPT
C DATA
S 250 to RCPT
S 354 to DATA
C end of data
C RSET
S 250 to body
S 250 to RSET`},
		{"refused DATA", `
S: 220 here\r\n
C: DATA\r\n
S: 503 no\r\n
C: QUIT\r\n
S: 221 bye\r\n`, `
S 220 to greeting
C DATA
S 503 to DATA
C QUIT
S 221 to QUIT`},
		{"data without waiting", `
S: 220 here\r\n
C: DATA\r\nx\r\n.\r\nRSET\r\n
S: 354 go\r\n
C: QUIT\r\n
S: 250 ok\r\n250 ok\r\n221 bye\r\n`, `
S 220 to greeting
C DATA
C end of data
C RSET
S 354 to DATA
C QUIT
S 250 to body
S 250 to RSET
S 221 to QUIT`},
		{"data without waiting, and refused", `
S: 220 here\r\n
C: DATA\r\nx\r\n
S: 503 no\r\n
C: y\r\n.\r\nDATA\r\n
S: 500 x?\r\n500 y?\r\n500 .?\r\n354 go\r\n
C: z\r\n.\r\n
S: 250 ok\r\n`, `
S 220 to greeting
C DATA
S 503 to DATA
C y
C .
C DATA
S 500 to ?
S 500 to ?
S 500 to DATA
S 354 to DATA unsure
C end of data
S 250 to body unsure`},
		{"only the server is heard", `
S: 220 here\r\n
C lost
S: 250 ok\r\n334 x\r\n235 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n`, `
S 220 to greeting
S 250 to ? unsure
S 334 to AUTH unsure
S 235 to AUTH unsure
S 354 to DATA unsure
S 250 to body unsure
S 221 to ? unsure`},
		{"a reply is missing", `
S: 220 here\r\n
C: MAIL FROM:<a@b.c>\r\nDATA\r\n
S: 354 go\r\n
C: x\r\n.\r\n
S: 250 ok\r\n
S: 250 what?\r\n`, `
S 220 to greeting
C MAIL FROM:<a@b.c>
C DATA
S 354 to DATA unsure
C end of data
S 250 to body unsure
S 250 to ? unsure`},
		{"the reply before QUIT's was lost", `
S: 220 here\r\n
C: MAIL FROM:<a@b.c>\r\n
S lost
C: QUIT\r\n
S: 221 bye\r\n`, `
S 220 to greeting
C MAIL FROM:<a@b.c>
C QUIT
S 221 to QUIT unsure`},
		{"half a reply was lost", `
S: 220 here\r\n
C: DATA\r\n
S: 250-or\r\n
S lost
S: 354 go\r\n`, `
S 220 to greeting
C DATA
S 354 to DATA unsure`},
		{"a part of a chunk was lost", `
S: 220 here\r\n
C: BDAT 10\r\nabc
C lost 4
C: xyzQUIT\r\n
S: 250 ok\r\n221 bye\r\n`, `
S 220 to greeting
C BDAT 10
C QUIT
S 250 to BDAT unsure
S 221 to QUIT unsure`},
		{"a chunk and more was lost", `
S: 220 here\r\n
C: BDAT 10\r\nabc
C lost 40
C: QUIT\r\n
S: 250 ok\r\n221 bye\r\n`, `
S 220 to greeting
C BDAT 10
C QUIT
S 250 to BDAT unsure
S 221 to QUIT unsure`},
		{"refused TURN", `
S: 220 here\r\n
C: TURN\r\n
S: 502 no\r\n
S: 421 too slow\r\n`, `
S 220 to greeting
C TURN
S 502 to TURN
S 421 to ?`},
		{"data that began before the 354", `
S: 220 here\r\n
C: DATA\r\nx\r\n
S: 354 go\r\n
C: y\r\n.\r\nQUIT\r\n
S: 250 ok\r\n221 bye\r\n`, `
S 220 to greeting
C DATA
S 354 to DATA
C end of data
C QUIT
S 250 to body
S 221 to QUIT`},
		{"chunks", `
S: 220 here\r\n
C: BDAT 8\r\nQUIT\r\n\r\nBDAT 0 LAST\r\n
S: 250 ok\r\n250 ok\r\n`, `
S 220 to greeting
C BDAT 8
C BDAT 0 LAST
S 250 to BDAT
S 250 to BDAT`},
		{"AUTH", `
S: 220 here\r\n
C: AUTH LOGIN\r\n
S: 334 VXNlcm5hbWU6\r\n
C: QUIT\r\n
S: 334 UGFzc3dvcmQ6\r\n
C: c2VjcmV0\r\n
S: 535 no\r\n
C: AUTH PLAIN AHgAeQ==\r\n
S: 235 yes\r\n`, `
S 220 to greeting
C AUTH LOGIN
S 334 to AUTH
C auth
S 334 to AUTH
C auth
S 535 to AUTH
C AUTH PLAIN AHgAeQ==
S 235 to AUTH`},
		{"AUTH, and a 334 was lost", `
S: 220 here\r\n
C: AUTH LOGIN\r\n
S: 334 VXNlcm5hbWU6\r\n
C: eA==\r\n
S lost
C: eQ==\r\n
S: 235 yes\r\n
C: AUTH LOGIN\r\n
S lost
C: MAIL FROM:<a@b.c>\r\n
S: 250 ok\r\n`, `
S 220 to greeting
C AUTH LOGIN
S 334 to AUTH
C auth
C auth
S 235 to AUTH unsure
C AUTH LOGIN
C MAIL FROM:<a@b.c>
S 250 to MAIL unsure`},
		{"TURN", `
S: 220 here\r\n
C: TURN\r\n
S: 250 you are the server now\r\n
S: 220 i am\r\n`, `
S 220 to greeting
C TURN
S 250 to TURN
S 220 to greeting`},
		{"STARTTLS", `
S: 220 here\r\n
C: STARTTLS\r\n
S: 454 not now\r\n
C: STARTTLS\r\n
S: 220 go\r\n
C: \x16\x03\x01
S: \x16\x03\x03`, `
S 220 to greeting
C STARTTLS
S 454 to STARTTLS
C STARTTLS
S 220 to STARTTLS
C opaque
S opaque`},
		{"talks before the greeting", `
C: EHLO x\r\n
S: 220 here\r\n250 ok\r\n`, `
C EHLO x
S 220 to greeting
S 250 to EHLO`},
		{"begins with a reply", `
S: 250 ok\r\n
C: MAIL FROM:<a@b.c>\r\n
S: 250 ok\r\n`, `
S 250 to ? unsure
C MAIL FROM:<a@b.c>
S 250 to MAIL`},
		{"is turned away", `
S: 521 no mail here\r\n`, `
S 521 to greeting`},
		{"begins in the middle", `
C: RCPT TO:<a@b.c>\r\n
S: 250 ok\r\n`, `
C RCPT TO:<a@b.c>
S 250 to RCPT`},
		{"closes by itself", `
S: 220 here\r\n
S: 421 too slow\r\n`, `
S 220 to greeting
S 421 to ?`},
		{"replies were lost", `
S: 220 here\r\n
C: MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n
S lost
S: 354 go\r\n
C: x\r\n.\r\n
S: 250 ok\r\n
C: NOOP\r\n
S: 250 ok\r\n
C: QUIT\r\n
S: 221 bye\r\n`, `
S 220 to greeting
C MAIL FROM:<a@b.c>
C RCPT TO:<d@e.f>
C DATA
S 354 to DATA unsure
C end of data
S 250 to body unsure
C NOOP
S 250 to NOOP
C QUIT
S 221 to QUIT`},
		{"the 354 was lost", `
S: 220 here\r\n
C: MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n
S lost
C: x\r\n.\r\n
S: 250 queued\r\n
C: NOOP\r\n
S: 250 ok\r\n`, `
S 220 to greeting
C MAIL FROM:<a@b.c>
C RCPT TO:<d@e.f>
C DATA
C end of data
S 250 to body unsure
C NOOP
S 250 to NOOP`},
		{"a reply was lost, and the next is right again", `
S: 220 here\r\n
C: EHLO x\r\n
S lost
C: MAIL FROM:<a@b.c>\r\n
S: 250 ok\r\n
C: QUIT\r\n
S: 221 bye\r\n`, `
S 220 to greeting
C EHLO x
C MAIL FROM:<a@b.c>
S 250 to MAIL unsure
C QUIT
S 221 to QUIT`},
		{"a reply that is none", `
S: 220 here\r\n
C: NOOP\r\n
S: what?\r\n250 ok\r\n`, `
S 220 to greeting
C NOOP
S no reply: what?
S 250 to NOOP`},
		{"odd replies", `
S: 220 here\r\n
C: NOOP\r\n
S: 999 odd\r\n
C: NOOP\r\n
S: 250-two\r\n251 codes\r\n
C: NOOP\r\n
S: 250_x\r\n
C: NOOP\r\n
S: 2500 x\r\n099 x\r\n250 x\r\n`, `
S 220 to greeting
C NOOP
S 999 to NOOP
C NOOP
S 251 to NOOP
C NOOP
S 250 to NOOP
C NOOP
S no reply: 2500 x
S no reply: 099 x
S 250 to NOOP`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told []string
			f := &follower{told: func(s Side, what string) { told = append(told, "CS"[s:s+1]+" "+what) }}
			for line := range strings.Lines(strings.TrimSpace(c.said)) {
				line = strings.TrimSuffix(line, "\n")
				s := Side(strings.Index("CS", line[:1]))
				if _, n, ok := strings.Cut(line, " lost"); ok {
					lost, _ := strconv.Atoi(strings.TrimSpace(n))
					f.d.Lost(s, int64(lost))
					f.part[s] = nil
					continue
				}
				sent := strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\x16\x03`, "\x16\x03").Replace(line[3:])
				f.push(s, []byte(sent))
			}
			if got := strings.Join(told, "\n"); got != strings.TrimSpace(c.told) {
				t.Errorf("told\n%s\nwant\n%s", got, strings.TrimSpace(c.told))
			}
		})
	}
}

func TestDialogIsBounded(t *testing.T) {
	var d Dialog
	for range 10 * maxWaiting {
		d.Command([]byte("RSET"))
	}
	if len(d.waiting) > maxWaiting {
		t.Errorf("%d commands wait", len(d.waiting))
	}
	if _, _, sure := d.Next(Client); sure {
		t.Error("it is sure")
	}
}

func TestDialogTurned(t *testing.T) {
	var d Dialog
	for _, code := range []string{"220", "502", "250"} {
		if d.Turned() {
			t.Errorf("turned before %s", code)
		}
		if code != "220" {
			d.Command([]byte("TURN"))
		}
		if _, done, err := d.Reply(code + " x"); !done || err != nil {
			t.Errorf("%v %v", done, err)
		}
	}
	if !d.Turned() {
		t.Error("not turned")
	}
}

// Who splits what is said tells the same, and nobody panics. A piece begins
// with the side that says it, a C or an S, or an L for octets of it that are lost.
func FuzzDialog(f *testing.F) {
	f.Add("S220 x\r\n\x00CEHLO x\r\nDATA\r\n\x00S250-x\r\n250 x\r\n354 go\r\n\x00Ca\r\n.\r\nQUIT\r\n\x00S250 x\r\n221 x\r\n", uint8(3))
	f.Add("CBDAT 5\r\nabcdeAUTH LOGIN\r\n\x00S250 x\r\n334 y\r\n\x00Ca\r\n\x00S235 y\r\n\x00CSTARTTLS\r\n\x00S220 x\r\n\x00Cx", uint8(1))
	f.Add("CDATA\r\n\x00LS\x00Cx\r\n.\r\n\x00S250 x\r\n\x00LC\x00CTURN\r\n\x00S250 x\r\n", uint8(2))
	f.Fuzz(func(t *testing.T, said string, step uint8) {
		whole, split := telling(said, len(said)+1), telling(said, int(step)+1)
		if whole != split {
			t.Fatalf("in one:\n%s\nin steps of %d:\n%s", whole, int(step)+1, split)
		}
	})
}

func telling(said string, step int) string {
	var told strings.Builder
	f := &follower{told: func(s Side, what string) {
		if what != "opaque" {
			fmt.Fprintln(&told, s, what)
		}
	}}
	for piece := range strings.SplitSeq(said, "\x00") {
		switch {
		case strings.HasPrefix(piece, "L"):
			s := Side(b2i(piece == "LS"))
			f.d.Lost(s, int64(len(piece)-2))
			f.part[s] = nil
			f.line[s] = text.Line{}
		case strings.HasPrefix(piece, "C"), strings.HasPrefix(piece, "S"):
			s := Side(b2i(piece[0] == 'S'))
			for octets := []byte(piece[1:]); len(octets) > 0; {
				n := min(step, len(octets))
				f.push(s, octets[:n])
				octets = octets[n:]
			}
		}
	}
	return told.String()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
