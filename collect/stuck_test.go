package collect_test

import (
	"slices"
	"strings"
	"testing"

	"posta/collect"
)

// A message that the server cannot give stays, with the server's words, and those
// behind it come.
func TestPOP3StuckMessage(t *testing.T) {
	enter := strings.Replace(mailbox, "\tC: CAPA\n\tS: +OK\n\tS: USER\n\tS: .\n", "", 1)
	c := newCustomer(t, pop(t, enter+`
		C: LIST
		S: +OK
		S: 1 10
		S: 2 20
		S: 3 30
		S: .
		C: UIDL
		S: +OK
		S: 1 aaa
		S: 2 bbb
		S: 3 ccc
		S: .
		C: RETR 1
		S: -ERR no
		C: RETR 2
		S: -ERR [SYS/TEMP] later
		C: RETR 3
		S: +OK
		S: Subject: three
		S:
		S: 3
		S: .
		C: DELE 3
		S: +OK
		C: QUIT
		S: +OK`))
	r := c.once(t, popEntry())
	stayed := []collect.Stay{{UIDL: "aaa", Octets: 10, Why: `RETR: -ERR "no"`}, {UIDL: "bbb", Octets: 20, Why: `RETR: -ERR "later"`}}
	if r.Messages != 1 || r.Left != 2 || r.Failure != "" || !slices.Equal(r.Stayed, stayed) {
		t.Errorf("%+v", r)
	}
}
