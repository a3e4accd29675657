package collect_test

import (
	"crypto/sha256"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/wire/wiretest"
)

// A server of RFC 1939 alone, without CAPA, STLS, UIDL and TOP, gives its mail:
// each message is filed once, whatever breaks off, and one that is the same as
// another is one of its own.
// rfc: 2449-7-1, 2595-2.2-2, 1939-8-4, 1939-8-5
func TestPOP3Basic(t *testing.T) {
	const enter = `
		S: +OK <1.2@pop.example>
		C: CAPA
		S: -ERR what?
		C: STLS
		S: -ERR what?
		C: APOP pepe 8f6387bf64a3a977495f0167764727ac
		S: +OK
		C: LIST
		S: +OK
		S: 1 10
		S: 2 10
		S: 3 10
		S: 4 5000
		S: .
		C: UIDL
		S: -ERR what?`
	const first = `
		C: RETR 1
		S: +OK
		S: one
		S: .
		C: DELE 1
		S: +OK`
	const rest = `
		C: RETR 2
		S: +OK
		S: one
		S: .
		C: DELE 2
		S: +OK
		C: RETR 3
		S: +OK
		S: FULL
		S: .
		C: TOP 4 0
		S: -ERR what?
		C: QUIT
		S: +OK`
	var whole atomic.Bool
	c := newCustomer(t, func(nc net.Conn) {
		script := enter + first
		if whole.Load() {
			script += rest
		}
		if err := wiretest.Script(nc, script, nil); err != nil {
			t.Error(err)
		}
	})
	e := popEntry()
	e.TLS = collect.Opportunistic
	e = c.add(t, e)
	if r, _, err := c.Once(t.Context(), e.ID); err != nil || r.Messages != 1 || r.Failure == "" {
		t.Errorf("broken off: %+v %v", r, err)
	}
	whole.Store(true)
	r, _, err := c.Once(t.Context(), e.ID)
	if err != nil || r.Messages != 1 || r.Left != 2 || r.Failure != "" {
		t.Errorf("%+v %v", r, err)
	}
	one := "pepe@north.example: one\r\n"
	if !slices.Equal(c.box.got, []string{one, one}) {
		t.Errorf("%q", c.box.got)
	}
	if seen, _ := c.store.Seen(t.Context(), e.ID); len(seen) != 2 || !strings.HasPrefix(seen[0], "sha256 ") {
		t.Errorf("%q", seen)
	}
}

// UIDL refused by a server that has unique-ids is a failure of the visit: its
// messages would come again under another name. What came before a server had
// them does not.
func TestUniqueIDsComeAndGo(t *testing.T) {
	digest := fmt.Sprintf("sha256 %x 0", sha256.Sum256([]byte("one\r\n")))
	const uidl, fetch = "\n\tC: UIDL\n\tS: -ERR ", "\n\tC: RETR 1\n\tS: +OK\n\tS: one\n\tS: .\n\tC: QUIT\n\tS: +OK"
	for name, tt := range map[string]struct {
		can, rest string
		seen      string
		failure   string
		messages  int64
		want      string // what is known then
	}{
		"had them":      {"USER", uidl + "not now\nclosed", "a", `UIDL: -ERR "not now"`, 0, "a"},
		"announces":     {"USER\n\tS: UIDL", uidl + "not now\nclosed", "", `UIDL: -ERR "not now"`, 0, ""},
		"for now":       {"USER", uidl + "[SYS/TEMP] not now\nclosed", "", `UIDL: -ERR "not now"`, 0, ""},
		"never had any": {"USER", uidl + "what?" + fetch, digest, "", 0, digest},
		"has them now":  {"USER\n\tS: UIDL", "\n\tC: UIDL\n\tS: +OK\n\tS: 1 b\n\tS: ." + fetch, digest, "", 0, "b"},
		"another now":   {"USER\n\tS: UIDL", "\n\tC: UIDL\n\tS: +OK\n\tS: 1 b\n\tS: ." + fetch, digest[:len(digest)-1] + "7", "", 1, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, pop(t, "S: +OK\n\tC: CAPA\n\tS: +OK\n\tS: "+tt.can+"\n\tS: .\n\tC: USER pepe\n\tS: +OK\n\tC: PASS geheim\n\tS: +OK\n"+
				"\tC: LIST\n\tS: +OK\n\tS: 1 5\n\tS: ."+tt.rest))
			e := popEntry()
			e.Keep = true
			e = c.add(t, e)
			if tt.seen != "" {
				if err := c.store.Saw(t.Context(), e.ID, tt.seen); err != nil {
					t.Fatal(err)
				}
			}
			r, _, err := c.Once(t.Context(), e.ID)
			if err != nil || r.Failure != tt.failure || int64(r.Messages) != tt.messages || len(c.box.got) != int(tt.messages) {
				t.Errorf("%+v %v, filed %q", r, err, c.box.got)
			}
			if seen, err := c.store.Seen(t.Context(), e.ID); err != nil || strings.Join(seen, ",") != tt.want {
				t.Errorf("known is %q, %v", seen, err)
			}
		})
	}
}

