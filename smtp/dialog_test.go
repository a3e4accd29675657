package smtp

import (
	"strconv"
	"strings"
	"testing"
)

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
