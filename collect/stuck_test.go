package collect_test

import (
	"net"
	"slices"
	"testing"

	"posta/collect"
)

// A message that the server cannot give stays, with the server's words, and those
// behind it come.
func TestPOP3StuckMessage(t *testing.T) {
	enter := withoutCapa()
	third := `
		C: RETR 3
		S: +OK
		S: Subject: three
		S:
		S: 3
		S: .`
	c := newCustomer(t, func(nc net.Conn) {
		script := enter + `
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
		S: -ERR [SYS/TEMP] later` + third + `
		C: DELE 3
		S: +OK
		C: QUIT
		S: +OK`
		third = "" // it is known
		pop(t, script)(nc)
	})
	told := &notes{}
	c.watch(told)
	e := c.add(t, popEntry())
	r, _, err := c.Once(t.Context(), e.ID)
	stayed := []collect.Stay{{UIDL: "aaa", Octets: 10, Why: `RETR: -ERR "no"`}, {UIDL: "bbb", Octets: 20, Why: `RETR: -ERR "later"`}}
	if err != nil || r.Messages != 1 || r.Left != 2 || r.Failure != "" || !slices.Equal(r.Stayed, stayed) {
		t.Errorf("%+v %v", r, err)
	}
	if want := []string{`a message stays there, UIDL aaa, 10 octets, from <>: RETR: -ERR "no"`, `a message stays there, UIDL bbb, 20 octets, from <>: RETR: -ERR "later"`, "noted"}; !slices.Equal(told.all, want) {
		t.Errorf("told %q", told.all)
	}
	told.all = nil
	if r, _, err := c.Once(t.Context(), e.ID); err != nil || r.Left != 2 || len(told.all) != 0 {
		t.Errorf("the same again: %+v, %v, told %q", r, err, told.all)
	}
}