// A server that wants log-ins further apart than the schedule has its way: what it
// says behind the log-in counts, where that differs by user.
// rfc: 2449-6.5-1
func TestLoginDelay(t *testing.T) {
	const in = "\n\tC: LIST\n\tS: +OK\n\tS: .\n\tC: UIDL\n\tS: +OK\n\tS: .\n\tC: QUIT\n\tS: +OK"
	for _, tt := range []struct {
		delay, behind string // LOGIN-DELAY before and behind the log-in
		refused       bool
		want          time.Duration
	}{
		{"", "", false, time.Minute},
		{"LOGIN-DELAY 30", "", false, time.Minute},
		{"LOGIN-DELAY 900", "", false, 15 * time.Minute},
		{"login-delay 900 user", "LOGIN-DELAY 600", false, 10 * time.Minute},
		{"LOGIN-DELAY 2000000000", "", false, 24 * time.Hour},
		{"LOGIN-DELAY soon", "", false, time.Minute},
		{"LOGIN-DELAY", "", false, time.Minute},
		{"LOGIN-DELAY 900", "", true, 15 * time.Minute},
	} {
		can := "\n\tC: CAPA\n\tS: +OK\n\tS: USER\n\tS: " + tt.delay + "\n\tS: ."
		script := "S: +OK" + strings.Replace(can, "\tS: \n", "", 1) + "\n\tC: USER pepe\n\tS: +OK\n\tC: PASS geheim"
		switch {
		case tt.refused:
			script += "\n\tS: -ERR [LOGIN-DELAY/MINIMUM] wait"
		case tt.behind != "":
			script += "\n\tS: +OK" + strings.Replace(can, tt.delay, tt.behind, 1) + in
		default:
			script += "\n\tS: +OK" + in
		}
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, pop(t, script))
			e := popEntry()
			e.Every, e.Next = time.Minute, time.Now()
			e = c.add(t, e)
			if r, _, err := c.Once(t.Context(), e.ID); err != nil || (r.Failure != "") != tt.refused {
				t.Errorf("%+v %v", r, err)
			}
			at, err := c.store.Entry(t.Context(), e.ID)
			if wait := time.Until(at.Next); err != nil || wait != tt.want {
				t.Errorf("%s: comes again in %v, %v", tt.delay, wait, err)
			}
			if tt.delay != "LOGIN-DELAY 900" {
				return
			}
			at.Every, at.Next = 5*time.Minute, time.Now() // as a person changes it
			if err := c.store.ChangeEntry(t.Context(), at, collect.ResultAnew); err != nil || at.Earliest(time.Now()) != time.Now().Add(15*time.Minute) {
				t.Errorf("it would be asked again at %s", at.Earliest(time.Now()))
			}
			time.Sleep(10 * time.Minute)
			if at.Earliest(time.Now()) != time.Now().Add(5*time.Minute) {
				t.Errorf("10 minutes later it would be asked again at %s", at.Earliest(time.Now()))
			}
			if at, err = c.store.Entry(t.Context(), at.ID); err != nil || at.Last.Apart != 15*time.Minute || at.Earliest(time.Now()) != time.Now().Add(15*time.Minute) {
				t.Errorf("changed: %+v %v", at, err)
			}
		})
	}
}
