package pop3

import (
	"strings"
	"testing"
)

// A dialogue is lines of "C: …" and "S: …", each a piece; \r\n ends a line of
// what is sent. "C lost" and "S lost" are gaps.
// rfc: 2449-6.6-2
func TestDialog(t *testing.T) {
	for _, c := range []struct{ name, said, told string }{
		{"plain", `
S: +OK here\r\n
C: USER x\r\n
S: +OK\r\n
C: PASS QUIT\r\n
S: -ERR no\r\n
C: LIST\r\n
S: +OK\r\n1 2\r\n..\r\n.\r\n
C: LIST 1\r\n
S: +OK 1 2\r\n
C: RETR 1\r\n
S: -ERR gone\r\n
C: what\r\n
S: -ERR what?\r\n
C: QUIT\r\n
S: +OK\r\n`, `
S +OK to greeting
C USER x
S +OK to USER
C PASS QUIT
S -ERR to PASS
C LIST
S +OK to LIST, a list
S end of list
C LIST 1
S +OK to LIST
C RETR 1
S -ERR to RETR
C what
S -ERR to ?
C QUIT
S +OK to QUIT`},
		{"in groups, in pieces", `
S: +O
S: K here\r\n
C: CAPA\r\nRETR 1\r\nDELE 1\r\nQU
S: +OK\r\nUSER\r\n.\r\n+OK\r\n+OK no response\r\n
C: IT\r\n
S: .\r
S: \n+OK\r\n+OK\r\n`, `
S +OK to greeting
C CAPA
C RETR 1
C DELE 1
S +OK to CAPA, a list
S end of list
S +OK to RETR, a list
C QUIT
S end of list
S +OK to DELE
S +OK to QUIT`},
		{"AUTH", `
S: +OK here\r\n
C: AUTH LOGIN\r\n
S: + VXNlcm5hbWU6\r\n
C: QUIT\r\n
S: + \r\n
C: eA==\r\n
S: +OK\r\n
C: NOOP\r\n
S: +OK\r\n`, `
S +OK to greeting
C AUTH LOGIN
S + to AUTH
C auth
S + to AUTH
C auth
S +OK to AUTH
C NOOP
S +OK to NOOP`},
		{"AUTH that ends behind its challenge", `
S: +OK here\r\n
C: AUTH LOGIN\r\n
S: + x\r\n-ERR too slow\r\n
C: QUIT\r\n
S: +OK\r\n`, `
S +OK to greeting
C AUTH LOGIN
S + to AUTH
S -ERR to AUTH
C QUIT
S +OK to QUIT`},
		{"a response is missing", `
S: +OK here\r\n
C: NOOP\r\nAUTH LOGIN\r\n
S: + x\r\n`, `
S +OK to greeting
C NOOP
C AUTH LOGIN
S + to AUTH, unsure`},
		{"a challenge that nobody asked for", `
S: +OK here\r\n
S: + x\r\n`, `
S +OK to greeting
S + to AUTH, unsure`},
		{"in groups, and a list's middle was lost", `
S: +OK here\r\n
C: RETR 1\r\nDELE 1\r\n
S: +OK\r\nab
S lost
C: QUIT\r\n
S: c\r\n.\r\n+OK\r\n+OK\r\n`, `
S +OK to greeting
C RETR 1
C DELE 1
S +OK to RETR, a list
C QUIT
S end of list
S +OK to DELE, unsure
S +OK to QUIT, unsure`},
		{"STLS", `
S: +OK here\r\n
C: STLS\r\n
S: -ERR not now\r\n
C: STLS\r\n
S: +OK\r\n
C: \x16
S: \x16`, `
S +OK to greeting
C STLS
S -ERR to STLS
C STLS
S +OK to STLS
C opaque
S opaque`},
		{"begins in the middle", `
C: DELE 1\r\n
S: +OK\r\n`, `
C DELE 1
S +OK to DELE`},
		{"a list's end was lost", `
S: +OK here\r\n
C: RETR 1\r\n
S: +OK\r\nabc
S lost
C: DELE 1\r\n
S: +OK\r\n
C: QUIT\r\n
S: +OK\r\n`, `
S +OK to greeting
C RETR 1
S +OK to RETR, a list
C DELE 1
S +OK to DELE, unsure
C QUIT
S +OK to QUIT`},
		{"a list's middle was lost", `
S: +OK here\r\n
C: RETR 1\r\n
S: +OK\r\nabc
S lost
S: def\r\n.\r\n
C: QUIT\r\n
S: +OK\r\n`, `
S +OK to greeting
C RETR 1
S +OK to RETR, a list
S end of list
C QUIT
S +OK to QUIT, unsure`},
		{"a challenge was lost", `
S: +OK here\r\n
C: AUTH LOGIN\r\n
S lost
C: eA==\r\n
S: + x\r\n
C: eQ==\r\n
S: -ERR\r\n
C: AUTH LOGIN\r\n
S lost
C: USER x\r\n
S: +OK\r\n`, `
S +OK to greeting
C AUTH LOGIN
C auth
S + to AUTH, unsure
C auth
S -ERR to AUTH, unsure
C AUTH LOGIN
C USER x
S +OK to USER, unsure`},
		{"only the server is heard", `
S: +OK here\r\n
C lost
S: +OK\r\n+ x\r\n+OK\r\n-ERR\r\n`, `
S +OK to greeting
S +OK to ?, unsure
S + to AUTH, unsure
S +OK to AUTH, unsure
S -ERR to ?, unsure`},
		{"a response that is none", `
S: +OK here\r\n
C: NOOP\r\n
S: what?\r\n+OK\r\n`, `
S +OK to greeting
C NOOP
S no response: what?
S +OK to NOOP, unsure`},
		{"odd responses", `
S: +OK here\r\n
C: NOOP\r\n
S: +OK, yes\r\n
C: NOOP\r\n
S: + OK\r\n
C: DELE 1\r\n
S: -ERR: gone\r\n
C: NOOP\r\n
S: what?\r\n
C: LIST\r\n
S: +OK\r\n1 2\r\n.\r\n
C: QUIT\r\n
S: +OK\r\n`, `
S +OK to greeting
C NOOP
S +OK to NOOP
C NOOP
S + to NOOP
C DELE 1
S -ERR to DELE
C NOOP
S no response: what?
C LIST
S +OK to LIST, a list, unsure
S end of list
C QUIT
S +OK to QUIT`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told []string
			f := &follower{told: func(s Side, what string) { told = append(told, "CS"[s:s+1]+" "+what) }}
			for line := range strings.Lines(strings.TrimSpace(c.said)) {
				line = strings.TrimSuffix(line, "\n")
				s := Side(strings.Index("CS", line[:1]))
				if strings.HasSuffix(line, " lost") {
					f.lost(s)
					continue
				}
				f.push(s, []byte(strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\x16`, "\x16").Replace(line[3:])))
			}
			if got := strings.Join(told, "\n"); got != strings.TrimSpace(c.told) {
				t.Errorf("told\n%s\nwant\n%s", got, strings.TrimSpace(c.told))
			}
		})
	}
}
