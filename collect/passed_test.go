package collect_test

import (
	"net"
	"slices"
	"strings"
	"testing"

	"posta/collect"
)

// What was in the mailbox here before is fetched once, counted, and never deleted:
// not even when what was filed no longer stays.
func TestPassedOver(t *testing.T) {
	const list = `
		C: LIST
		S: +OK
		S: 1 10
		S: 2 20
		S: .`
	const uidl = list + `
		C: UIDL
		S: +OK
		S: 1 aaa
		S: 2 bbb
		S: .`
	const unknown = list + `
		C: UIDL
		S: -ERR what?`
	const letters = `
		C: RETR 1
		S: +OK
		S: one
		S: .
		C: RETR 2
		S: +OK
		S: AGAIN
		S: .`
	const quit = `
		C: QUIT
		S: +OK`
	const first = `
		C: DELE 1
		S: +OK`
	for name, tt := range map[string]struct{ visit, next, deleting string }{
		"by unique-ids": {uidl + letters, uidl, uidl + first},
		"by content":    {unknown + letters, unknown + letters, unknown + strings.Replace(letters, "\n\t\tC: RETR 2", first+"\n\t\tC: RETR 2", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			enter := withoutCapa()
			var script string
			c := newCustomer(t, func(nc net.Conn) { pop(t, enter+script+quit)(nc) })
			e := popEntry()
			e.Keep = true
			e = c.add(t, e)
			visit := func(what, plays string, messages, again int) {
				t.Helper()
				script = plays
				if r, _, err := c.Once(t.Context(), e.ID); err != nil || r.Messages != messages || r.Again != again || r.Left != 0 || r.Failure != "" {
					t.Errorf("%s: %+v %v", what, r, err)
				}
			}
			visit("first", tt.visit, 1, 1)
			visit("second", tt.next, 0, 0)
			seen, _ := c.store.Seen(t.Context(), e.ID)
			if len(seen) != 2 || !strings.HasPrefix(slices.Min(seen), " ") {
				t.Errorf("%q", seen)
			}
			e.Keep = false
			if err := c.store.ChangeEntry(t.Context(), e, collect.NothingAnew); err != nil {
				t.Fatal(err)
			}
			visit("deleting", tt.deleting, 0, 0)
			if len(c.box.got) != 1 {
				t.Errorf("%q", c.box.got)
			}
		})
	}
}

// A single time remembers nothing, and deletes what is filed alone.
func TestPassedOverOnce(t *testing.T) {
	enter := withoutCapa()
	c := newCustomer(t, pop(t, enter+oneListed+`
		C: RETR 1
		S: +OK
		S: AGAIN
		S: .
		C: QUIT
		S: +OK`))
	r, err := c.Single(t.Context(), popEntry())
	if err != nil || r.Messages != 0 || r.Again != 1 || r.Failure != "" {
		t.Errorf("%+v %v", r, err)
	}
}
